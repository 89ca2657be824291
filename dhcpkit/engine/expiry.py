"""When which lease is due: a heap whose stale entries are passed over when they come up."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

_SLACK = 64
"""Stale entries that are always tolerated before the heap is built anew."""


class ExpiryQueue:
    """Addresses in the order of the whole second in which each is due.

    Setting a new time for an address leaves the old entry where it is; ``_due`` says which one counts. An entry is
    one int, time and address side by side: half the memory of a pair, and compared at once.
    """

    def __init__(self) -> None:
        self._due: dict[int, int] = {}
        self._heap: list[int] = []

    def __len__(self) -> int:
        return len(self._due)

    def set(self, address: int, when: int) -> None:
        """Make an address due at this time, in seconds since the epoch, and no longer at another."""
        if self._due.get(address) == when:
            return
        self._due[address] = when
        heappush(self._heap, when << 32 | address)
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [when << 32 | address for address, when in self._due.items()]
            heapify(self._heap)

    def discard(self, address: int) -> None:
        """Make an address due at no time."""
        self._due.pop(address, None)

    def pop(self, now: float) -> int | None:
        """Take out and return an address that is due by now, the longest due first; None when there is none."""
        when = self.first()
        if when is None or when > now:
            return None
        address = heappop(self._heap) & 0xFFFFFFFF
        del self._due[address]
        return address

    def first(self) -> int | None:
        """Return the time at which the first address is due, None when none is waiting."""
        heap, due = self._heap, self._due
        while heap:
            entry = heap[0]
            when = entry >> 32
            if due.get(entry & 0xFFFFFFFF) == when:
                return when
            heappop(heap)
        return None
