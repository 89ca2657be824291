"""The guide's servers and clients on the memory wire, under faults."""

from __future__ import annotations

import random

import pytest

from dhcpkit.client.events import LeaseBound
from dhcpkit.engine.events import RequestAnswered
from dhcpkit.lab.events import CommitFailed, Event, FrameSeen, ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.memory.faults import LinkFaults
from dhcpkit.lab.memory.wire import MemoryWire
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState


def set_up(seed: int, clients: int) -> tuple[Lab, MemoryWire]:
    lab = Lab(wire="memory", speed=0, seed=seed)
    wire = lab.network
    assert isinstance(wire, MemoryWire)
    lab.dhcp2.add_guide_scope()
    lab.dhcp2.configure_failover(partner="dhcp1.contoso.com", secret="secret", mclt=60)
    wire.advance(1)
    for _ in range(clients - 1):
        lab.add_client()
    return lab, wire


def bad_day(seed: int) -> list[Event]:
    lab, wire = set_up(seed, clients=4)
    wire.faults.set_link(LinkFaults(loss=0.1, duplicate=0.05, jitter=0.01))
    wire.advance(200)
    lab.cut("dhcp1", "dhcp2")
    wire.advance(200)
    lab.dhcp1.kill()
    lab.mend("dhcp1", "dhcp2")
    lab.dhcp1.start()
    wire.advance(400)
    events = list(lab.events)
    lab.close()
    return events


def test_a_bad_day_can_be_repeated_to_the_byte() -> None:
    first = bad_day(1)
    assert len([event for event in first if isinstance(event.what, FrameSeen)]) > 200
    assert bad_day(1) == first
    assert bad_day(2) != first


def kept(wire: MemoryWire, host: str) -> Saved:
    return wire._hosts[host].store.load()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_client_believes_in_a_lease_that_its_server_has_not_kept(seed: int) -> None:
    """Disks fail, frames are lost, servers are killed: what a client was told is in the store all the same."""
    lab, wire = set_up(seed, clients=8)
    chance = random.Random(seed)
    servers = {parse_ip(server.address): server.name.lower() for server in lab.servers}
    wire.faults.set_link(LinkFaults(loss=0.05))
    for server in servers.values():
        wire.faults.set_disk(server, 0.2)
    checked, seen = 0, len(lab.events)
    for _ in range(150):
        wire.advance(chance.uniform(0, 20))
        for event in lab.events.of(LeaseBound, since=seen):
            bound = event.what
            (lease,) = (each for each in kept(wire, servers[bound.server]).leases if each.address == bound.address)
            assert lease.hardware[1:] == bound.hardware
            assert lease.expires >= int(bound.obtained + bound.lease_time)
            assert lease.status is BindingStatus.ACTIVE or lease.expires <= lab.clock.now()
            checked += 1
        seen = len(lab.events)
        if chance.random() < 0.1:
            victim = lab[chance.choice(list(servers.values()))]
            victim.kill()
            wire.advance(chance.uniform(0, 5))
            victim.start()
    assert checked > 50
    assert len(lab.events.of(CommitFailed)) > 10
    assert len(lab.events.of(ServiceStopped)) > 3
    assert not [event for event in lab.events.of(ServiceStopped) if event.what.how == "crashed"]
    for server in servers.values():
        wire.faults.set_disk(server, 0)
    wire.faults.set_link(None)
    wire.advance(1200)
    states = [server.failover() for server in lab.servers]
    assert [status.state for status in states if status] == [ServerState.NORMAL] * 2
    holders = [client.lease.address for client in lab.clients if client.lease]
    assert len(holders) == len(set(holders)) == 8
    lab.close()


def test_half_a_day_of_renewals_passes_in_a_moment() -> None:
    lab, wire = set_up(1, clients=2)
    wire.advance(43200)
    answers = lab.events.of(RequestAnswered, since=len(lab.events) - 1000)
    assert answers[-1].time > lab.clock.now() - 120
    assert {status.state for status in (server.failover() for server in lab.servers) if status} == {ServerState.NORMAL}
    lab.close()
