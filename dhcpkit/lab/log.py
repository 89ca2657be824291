"""The event log: every event of a lab in one order, kept in memory, for whoever shows or checks what happened."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from dhcpkit.lab.events import Event, FrameSeen

DEFAULT_CAPACITY = 200_000
"""Events kept; at about 300 bytes an event this is some 60 MB."""

Subscriber = Callable[[list[Event]], None]

_number_of = attrgetter("number")
_logger = logging.getLogger(__name__)


class EventLog:
    """A thread-safe, ordered log that does not grow without bound.

    Events are numbered from 0 and keep their numbers for ever. Beyond ``capacity`` the oldest frames
    (``FrameSeen``) are forgotten first, because they are the most and the largest; the newest tenth of the log is
    never thinned. Only when no older frame is left are the oldest of all events forgotten. Up to a tenth more than
    ``capacity`` may be held at times, so that forgetting costs next to nothing an event.

    ``len(log)`` is the number of events there ever were, so it is also the number that the next event gets:
    remember it, and ``of(since=...)`` returns what came later.
    """

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        """Make an empty log.

        Args:
            capacity: Events to keep, at least 1.

        Raises:
            ValueError: the capacity is below 1.
        """
        if capacity < 1:
            raise ValueError(f"a log for {capacity} events keeps nothing; give a capacity of at least 1")
        self.capacity = capacity
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._next = 0
        self._limit = capacity + capacity // 10
        self._subscribers: tuple[Subscriber, ...] = ()
        self._undelivered: list[Event] = []
        self._delivering = False

    def append(self, time: float, host: str, what: object) -> Event:
        """Add one event and tell the subscribers.

        Args:
            time: Lab time in seconds since the epoch.
            host: Name of the host it happened on, empty for the lab as a whole.
            what: The typed event.
        """
        with self._lock:
            event = Event(self._next, time, host, what)
            self._next += 1
            self._events.append(event)
            if len(self._events) > self._limit:
                self._forget()
            if not self._subscribers:
                return event
            self._undelivered.append(event)
        self._deliver()
        return event

    def extend(self, entries: Iterable[tuple[float, str, object]]) -> list[Event]:
        """Add several events, given as (time, host, what), next to each other; tell the subscribers once."""
        with self._lock:
            events = [Event(number, *entry) for number, entry in enumerate(entries, self._next)]
            self._next += len(events)
            self._events += events
            if len(self._events) > self._limit:
                self._forget()
            if not self._subscribers:
                return events
            self._undelivered += events
        self._deliver()
        return events

    def __len__(self) -> int:
        return self._next

    def __getitem__(self, number: int) -> Event:
        """Return the event of a number; negative numbers count from the end.

        Raises:
            IndexError: there is no such event yet, or it has been forgotten.
        """
        with self._lock:
            wanted = number if number >= 0 else self._next + number
            place = self._place(wanted)
            if place < len(self._events) and self._events[place].number == wanted:
                return self._events[place]
        if 0 <= wanted < self._next:
            raise IndexError(f"event {wanted} is forgotten: the log keeps {self.capacity} of {self._next} events")
        raise IndexError(f"there is no event {number}: the log has had {self._next} events")

    def __iter__(self) -> Iterator[Event]:
        """Go through the events that are kept, as they are at this moment."""
        return iter(self.of())

    def of(self, *types: type, host: str | None = None, since: int = 0) -> list[Event]:
        """Return the events that are kept, oldest first, filtered.

        Args:
            types: Types of event wanted; none means all.
            host: Name of the host wanted, in whatever case; None means all, empty the lab as a whole.
            since: Number of the first event wanted.
        """
        with self._lock:
            events = self._events[self._place(since) :] if since > 0 else self._events.copy()
        if types:
            events = [event for event in events if isinstance(event.what, types)]
        if host is not None:
            name = host.lower()
            events = [event for event in events if event.host.lower() == name]
        return events

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have every later event passed to ``callback``, in order, in lists; return what ends that.

        The callback runs in the lab's thread while the lab waits: it should hand the events on and return. It may
        read the log, but not command the lab. A callback that raises an exception is reported and called no more.
        """
        with self._lock:
            self._subscribers = (*self._subscribers, callback)

        return lambda: self._remove(callback)

    def _deliver(self) -> None:
        """Pass on what is undelivered, unless another call is at it already and will pass on ours as well.

        No lock is held while a callback runs, so a callback may take locks of its own and read the log.
        """
        while True:
            with self._lock:
                if self._delivering or not self._undelivered:
                    return
                self._delivering = True
                events, self._undelivered = self._undelivered, []
                subscribers = self._subscribers
            try:
                for callback in subscribers:
                    self._tell(callback, events)
            finally:
                with self._lock:
                    self._delivering = False

    def _tell(self, callback: Subscriber, events: list[Event]) -> None:
        try:
            callback(events)
        except Exception:
            _logger.exception("a subscriber of the event log failed and is called no more")
            self._remove(callback)

    def _remove(self, callback: Subscriber) -> None:
        with self._lock:
            self._subscribers = tuple(other for other in self._subscribers if other is not callback)

    def _place(self, number: int) -> int:
        """Return where in the list the first event with at least this number stands."""
        events = self._events
        if not events or number <= events[0].number:
            return 0
        if self._next - events[0].number == len(events):
            return min(number - events[0].number, len(events))
        return bisect_left(events, number, key=_number_of)

    def _forget(self) -> None:
        surplus = len(self._events) - self.capacity
        spared = len(self._events) - max(1, self.capacity // 10)
        kept = []
        for event in self._events[:spared]:
            if surplus and isinstance(event.what, FrameSeen):
                surplus -= 1
            else:
                kept.append(event)
        self._events = kept[surplus:] + self._events[spared:]
