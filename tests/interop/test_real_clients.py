"""udhcpc, dhclient and dhcpcd with the pair in hot standby: a lease, its renewal, and life after the active server.

One lab serves all three at the same time, in real time, with leases of seconds. What is looked at is the frames on the
wire and the clients' interfaces, not what our servers say that they did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhcpkit.lab import guide
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import Event, ServiceStopped
from dhcpkit.lab.kernel.program import Program
from dhcpkit.lab.kernel.wire import KernelWire
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.dhcp import MessageType
from tests.interop.foreign import CLIENTS, ForeignClient, Heard, heard, is_a
from tests.tools import require

pytestmark = pytest.mark.kernel

LEASE = 10
MCLT = 5
PATIENCE = 15
"""Seconds: more than the time from an answer to T2."""
Answers = Callable[[str], Any]
"""Tells what a client was answered; nothing yet is false."""


class Story:
    """What happens to all clients that are installed here; each test looks at one of them."""

    def __init__(self, lab: Lab) -> None:
        assert isinstance(lab.network, KernelWire)
        self.lab = lab
        self.wire = lab.network
        self.programs: dict[str, Program] = {}
        self.stopped: Event | None = None

    def play(self) -> None:
        lab = self.lab
        lab.dhcp2.add_scope("Contoso-scope1", "10.0.0.11", "10.0.0.254", 24, lease_duration=LEASE)
        lab.dhcp2.configure_failover(secret="secret", mclt=MCLT, mode="HotStandby", role="Active")
        self.programs = {name: CLIENTS[name].start(self.wire) for name in CLIENTS if name in lab.hosts}
        self.wait_for_all(self.answers)
        self.renew(self.renewals)
        lab.dhcp2.stop()
        (self.stopped,) = lab.events.of(ServiceStopped)
        self.renew(self.later_answers)

    def renew(self, answers: Answers) -> None:
        """Have those renew that do not do it by themselves, and wait until all have done it."""
        before = {name: self.taken(name) for name in self.programs}
        for name, program in self.programs.items():
            program.signal(CLIENTS[name].renewal)
        self.wait_for_all(lambda name: self.taken(name) > before[name] and answers(name))

    def wait_for_all(self, answers: Answers) -> None:
        """Wait until there are such answers for each of them on the wire, and it has said that it took one."""
        try:
            self.lab.until(lambda: all(self.taken(name) and answers(name) for name in self.programs), PATIENCE).result()
        except LabError:
            return  # one of them got no answer: the test of that client says so

    def taken(self, client: str) -> int:
        """How many leases and renewals it says that it got."""
        return self.told(client).count(CLIENTS[client].accepted)

    def answers(self, client: str) -> list[Heard]:
        """The DHCPACKs that it got."""
        return heard(self.lab.events, is_a(MessageType.ACK, to=self.hardware(client)))

    def renewals(self, client: str) -> list[tuple[Heard, Heard]]:
        """Its requests for more time, each with the DHCPACK that came."""
        asked = self.asked(client)
        pairs = [([one for one in asked if one.number < answer.number][-1], answer) for answer in self.answers(client)]
        return [(request, answer) for request, answer in pairs if request.message.ciaddr]

    def later_answers(self, client: str) -> list[Heard]:
        """The DHCPACKs that it got after the active server had stopped."""
        return [one for one in self.answers(client) if self.stopped and one.number > self.stopped.number]

    def asked(self, client: str, kind: MessageType = MessageType.REQUEST) -> list[Heard]:
        return heard(self.lab.events, is_a(kind, client))

    def hardware(self, client: str) -> bytes:
        return self.lab[client].spec.interfaces[0].mac

    def told(self, client: str) -> str:
        """What the client printed, for whoever reads that its test failed."""
        return self.programs[client].output + self.programs[client].errors


@pytest.fixture(scope="module")
def played(kernel: None) -> Iterator[Story]:
    installed = [client for client in CLIENTS.values() if client.is_installed()]
    hosts = [*guide.hosts(1, b"the key of these two servers")[:2]]
    with Lab(wire="kernel", hosts=[*hosts, *(client.spec(number) for number, client in enumerate(installed))]) as lab:
        story = Story(lab)
        story.play()
        yield story


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS.keys())
def client(request: pytest.FixtureRequest) -> ForeignClient:
    wanted: ForeignClient = request.param
    require(wanted.name, wanted.package)
    return wanted


@pytest.fixture
def story(client: ForeignClient, played: Story) -> Story:
    return played


def test_it_gets_a_lease(client: ForeignClient, story: Story) -> None:
    """The active server gives it, for no longer than the MCLT at first; the standby is silent."""
    first, *_ = story.answers(client.name)
    assert first.sender == "DHCP2", story.told(client.name)
    assert first.message.lease_time == MCLT
    assert story.asked(client.name, MessageType.DISCOVER)[0].number < first.number
    offers = heard(story.lab.events, is_a(MessageType.OFFER, to=story.hardware(client.name)))
    assert {offer.sender for offer in offers} == {"DHCP2"}
    assert "10.0.0.11" <= format_ip(first.message.yiaddr) <= "10.0.0.13"


def test_it_renews_its_lease(client: ForeignClient, story: Story) -> None:
    """It asks its server alone for the address that it has, and now gets all of the scope's time."""
    first, *_ = story.answers(client.name)
    assert story.renewals(client.name), story.told(client.name)
    request, answer = story.renewals(client.name)[0]
    assert request.destination == guide.DHCP2
    assert request.message.ciaddr == first.message.yiaddr == answer.message.yiaddr
    assert not request.message.server_identifier
    assert (answer.sender, answer.message.lease_time) == ("DHCP2", LEASE)


def test_it_lives_on_when_the_active_server_has_stopped(client: ForeignClient, story: Story) -> None:
    """Its own server is gone, so it asks all of them, and the standby extends the same address by the MCLT."""
    first, after = story.answers(client.name)[0], story.later_answers(client.name)
    assert {one.sender for one in after} == {"DHCP1"}, story.told(client.name)
    kept = {(one.message.yiaddr, one.message.server_identifier) for one in after}
    assert kept == {(first.message.yiaddr, guide.DHCP1)}
    assert MCLT <= (after[0].message.lease_time or 0) <= LEASE
    discovered = [one for one in story.asked(client.name, MessageType.DISCOVER) if one.number > first.number]
    assert not discovered, "it lost its address and looked for another one"


def test_it_uses_the_address_to_the_end(client: ForeignClient, story: Story) -> None:
    """Its interface holds the address that it was given, and the other hosts reach it there."""
    address = format_ip(story.answers(client.name)[-1].message.yiaddr)
    shown = story.lab[client.name].run("ip", "-4", "-o", "address", "show", "eth0")
    assert f"inet {address}/24 " in shown, story.told(client.name)
    assert story.programs[client.name].status is None, story.told(client.name)
    story.lab.dhcp1.run("ping", "-c1", "-W2", address)
