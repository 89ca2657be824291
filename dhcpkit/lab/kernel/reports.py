"""Brings the events of several processes into one order before they enter the log.

A host's events are stamped where they happen and arrive a little later, each process's in its own time. So every
event is held back for a moment and then entered by its time. Whoever waits for an answer of a host finds all that
came before the answer in the log, for then nothing is held back.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time

from dhcpkit.lab.log import EventLog

HOLD_BACK = 0.01
"""Real seconds for which an event waits for earlier ones of other processes."""


class Reports:
    """Events on their way into the log. Any thread may add; the lab's thread enters them into the log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._held: list[tuple[float, int, float, str, object]] = []
        self.last_activity = 0.0
        """When something was added last, in seconds of ``time.monotonic()``."""

    def add(self, lab_time: float, host: str, what: object) -> None:
        """Hold an event that happened at a lab time on a host."""
        arrived = time.monotonic()
        with self._lock:
            self.last_activity = arrived
            heapq.heappush(self._held, (lab_time, next(self._order), arrived, host, what))

    def enter_due(self) -> float | None:
        """Enter what has been held long enough; return the seconds until more is due, None when nothing is held.

        An event is due when it, or a later one, arrived ``HOLD_BACK`` ago.
        """
        until = time.monotonic() - HOLD_BACK
        with self._lock:
            due_to = max((entry[0] for entry in self._held if entry[2] <= until), default=None)
            entries = []
            while due_to is not None and self._held and self._held[0][0] <= due_to:
                lab_time, _, _, host, what = heapq.heappop(self._held)
                entries.append((lab_time, host, what))
            left = bool(self._held)
        if entries:
            self._log.extend(entries)
        return HOLD_BACK if left else None

    def enter_all(self) -> None:
        """Enter everything now."""
        with self._lock:
            entries = [(lab_time, host, what) for lab_time, _, _, host, what in sorted(self._held, key=_by_time)]
            self._held.clear()
        if entries:
            self._log.extend(entries)


def _by_time(entry: tuple[float, int, float, str, object]) -> tuple[float, int]:
    return entry[0], entry[1]
