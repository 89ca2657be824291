"""Brings the lab's events to the widgets: gathered, at most so often a second, from one thread.

Widgets are changed by that thread alone. So they follow the lab while no cell runs, and while one does, and no two
threads ever write to one widget.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from dhcpkit.lab.events import Event
from dhcpkit.lab.log import EventLog

UPDATES_A_SECOND = 8.0
HEARTBEAT = 1.0
"""Real seconds after which an update comes also when nothing has happened: the clock goes on."""

_logger = logging.getLogger(__name__)


class Feed:
    """Calls ``update`` with the events since the last call, at most ``UPDATES_A_SECOND`` times a second.

    The first update holds all events that the log keeps. An update that fails is logged, and the next one comes all
    the same.
    """

    def __init__(self, log: EventLog, update: Callable[[list[Event]], None]) -> None:
        """Prepare to follow a log; nothing is called before ``start``."""
        self._log = log
        self._update = update
        self._wake = threading.Condition()
        self._pending: list[Event] = []
        self._calls: deque[Callable[[], None]] = deque()
        self._closed = False
        self._unsubscribe: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="desk-feed", daemon=True)

    def start(self) -> None:
        """Begin with what the log holds, and follow it from now on."""
        self._unsubscribe = self._log.subscribe(self._take)
        self._thread.start()

    def soon(self, call: Callable[[], None]) -> None:
        """Have something done by the feed's thread, at its next turn."""
        with self._wake:
            self._calls.append(call)
            self._wake.notify()

    def close(self) -> None:
        """Follow the log no more. An update that is under way comes to its end, unless it is the one that calls."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2.0)

    def _take(self, events: list[Event]) -> None:
        """Run by the lab's thread: note the events and let it go on."""
        with self._wake:
            self._pending += events
            self._wake.notify()

    def _run(self) -> None:
        seen = self._first()
        while True:
            with self._wake:
                if not (self._pending or self._calls or self._closed):
                    self._wake.wait(HEARTBEAT)
                if self._closed:
                    return
                events, self._pending = self._pending, []
                calls, self._calls = self._calls, deque()
            began = time.monotonic()
            for call in calls:
                self._guarded(call)
            fresh = [event for event in events if event.number >= seen]
            if fresh:
                seen = fresh[-1].number + 1
            self._guarded(lambda fresh=fresh: self._update(fresh))  # type: ignore[misc]
            self._rest(began + 1 / UPDATES_A_SECOND)

    def _first(self) -> int:
        events = self._log.of()
        self._guarded(lambda: self._update(events))
        return events[-1].number + 1 if events else 0

    def _rest(self, until: float) -> None:
        """Let events gather, so that there are not too many updates; closing ends it early."""
        with self._wake:
            self._wake.wait_for(lambda: self._closed, timeout=max(0.0, until - time.monotonic()))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            _logger.exception("the desk could not show what happened")
