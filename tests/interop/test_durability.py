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
CLIENTS = 800
LEASE = 3600
NAMES = {"dhcp1.contoso.com": guide.DHCP1, "dhcp2.contoso.com": guide.DHCP2}
SCOPE = {
    "name": "Big",
    "start": parse_ip("10.0.0.10"),
    "end": parse_ip("10.0.3.200"),
    "prefix_length": 22,
    "lease_duration": LEASE,
}


def host(name: str, kind: str, last_byte: int, address: str) -> HostSpec:
    card = InterfaceSpec(bytes.fromhex("0200000000") + bytes([last_byte]), parse_ip(address), 22)
    return HostSpec(name, kind, (card,), names=NAMES, key=b"k" * 32)


DHCP1 = host("DHCP1", "server", 0xFC, "10.0.0.1")
DHCP2 = host("DHCP2", "server", 0xFD, "10.0.0.2")
LOADER = host("Load", "bare", 0xFE, "10.0.3.250")


@pytest.fixture
def lab(kernel: None) -> Iterator[Lab]:
    with Lab(wire="kernel", hosts=[DHCP1, DHCP2, LOADER]) as lab:
        lab.network.command("DHCP2", "add_scope", SCOPE)
        yield lab


def loaded(wire: KernelWire, log: EventLog, seed: int) -> Program:
    """Begin the load and return when some of the clients have a lease, at a moment that the seed decides."""
    enough = random.Random(seed).randrange(20, CLIENTS // 2)
    load = wire.spawn("Load", [sys.executable, str(LOAD), "1", str(CLIENTS), "32"])
    assert settle(log, lambda: load.output.count("\n") >= enough, 30), load.errors
    return load


def check(wire: KernelWire, log: EventLog, leases: Sequence[LeaseInfo]) -> int:
    """Hold what DHCP2 knows against every DHCPACK that it has ever put on the wire; return how many those are."""
    assert wire.frames_lost == 0
    asked = {one.message.xid: one.time for one in heard(log, is_a(MessageType.REQUEST))}
    known = {lease.address: lease for lease in leases}
    acknowledged = heard(log, is_a(MessageType.ACK, DHCP2.name))
    for one in acknowledged:
        lease = known[format_ip(one.message.yiaddr)]
        assert bytes.fromhex(lease.client_id.replace("-", ""))[1:] == one.message.chaddr
        # A client counts its lease from when it asked.
        assert lease.expires >= asked[one.message.xid] + (one.message.lease_time or 0)
        assert lease.status is BindingStatus.ACTIVE
    return len(acknowledged)


@pytest.mark.parametrize("seed", range(4))
def test_no_acknowledged_lease_is_forgotten(lab: Lab, seed: int) -> None:
    wire = lab.network
    assert isinstance(wire, KernelWire)
    load = loaded(wire, lab.events, seed)
    lab.dhcp2.kill()
    load.kill()
    load.wait()
    lab.dhcp2.start()
    before = check(wire, lab.events, lab.dhcp2.leases())
    assert 20 <= before < CLIENTS, "the server was not killed in the middle of the load"
    again = wire.run("Load", [sys.executable, str(LOAD), str(CLIENTS + 1), "50", "32"])
    assert again.stdout.count("\n") == 50, "it gives no address that it has given before, and enough others"
    assert check(wire, lab.events, lab.dhcp2.leases()) == before + 50
    given = [one.message.yiaddr for one in heard(lab.events, is_a(MessageType.ACK))]
    assert len(set(given)) == len(given)


def test_a_server_in_failover_needs_no_partner_to_remember(lab: Lab) -> None:
    """Its partner, which knows the leases too, is not there when it comes back."""
    wire = lab.network
    assert isinstance(wire, KernelWire)
    lab.dhcp2.configure_failover(secret="secret", mclt=60, mode="HotStandby")
    loaded(wire, lab.events, seed=5)
    lab.dhcp2.kill()
    lab.dhcp1.kill()
    lab.dhcp2.start()
    assert 20 <= check(wire, lab.events, lab.dhcp2.leases()) < CLIENTS
    status = lab.dhcp2.failover()
    assert status is not None
    assert (status.state, status.partner_state) == (ServerState.STARTUP, None)


def test_leases_on_a_disk_outlive_the_lab(kernel: None, tmp_path: Path) -> None:
    """The database is a file like any other; a lab that begins with it goes on where the killed one was."""
    log = EventLog()
    wire = KernelWire(Clock(), log, directory=tmp_path)
    try:
        wire.open([DHCP2, LOADER])
        wire.command("DHCP2", "add_scope", SCOPE)
        loaded(wire, log, seed=6)
        wire.kill_service("DHCP2")
    finally:
        wire.close()
    later = KernelWire(Clock(), EventLog(), directory=tmp_path)
    try:
        later.open([DHCP2])
        assert 20 <= check(wire, log, later.command("DHCP2", "leases", {})) < CLIENTS
    finally:
        later.close()
