from __future__ import annotations

import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dhcpkit.engine.lease import Lease, client_key
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope, ScopeError
from dhcpkit.protocol.failover.codes import BindingStatus

from .talk import guide_scope, ip

SCOPE = ip("10.0.0.0")
FREE, ACTIVE, BACKUP = BindingStatus.FREE, BindingStatus.ACTIVE, BindingStatus.BACKUP


@pytest.fixture
def table() -> LeaseTable:
    table = LeaseTable()
    table.add_scope(guide_scope())
    return table


def give(table: LeaseTable, address: int, client: int = 1, **fields: object) -> Lease:
    lease = table.record(address)
    table.change(lease, status=ACTIVE, hardware=bytes([1, client]), **fields)
    return lease


def test_never_used_addresses_come_first_then_those_free_the_longest(table):
    for last in (11, 12, 13):
        give(table, ip(f"10.0.0.{last}"))
    for last in (12, 11):
        table.change(table.get(ip(f"10.0.0.{last}")), status=FREE)
    order = list(table.addresses(SCOPE, FREE))
    assert order == [*range(ip("10.0.0.14"), ip("10.0.0.254") + 1), ip("10.0.0.12"), ip("10.0.0.11")]
    assert table.pick(SCOPE, (FREE,)) == ip("10.0.0.14")
    assert table.count(SCOPE, FREE) == len(order) == 243


def test_pick_goes_through_the_statuses_and_skips(table):
    for last in (50, 60):
        table.change(table.record(ip(f"10.0.0.{last}")), status=BACKUP)
    assert table.pick(SCOPE, (BACKUP, FREE)) == ip("10.0.0.50")
    assert table.pick(SCOPE, (BACKUP,), skip={ip("10.0.0.50")}) == ip("10.0.0.60")
    assert table.pick(SCOPE, (BACKUP,), skip={ip("10.0.0.50"), ip("10.0.0.60")}) is None
    assert table.pick(SCOPE, (FREE,), skip={ip("10.0.0.11")}) == ip("10.0.0.12")
    assert table.pick(SCOPE, (FREE,)) == ip("10.0.0.11")


def test_what_was_held_comes_first_again(table):
    table.hold(ip("10.0.0.11"))
    assert table.pick(SCOPE, (FREE,)) == ip("10.0.0.12")
    table.unhold(ip("10.0.0.11"))
    assert table.pick(SCOPE, (FREE,)) == ip("10.0.0.11")


def test_a_record_exists_only_where_there_is_something_to_write_down(table):
    assert table.get(ip("10.0.0.11")) is None
    lease = table.record(ip("10.0.0.11"))
    assert lease.status is FREE
    assert table.record(ip("10.0.0.11")) is lease
    assert table.get(ip("10.0.0.11")) is lease
    assert list(table) == list(table.in_scope(SCOPE)) == [lease]
    for address in ("10.0.0.5", "10.0.1.1", "9.0.0.1"):
        with pytest.raises(KeyError, match="no scope leases"):
            table.record(ip(address))


def test_a_clients_leases_come_newest_contact_first(table):
    client = client_key(b"", bytes([1, 1]))
    assert table.of_client(SCOPE, client) == []
    leases = [give(table, ip(f"10.0.0.{last}"), contacted=contact) for last, contact in ((11, 5), (12, 9), (13, 7))]
    assert [lease.contacted for lease in table.of_client(SCOPE, client)] == [9, 7, 5]
    table.change(leases[1], hardware=bytes([1, 2]))
    assert [lease.contacted for lease in table.of_client(SCOPE, client)] == [7, 5]
    table.change(leases[0], hardware=b"")
    assert table.of_client(SCOPE, client) == [leases[2]]
    table.change(leases[2], hardware=b"")
    assert table.of_client(SCOPE, client) == []


@pytest.mark.parametrize("field", ["address", "scope", "colour"])
def test_only_a_leases_changeable_fields_are_changed(table, field):
    lease = give(table, ip("10.0.0.11"))
    with pytest.raises(AttributeError, match=field):
        table.change(lease, **{"status": FREE, field: 1})
    assert lease.status is ACTIVE


def test_leases_are_due_once_in_the_order_of_their_times(table):
    for last, expires in ((11, 300), (12, 100), (13, 200)):
        give(table, ip(f"10.0.0.{last}"), expires=expires)
    assert table.next_expiry() == 100
    assert table.due(99.9) == []
    assert [lease.expires for lease in table.due(250)] == [100, 200]
    assert table.due(250) == []
    assert table.next_expiry() == 300
    again = table.get(ip("10.0.0.12"))
    table.look_again(again, 259.5)
    assert table.next_expiry() == 260
    assert table.due(260) == [again]
    table.change(table.get(ip("10.0.0.11")), status=FREE)
    assert table.next_expiry() is None


