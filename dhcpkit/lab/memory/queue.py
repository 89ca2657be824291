"""Virtual time: what is to happen, in the order of when."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

Entry = list[Any]
"""Something that is to happen: its time, its number, and what to call (None when it is cancelled or done)."""

_TIDY_FROM = 64


class EventQueue:
    """A discrete-event queue. Time passes only by ``run_next`` and ``pass_to``.

    Of two things due at the same time the one that was entered first happens first, so a run can be repeated exactly.

    Attributes:
        now: Lab time in seconds since the epoch.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._heap: list[Entry] = []
        self._entered = 0
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def at(self, time: float, happen: Callable[[], None]) -> Entry:
        """Have ``happen`` called at a lab time, or now if that has passed."""
        entry: Entry = [max(time, self.now), self._entered, happen]
        self._entered += 1
        heappush(self._heap, entry)
        return entry

    def after(self, seconds: float, happen: Callable[[], None]) -> Entry:
        """Have ``happen`` called after some lab seconds."""
        return self.at(self.now + seconds, happen)

    def cancel(self, entry: Entry | None) -> None:
        """Have something not happen after all; what has happened already, or None, is left alone."""
        if entry is None or entry[2] is None:
            return
        entry[2] = None
        self._cancelled += 1
        if self._cancelled > _TIDY_FROM and self._cancelled * 2 > len(self._heap):
            self._heap = [other for other in self._heap if other[2] is not None]
            heapify(self._heap)
            self._cancelled = 0

    def next_time(self) -> float | None:
        """Return when the next thing is due, None when nothing is."""
        heap = self._heap
        while heap and heap[0][2] is None:
            heappop(heap)
            self._cancelled -= 1
        return float(heap[0][0]) if heap else None

    def run_next(self) -> None:
        """Go to the time of the next thing and let it happen.

        Raises:
            IndexError: nothing is due.
        """
        if self.next_time() is None:
            raise IndexError("nothing is due")
        entry = heappop(self._heap)
        self.now, _, happen = entry
        entry[2] = None
        happen()

    def pass_to(self, time: float) -> None:
        """Let time pass in which nothing is due; time that has passed already is left alone."""
        self.now = max(self.now, time)
