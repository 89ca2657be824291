from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import FrameSeen, LinkChanged
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram
from tests.lab.kernel.labs import TriedLab, address, host, mac

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


@pytest.fixture
def tried(lab: Labs) -> TriedLab:
    return lab().open(host(1, "server"), host(2, "server"), host(3, "server"))


def reached(tried: TriedLab, sender: int, receivers: tuple[int, ...]) -> set[int]:
    """Send a broadcast from one host; return which others it reaches. ``receivers`` are waited for."""
    tag = f"{sender} {len(tried.log)}".encode()
    datagram = Datagram(tag, address(sender), 67, BROADCAST, 67)
    tried.command(f"H{sender}", "send", datagram=datagram)

    def heard() -> set[int]:
        return {n for n in (1, 2, 3) if any(d.payload == tag for (d,) in tried.told(f"H{n}", "datagram"))}

    with suppress(AssertionError):
        tried.wait_for(lambda: heard() >= set(receivers), timeout=1.0)
    # Every host answers a command after what arrived before, so whoever has not heard by now will not.
    for number in (1, 2, 3):
        tried.command(f"H{number}", "now")
    return heard()


def reached_in_the_end(tried: TriedLab, sender: int, receivers: tuple[int, ...]) -> bool:
    """Say whether one of a few broadcasts reaches all: the kernel takes up to a second to see a cable mended."""
    return any(reached(tried, sender, receivers) == set(receivers) for _ in range(5))


CASES = [
    ("whole cable", (1, None, False, False), {1: (), 2: (3,), 3: (2,)}),
    ("cannot send", (1, None, True, False), {1: (), 2: (1, 3), 3: (1, 2)}),
    ("cannot hear", (1, None, False, True), {1: (2, 3), 2: (3,), 3: (2,)}),
    ("path both ways", (1, 2, False, False), {1: (3,), 2: (3,), 3: (1, 2)}),
    ("path from the host", (1, 2, True, False), {1: (3,), 2: (1, 3), 3: (1, 2)}),
    ("path to the host", (1, 2, False, True), {1: (2, 3), 2: (3,), 3: (1, 2)}),
]


@pytest.mark.parametrize(("cut", "passes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_cut_does_not_pass_and_all_else_does(
    tried: TriedLab, cut: tuple[int, int | None, bool, bool], passes: dict[int, tuple[int, ...]]
) -> None:
    number, other, inbound, outbound = cut
    peer = None if other is None else f"H{other}"
    tried.wire.set_link(f"h{number}", peer, inbound, outbound)
    assert tried.log.of(LinkChanged)[-1].what == LinkChanged(f"H{number}", peer or "", inbound, outbound)
    for sender, receivers in passes.items():
        assert reached(tried, sender, receivers) == set(receivers), f"from H{sender}"
    tried.wire.set_link(f"H{number}", peer, True, True)
    for sender in (1, 2, 3):
        everybody = tuple({1, 2, 3} - {sender})
        assert reached_in_the_end(tried, sender, everybody), f"from H{sender}, mended"


def test_cable_and_path_are_independent(tried: TriedLab) -> None:
    tried.wire.set_link("H1", "H2", False, False)
    tried.wire.set_link("H1", None, False, False)
    tried.wire.set_link("H1", None, True, True)
    assert reached_in_the_end(tried, 1, (3,))
    tried.wire.set_link("H2", "H1", True, True)
    assert reached(tried, 1, (2, 3)) == {2, 3}


def test_pings_between_bare_hosts_cut_one_way_and_mended(lab: Labs) -> None:
    tried = lab().open(host(1), host(2))
    assert tried.pings("H1", 2)
    assert tried.pings("H2", 1)
    tried.wire.set_link("H2", None, inbound=True, outbound=False)
    seen = len(tried.log)
    assert not tried.pings("H1", 2)
    frames = [(event.what.sender, event.what.receiver) for event in tried.log.of(FrameSeen, since=seen)]
    assert ("H1", "H2") in frames, "the request passed"
    assert ("H2", "H1") not in frames, "the answer did not"
    tried.wire.set_link("H2", None, True, True)
    assert tried.pings("H1", 2)


def test_a_host_sees_its_cable_pulled_and_plugged_in(tried: TriedLab) -> None:
    def carrier() -> str:
        return tried.wire.run("H1", ["sh", "-c", "ip -o link show eth0"]).stdout

    assert "LOWER_UP" in carrier()
    tried.wire.set_link("H1", None, False, False)
    assert "NO-CARRIER" in carrier()
    tried.wire.set_link("H1", None, True, True)
    assert "LOWER_UP" in carrier()


def test_frames_that_do_not_arrive_are_not_seen(tried: TriedLab) -> None:
    tried.wire.set_link("H2", None, False, False)
    tried.wire.set_link("H1", "H3", True, False)
    seen = len(tried.log)
    for target in (2, 3):
        there = Datagram(b"lost", address(1), 67, address(target), 67, destination_mac=mac(target))
        tried.command("H1", "send", datagram=there)
    tried.command("H2", "send", datagram=Datagram(b"lost", address(2), 67, BROADCAST, 67))
    tried.command("H3", "send", datagram=Datagram(b"passes", address(3), 67, address(1), 67, destination_mac=mac(1)))
    tried.wait_for(lambda: tried.told("H1", "datagram"))
    tried.wait_for(lambda: tried.log.of(FrameSeen, since=seen))
    frames = tried.log.of(FrameSeen, since=seen)
    assert [(event.what.sender, event.what.receiver) for event in frames] == [("H3", "H1")]


def test_networks_are_apart_and_share_no_path_to_cut(lab: Labs) -> None:
    card = InterfaceSpec(mac(2), address(2), 24, network="other")
    tried = lab().open(host(1), HostSpec("H2", "bare", (card,)))
    assert not tried.pings("H1", 2)
    with pytest.raises(LabError, match="H1 and H2 share no network"):
        tried.wire.set_link("H1", "H2", False, False)


def test_a_host_with_two_cards_loses_both_with_its_cable(lab: Labs) -> None:
    cards = (InterfaceSpec(mac(1), address(1), 24), InterfaceSpec(mac(9), 0x0A010001, 24, "back", "eth1"))
    other = HostSpec("H3", "bare", (InterfaceSpec(mac(3), 0x0A010003, 24, "back"),))
    tried = lab().open(HostSpec("H1", "bare", cards), host(2), other)
    ping = ["ping", "-c1", "-W1", "10.1.0.3"]
    assert tried.pings("H1", 2)
    assert tried.wire.run("H1", ping).returncode == 0
    tried.wire.set_link("H1", None, False, False)
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(tried.wire.run("H1", ping).returncode)),
        threading.Thread(target=lambda: results.append(0 if tried.pings("H1", 2) else 1)),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert results == [1, 1]