def test_due_stops_at_its_limit(table):
    for last in range(11, 21):
        give(table, ip(f"10.0.0.{last}"), expires=5)
    assert [len(table.due(5, 4)) for _ in range(4)] == [4, 4, 2, 0]


def test_many_renewals_do_not_pile_up(table):
    lease = give(table, ip("10.0.0.11"))
    for expires in range(1, 5000):
        table.change(lease, expires=expires)
    assert len(table._expiry._heap) < 100
    assert table.next_expiry() == 4999


def test_what_a_store_kept_is_found_again():
    table = LeaseTable()
    table.add_scope(guide_scope())
    kept = [
        Lease(ip("10.0.0.20"), SCOPE, FREE, started=9),
        Lease(ip("10.0.0.21"), SCOPE, FREE, started=3),
        Lease(ip("10.0.0.22"), SCOPE, ACTIVE, hardware=b"\1a", expires=70),
        Lease(ip("10.9.0.1"), ip("10.9.0.0"), ACTIVE, hardware=b"\1b", expires=60),
    ]
    table.load(kept)
    assert list(table.addresses(SCOPE, FREE))[-2:] == [ip("10.0.0.21"), ip("10.0.0.20")]
    assert table.of_client(SCOPE, client_key(b"", b"\1a")) == [kept[2]]
    assert table.get(ip("10.0.0.22")) is kept[2]
    assert table.next_expiry() == 70
    assert len(table) == 3, "a lease of a scope that was removed is passed over"
    with pytest.raises(ValueError, match=r"there is a record of 10\.0\.0\.20 already"):
        table.load([Lease(ip("10.0.0.20"), SCOPE, ACTIVE)])


def test_a_replaced_scope_keeps_its_leases(table):
    give(table, ip("10.0.0.11"), expires=5)
    give(table, ip("10.0.0.99"), 2, expires=6)
    table.replace_scope(guide_scope(exclusions=[(ip("10.0.0.1"), ip("10.0.0.49"))]))
    assert table.count(SCOPE, FREE) == 204
    assert table.count(SCOPE, ACTIVE) == 2
    assert table.pick(SCOPE, (FREE,)) == ip("10.0.0.50")
    table.change(table.get(ip("10.0.0.11")), status=FREE)
    assert table.count(SCOPE, FREE) == 204, "out of the range, so no longer free to give"
    assert table.count(SCOPE, ACTIVE) == 1
    table.replace_scope(guide_scope())
    assert table.count(SCOPE, FREE) == 243
    assert list(table.addresses(SCOPE, FREE))[-1] == ip("10.0.0.11")


def test_a_removed_scope_takes_its_leases_along(table):
    give(table, ip("10.0.0.11"), expires=5)
    table.remove_scope(SCOPE)
    assert (len(table), table.next_expiry(), table.get(ip("10.0.0.11")), table.scopes) == (0, None, None, {})


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda table: table.add_scope(guide_scope()), "scope 10.0.0.0 is there already"),
        (lambda table: table.add_scope(guide_scope(prefix_length=16)), "scope 10.0.0.0 is there already"),
        (
            lambda table: table.add_scope(Scope.create("x", ip("10.0.0.129"), ip("10.0.0.130"), 25)),
            "network 10.0.0.128/25 of scope 'x' overlaps 10.0.0.0/24",
        ),
        (lambda table: table.replace_scope(guide_scope(prefix_length=16)), "prefix length of 24 bits, which cannot be"),
        (lambda table: table.remove_scope(ip("10.1.0.0")), "there is no scope 10.1.0.0; there are 10.0.0.0"),
        (
            lambda table: table.replace_scope(guide_scope(start=ip("10.1.0.1"), end=ip("10.1.0.9"), exclusions=())),
            "there is no",
        ),
        (lambda table: table.count(5, FREE), "there is no scope 0.0.0.5"),
        (lambda table: table.in_scope(5), "there is no scope"),
        (lambda table: table.pick(5, (FREE,)), "there is no scope"),
    ],
)
def test_what_cannot_be_done_to_scopes_is_named_and_changes_nothing(table, act, text):
    with pytest.raises(ScopeError, match=text):
        act(table)
    assert list(table.scopes.values()) == [guide_scope()]
    assert table.count(SCOPE, FREE) == 244


