"""No address to two clients at once, whatever clients do and however often the server is started anew.

The check believes only what went over the wire: an acknowledged lease is its client's until the time it was told has
passed, or until the client gave it back, declined it, or was refused it.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dhcpkit.engine.actions import Actions, Commit
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.server import DhcpServer
from dhcpkit.protocol.dhcp import MessageType
from dhcpkit.protocol.failover.codes import BindingStatus

from .talk import SERVER, START, Outcome, Talk, guide_scope, ip

CLIENTS = st.integers(1, 6)
ADDRESSES = st.integers(ip("10.0.0.1"), ip("10.0.0.9"))
SCOPE = guide_scope(end=ip("10.0.0.6"), exclusions=[(ip("10.0.0.4"), ip("10.0.0.4"))])
GIVEABLE = {ip(f"10.0.0.{last}") for last in (1, 3, 5, 6)}


class Network(RuleBasedStateMachine):
    """Six clients and four addresses: 10.0.0.2 is the server's own and 10.0.0.4 excluded."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk(SCOPE)
        self.stored: dict[int, Lease] = {}
        self.believed: dict[int, dict[int, float]] = {}
        self.offered: dict[int, int] = {}
        self.aside: dict[int, float] = {}

    def keep(self, actions: Actions) -> None:
        for action in actions:
            if isinstance(action, Commit):
                self.stored.update((lease.address, replace(lease)) for lease in action.leases)

    def take(self, client: int, outcome: Outcome, asked: int = 0) -> None:
        self.keep(outcome.actions)
        reply = outcome.reply
        if reply is None:
            return
        leases = self.believed.setdefault(client, {})
        if reply.message_type is MessageType.NAK:
            leases.pop(asked, None)
            return
        assert reply.yiaddr in GIVEABLE
        assert self.talk.now >= self.aside.get(reply.yiaddr, 0), "an address that was found in use"
        if reply.message_type is MessageType.OFFER:
            self.offered[client] = reply.yiaddr
        else:
            leases[reply.yiaddr] = self.talk.now + reply.lease_time

    @rule(client=CLIENTS, want=st.none() | ADDRESSES)
    def discover(self, client, want):
        outcome = self.talk.discover(client, want=want or 0)
        self.take(client, outcome)
        if outcome.reply is None:
            assert not self.known_free(), "silence although an address was free"

    @rule(client=CLIENTS)
    def select_offered(self, client):
        if client in self.offered:
            address = self.offered[client]
            self.take(client, self.talk.select(address, client), address)

    @rule(client=CLIENTS, address=ADDRESSES)
    def select_any(self, client, address):
        self.take(client, self.talk.select(address, client), address)

    @rule(client=CLIENTS, address=ADDRESSES)
    def reboot(self, client, address):
        self.take(client, self.talk.reboot(address, client), address)

    @rule(client=CLIENTS, address=ADDRESSES, how=st.sampled_from(["renew", "rebind"]))
    def extend(self, client, address, how):
        self.take(client, getattr(self.talk, how)(address, client), address)

    @rule(client=CLIENTS, address=ADDRESSES)
    def release(self, client, address):
        self.keep(self.talk.release(address, client).actions)
        self.believed.get(client, {}).pop(address, None)

    @rule(client=CLIENTS, address=ADDRESSES)
    def decline(self, client, address):
        outcome = self.talk.decline(address, client)
        self.keep(outcome.actions)
        if outcome.leases:
            self.aside[address] = self.talk.now + 600
        self.believed.get(client, {}).pop(address, None)

    @rule(seconds=st.sampled_from([0.25, 1, 30, 59, 61, 119, 121, 601]), ticks=st.booleans())
    def wait(self, seconds, ticks):
        self.talk.now += seconds
        if ticks:
            self.keep(self.talk.tick().actions)
            deadline = self.talk.server.next_deadline()
            assert deadline is None or deadline > self.talk.now

    @rule()
    def start_anew(self):
        table = LeaseTable()
        self.talk.table = table
        self.talk.server = DhcpServer({"eth0": (SERVER, 24)}, table, scopes=[SCOPE])
        table.load([replace(lease) for lease in self.stored.values()])

    def known_free(self) -> set[int]:
        """Return the addresses that are plainly free: of no record in use, and offered to nobody within a minute."""
        used = {lease.address for lease in self.talk.table if lease.status is not BindingStatus.FREE}
        return {address for address in GIVEABLE - used if not self.talk.table.is_held(address)}

    @invariant()
    def no_address_belongs_to_two(self):
        holders: dict[int, int] = {}
        for client, leases in self.believed.items():
            for address, expires in leases.items():
                if expires > self.talk.now:
                    assert holders.setdefault(address, client) == client, f"two clients hold {address:#x}"

    @invariant()
    def the_server_knows_what_it_acknowledged(self):
        for client, leases in self.believed.items():
            for address, expires in leases.items():
                if expires > self.talk.now:
                    lease = self.talk.table.get(address)
                    assert lease is not None
                    assert lease.status is BindingStatus.ACTIVE
                    assert lease.hardware[-1] == client
                    assert lease.expires >= expires

    @invariant()
    def what_is_stored_is_what_is_known(self):
        assert {lease.address: lease for lease in self.talk.table} == self.stored


TestNetwork = Network.TestCase
TestNetwork.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_a_flood_of_clients_gets_each_address_once():
    talk = Talk(guide_scope(end=ip("10.0.3.254"), prefix_length=22))
    size = talk.server.scopes[ip("10.0.0.0")].size
    addresses = [talk.lease(client) for client in range(size)]
    assert len(set(addresses)) == size
    assert not {ip(f"10.0.0.{last}") for last in range(1, 11)} & set(addresses)
    assert talk.discover(5000).answer == "silence"
    assert talk.now == START
