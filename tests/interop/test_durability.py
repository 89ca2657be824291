"""A server killed in the middle of load knows, when it is started again, every lease that a client was told of."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpkit.lab import guide
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.kernel.program import Program
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.waiting import settle
from dhcpkit.protocol.addresses import parse_ip

pytestmark = pytest.mark.kernel

LOAD = Path(__file__).with_name("load.py")
CLIENTS = 800
LEASE = 3600


@pytest.fixture
def lab(kernel: None) -> Iterator[Lab]:
    key = b"k" * 32
    stranger = InterfaceSpec(bytes.fromhex("0200000000fe"), parse_ip("10.0.3.250"), 22)
    card = InterfaceSpec(bytes.fromhex("0200000000fd"), parse_ip("10.0.0.2"), 22)
    hosts = [
        HostSpec("DHCP2", "server", (card,), names={"dhcp2.contoso.com": guide.DHCP2}, key=key),
        HostSpec("Load", "bare", (stranger,)),
    ]
    with Lab(wire="kernel", hosts=hosts) as lab:
        lab.dhcp2.add_scope("Big", "10.0.0.10", "10.0.3.200", 22, lease_duration=LEASE)
        yield lab


def told(load: Program) -> list[tuple[str, str]]:
    """Return what clients were told so far: address and hardware address of each ACK that arrived."""
    lines = [line.split() for line in load.output.splitlines() if line.endswith(str(LEASE))]
    return [(address, hardware) for address, hardware, _ in lines]


@pytest.mark.parametrize("seed", range(4))
def test_no_acknowledged_lease_is_forgotten(lab: Lab, seed: int) -> None:
    enough = random.Random(seed).randrange(20, CLIENTS // 2)
    load = lab.network.spawn("Load", [sys.executable, str(LOAD), "1", str(CLIENTS), "32"])
    assert settle(lab.events, lambda: len(told(load)) >= enough, 30), load.errors
    lab.dhcp2.kill()
    acknowledged = told(load)
    assert enough <= len(acknowledged) < CLIENTS, "the server was not killed in the middle of the load"
    lab.dhcp2.start()
    known = {(lease.address, lease.client_id.replace("-", "")[2:]): lease for lease in lab.dhcp2.leases()}
    forgotten = [each for each in acknowledged if each not in known]
    assert not forgotten
    assert len({address for address, _ in known}) == len(known)
    load.kill()
    load.wait(5)
    acknowledged = told(load)
    assert all(each in known for each in acknowledged)
