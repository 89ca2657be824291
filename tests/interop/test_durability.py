"""A server killed in the middle of load knows, when it is started again, every lease that a client was told of."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dhcpkit.lab import guide
from dhcpkit.lab.clock import Clock
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.hosts.status import LeaseInfo
from dhcpkit.lab.kernel.program import Program
from dhcpkit.lab.kernel.wire import KernelWire
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.waiting import settle
from dhcpkit.protocol.addresses import format_ip, parse_ip
from dhcpkit.protocol.dhcp import MessageType
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState
from tests.interop.foreign import heard, is_a

pytestmark = pytest.mark.kernel

LOAD = Path(__file__).with_name("load.py")
KILLS = 16
CLIENTS = 3000
"""New clients in each load: more than a server answers before it is killed, however slow the machine is with that."""
SOME = 200
"""A server is killed before so many of them have been seen with a lease."""
LEASE = 3600
NAMES = {"dhcp1.contoso.com": guide.DHCP1, "dhcp2.contoso.com": guide.DHCP2}
SCOPE = {
    "name": "Big",
    "start": parse_ip("10.0.0.10"),
    "end": parse_ip("10.0.63.200"),
    "prefix_length": 18,
    "lease_duration": LEASE,
}


def host(name: str, kind: str, last_byte: int, address: str) -> HostSpec:
    card = InterfaceSpec(bytes.fromhex("0200000000") + bytes([last_byte]), parse_ip(address), 18)
    return HostSpec(name, kind, (card,), names=NAMES, key=b"k" * 32)


DHCP1 = host("DHCP1", "server", 0xFC, "10.0.0.1")
DHCP2 = host("DHCP2", "server", 0xFD, "10.0.0.2")
LOADER = host("Load", "bare", 0xFE, "10.0.63.250")


class Machines:
    """A wire whose servers keep their databases on the machine's disk, and its log."""

    def __init__(self, directory: Path) -> None:
        self.log = EventLog()
        self.wire = KernelWire(Clock(), self.log, directory=directory)

    def leases(self) -> list[LeaseInfo]:
        found: list[LeaseInfo] = self.wire.command("DHCP2", "leases", {})
        return found


@pytest.fixture
def machines(kernel: None, tmp_path: Path) -> Iterator[Machines]:
    machines = Machines(tmp_path)
    try:
        machines.wire.open([DHCP2, LOADER])
        machines.wire.command("DHCP2", "add_scope", SCOPE)
        yield machines
    finally:
        machines.wire.close()


def loaded(wire: KernelWire, log: EventLog, chance: random.Random, number: int = 0) -> Program:
    """Begin a load of new clients, and return when some of them have a lease."""
    enough = chance.randrange(20, SOME)
    load = wire.spawn("Load", [sys.executable, str(LOAD), str(number * CLIENTS + 1), str(CLIENTS), "32"])
    assert settle(log, lambda: load.output.count("\n") >= enough, 30), load.errors
    return load


def check(wire: KernelWire, log: EventLog, leases: Sequence[LeaseInfo], since: int = 0) -> int:
    """Hold what DHCP2 knows against every DHCPACK that it has put on the wire; return how many those are."""
    assert wire.frames_lost == 0
    asked = {one.message.xid: one.time for one in heard(log, is_a(MessageType.REQUEST), since)}
    known = {lease.address: lease for lease in leases}
    acknowledged = heard(log, is_a(MessageType.ACK, DHCP2.name), since)
    for one in acknowledged:
        lease = known[format_ip(one.message.yiaddr)]
        assert bytes.fromhex(lease.client_id.replace("-", ""))[1:] == one.message.chaddr
        # A client counts its lease from when it asked.
        assert lease.expires >= asked[one.message.xid] + (one.message.lease_time or 0)
        assert lease.status is BindingStatus.ACTIVE
    return len(acknowledged)


def test_no_acknowledged_lease_is_forgotten(machines: Machines) -> None:
    """Killed again and again, at moments that nobody chose."""
    wire, log, chance = machines.wire, machines.log, random.Random(1)
    for number in range(KILLS):
        begun = len(log)
        load = loaded(wire, log, chance, number)
        wire.kill_service("DHCP2")
        load.kill()
        load.wait()
        wire.start_service("DHCP2")
        acknowledged = check(wire, log, machines.leases(), begun)
        assert 20 <= acknowledged < CLIENTS, "the server was not killed in the middle of the load"
    again = wire.run("Load", [sys.executable, str(LOAD), str(KILLS * CLIENTS + 1), "50", "32"])
    assert again.stdout.count("\n") == 50
    check(wire, log, machines.leases())
    given = [one.message.yiaddr for one in heard(log, is_a(MessageType.ACK))]
    assert len(set(given)) == len(given), "an address was given to two clients"


def test_a_database_outlives_its_lab(machines: Machines, tmp_path: Path) -> None:
    """It is a file like any other; a lab that begins with it goes on where the killed one was."""
    loaded(machines.wire, machines.log, random.Random(2))
    machines.wire.kill_service("DHCP2")
    machines.wire.close()
    later = Machines(tmp_path)
    try:
        later.wire.open([DHCP2])
        assert 20 <= check(machines.wire, machines.log, later.leases()) < CLIENTS
    finally:
        later.wire.close()


def test_a_server_in_failover_needs_no_partner_to_remember(kernel: None) -> None:
    """Its partner, which knows the leases too, is not there when it comes back."""
    with Lab(wire="kernel", hosts=[DHCP1, DHCP2, LOADER]) as lab:
        wire = lab.network
        assert isinstance(wire, KernelWire)
        wire.command("DHCP2", "add_scope", SCOPE)
        lab.dhcp2.configure_failover(secret="secret", mclt=60, mode="HotStandby")
        loaded(wire, lab.events, random.Random(3))
        lab.dhcp2.kill()
        lab.dhcp1.kill()
        lab.dhcp2.start()
        assert 20 <= check(wire, lab.events, lab.dhcp2.leases()) < CLIENTS
        status = lab.dhcp2.failover()
        assert status is not None
        assert (status.state, status.partner_state) == (ServerState.STARTUP, None)