def test_the_scope_of_an_address_is_found_among_many(table):
    for third in range(1, 200, 2):
        table.add_scope(Scope.create(f"s{third}", ip(f"10.0.{third}.1"), ip(f"10.0.{third}.9"), 24))
    assert table.scope_of(ip("10.0.77.200")).name == "s77"
    assert table.scope_of(ip("10.0.78.1")) is None
    assert table.scope_of(ip("9.255.255.255")) is None
    assert table.scope_of(0) is None


def test_large_scopes_are_added_at_once_and_picked_from_in_no_time():
    begun = time.perf_counter()
    table = LeaseTable()
    for second in range(4, 24, 4):
        table.add_scope(Scope.create(f"large {second}", ip(f"10.{second}.0.1"), ip(f"10.{second + 3}.255.254"), 14))
    scope = ip("10.4.0.0")
    assert table.count(scope, FREE) == 2**18 - 2
    for _ in range(20_000):
        address = table.pick(scope, (FREE,))
        assert address is not None
        table.hold(address)
    assert table.pick(scope, (FREE,)) == ip("10.4.0.0") + 20_001
    assert time.perf_counter() - begun < 1.0


# Whatever is done to it, the table agrees with a simple list of what is what


class Model(RuleBasedStateMachine):
    """A table of a small scope beside a plain dictionary in which everything is looked up by going through all."""

    addresses = st.integers(ip("10.0.0.9"), ip("10.0.0.22"))

    def __init__(self) -> None:
        super().__init__()
        self.scope = self.make_scope(())
        self.table = LeaseTable()
        self.table.add_scope(self.scope)
        self.leases: dict[int, Lease] = {}
        self.held: set[int] = set()

    @staticmethod
    def make_scope(excluded: tuple[int, ...]) -> Scope:
        return guide_scope(
            start=ip("10.0.0.10"), end=ip("10.0.0.20"), exclusions=[(address, address) for address in excluded]
        )

    @rule(
        address=addresses,
        status=st.sampled_from(BindingStatus),
        client=st.sampled_from([b"", b"\1a", b"\1b", b"\1c"]),
        expires=st.integers(0, 30),
    )
    def change(self, address, status, client, expires):
        if address not in self.leases and not self.scope.leasable(address):
            with pytest.raises(KeyError):
                self.table.record(address)
            return
        lease = self.table.record(address)
        self.leases[address] = lease
        self.table.change(lease, status=status, hardware=client, expires=expires, contacted=expires)

    @rule(address=st.integers(ip("10.0.0.10"), ip("10.0.0.20")))
    def hold(self, address):
        if address in self.held:
            self.held.discard(address)
            self.table.unhold(address)
        else:
            self.held.add(address)
            self.table.hold(address)

    @rule(excluded=st.sets(st.integers(ip("10.0.0.10"), ip("10.0.0.20")), max_size=4))
    def replace(self, excluded):
        self.scope = self.make_scope(tuple(sorted(excluded)))
        self.table.replace_scope(self.scope)

    @precondition(lambda self: self.leases)
    @rule(now=st.integers(0, 30))
    def take_due(self, now):
        timed = [
            lease
            for lease in self.leases.values()
            if lease.status in (ACTIVE, BindingStatus.ABANDONED) and 0 < lease.expires <= now
        ]
        due = self.table.due(now)
        assert sorted(lease.address for lease in due) == sorted(lease.address for lease in timed)
        for lease in due:
            self.table.look_again(lease, lease.expires)

    def is_free(self, address: int, status: BindingStatus) -> bool:
        lease = self.leases.get(address)
        return self.scope.leasable(address) and (lease.status if lease else FREE) is status

    @invariant()
    def counts_and_orders_agree(self):
        for status in BindingStatus:
            if status in (FREE, BACKUP):
                expected = {a for a in range(self.scope.start, self.scope.end + 1) if self.is_free(a, status)}
                assert self.table.count(self.scope.id, status) == len(expected)
                expected -= self.held
            else:
                expected = {a for a, lease in self.leases.items() if lease.status is status}
                assert self.table.count(self.scope.id, status) == len(expected)
            order = list(self.table.addresses(self.scope.id, status))
            assert len(order) == len(set(order))
            assert set(order) == expected
            if status in (FREE, BACKUP):
                assert self.table.pick(self.scope.id, (status,)) == (order[0] if order else None)

    @invariant()
    def clients_agree(self):
        for client in (b"\1a", b"\1b", b"\1c"):
            key = client_key(b"", client)
            expected = {lease.address for lease in self.leases.values() if lease.client == key}
            found = self.table.of_client(self.scope.id, key)
            assert {lease.address for lease in found} == expected
            assert [lease.contacted for lease in found] == sorted((lease.contacted for lease in found), reverse=True)


TestTable = Model.TestCase
TestTable.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
