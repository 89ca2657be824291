"""The addresses of one scope by what they are, and the free ones in the order in which they are given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from dhcpkit.engine.lease import Lease
from dhcpkit.engine.scope import Scope
from dhcpkit.protocol.failover.codes import BindingStatus

_FREE = BindingStatus.FREE
_ACTIVE = BindingStatus.ACTIVE
_GIVEABLE = (BindingStatus.FREE, BindingStatus.BACKUP)


class Pool:
    """One scope's records and the order of its addresses; a part of ``LeaseTable``, which keeps it up to date.

    An address that nobody ever had costs nothing: it has no record, and a cursor walks the ranges once. Every other
    address that is not ACTIVE stands in the queue of its status, the longest in it first. An ordered dictionary is
    used because its first key and any key leave it in constant time.
    """

    def __init__(self, scope: Scope, records: dict[int, Lease], held: set[int]) -> None:
        self.scope = scope
        self.records = records
        self.held = held
        self._queues: dict[BindingStatus, OrderedDict[int, None]] = {
            status: OrderedDict() for status in BindingStatus if status is not _ACTIVE
        }
        self._counts = dict.fromkeys(BindingStatus, 0)
        self._recorded = 0
        self._returned: OrderedDict[int, None] = OrderedDict()
        self._range = 0
        self._cursor = scope.ranges[0][0] if scope.ranges else 0
        for lease in sorted(records.values(), key=lambda lease: (lease.started, lease.address)):
            self.added(lease)

    def added(self, lease: Lease) -> None:
        """Take note of a record that is new."""
        address = lease.address
        self.records[address] = lease
        if self.scope.leasable(address):
            self._recorded += 1
            self._returned.pop(address, None)
        self.entered(lease)

    def left(self, lease: Lease, status: BindingStatus) -> None:
        """Take note that a lease is no longer what it was."""
        if status in _GIVEABLE and not self.scope.leasable(lease.address):
            return
        self._counts[status] -= 1
        if status is not _ACTIVE:
            self._queues[status].pop(lease.address, None)  # a held free address is in no queue

    def entered(self, lease: Lease) -> None:
        """Take note of what a lease is now."""
        status = lease.status
        if status in _GIVEABLE and not self.scope.leasable(lease.address):
            return
        self._counts[status] += 1
        if status is not _ACTIVE and not (status in _GIVEABLE and lease.address in self.held):
            self._queues[status][lease.address] = None

    def hold(self, address: int) -> None:
        """Take an address out of those that ``first_free`` gives."""
        self.held.add(address)
        lease = self.records.get(address)
        if lease is None:
            self._returned.pop(address, None)
        elif lease.status in _GIVEABLE:
            self._queues[lease.status].pop(address, None)

    def release(self, address: int) -> None:
        """Undo ``hold``; a free address is the next to be given."""
        self.held.discard(address)
        if not self.scope.leasable(address):
            return
        lease = self.records.get(address)
        if lease is None:
            if self._passed(address):
                self._returned[address] = None
        elif lease.status in _GIVEABLE:
            queue = self._queues[lease.status]
            queue[address] = None
            queue.move_to_end(address, last=False)

    def count(self, status: BindingStatus) -> int:
        """Return how many addresses are this; FREE includes those that nobody ever had."""
        if status is _FREE:
            return self._counts[_FREE] + self.scope.size - self._recorded
        return self._counts[status]

    def addresses(self, status: BindingStatus) -> Iterator[int]:
        """Yield the addresses that are this, held ones left out, in the order in which they are given."""
        if status is _ACTIVE:
            for lease in self.records.values():
                if lease.status is _ACTIVE:
                    yield lease.address
            return
        if status is _FREE:
            yield from self._returned
            yield from self._never_used()
        yield from self._queues[status]

    def first_free(self, status: BindingStatus) -> int | None:
        """Return the first of ``addresses``, in constant time on average."""
        if status is _FREE:
            if self._returned:
                return next(iter(self._returned))
            address = self._advance()
            if address is not None:
                return address
        return next(iter(self._queues[status]), None)

    def _advance(self) -> int | None:
        """Move the cursor to the first address from it on that has no record and is not held."""
        ranges = self.scope.ranges
        while self._range < len(ranges):
            last = ranges[self._range][1]
            while self._cursor <= last:
                if self._cursor not in self.records and self._cursor not in self.held:
                    return self._cursor
                self._cursor += 1
            self._range += 1
            if self._range < len(ranges):
                self._cursor = ranges[self._range][0]
        return None

    def _never_used(self) -> Iterator[int]:
        """Yield the addresses from the cursor on that have no record and are not held."""
        start = self._cursor
        for first, last in self.scope.ranges[self._range :]:
            for address in range(max(start, first), last + 1):
                if address not in self.records and address not in self.held:
                    yield address

    def _passed(self, address: int) -> bool:
        """Say whether the cursor will not come to an address any more."""
        return self._range >= len(self.scope.ranges) or address < self._cursor
