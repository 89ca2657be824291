from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from dhcpkit.lab.events import ClockChanged, Event
from dhcpkit.lab.log import EventLog
from dhcpkit.ui.feed import UPDATES_A_SECOND, Feed


class Seen:
    """Collects updates, and lets a test wait until they hold what it wants."""

    def __init__(self) -> None:
        self.updates: list[list[Event]] = []
        self.threads: set[int] = set()
        self._changed = threading.Condition()

    def __call__(self, events: list[Event]) -> None:
        with self._changed:
            self.updates.append(events)
            self.threads.add(threading.get_ident())
            self._changed.notify_all()

    @property
    def numbers(self) -> list[int]:
        return [event.number for events in self.updates for event in events]

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=5), self.updates


def test_every_event_comes_once_and_in_order_also_those_from_before() -> None:
    log, seen = EventLog(), Seen()
    for _ in range(3):
        log.append(0.0, "", ClockChanged(1))
    feed = Feed(log, seen)
    feed.start()
    for _ in range(500):
        log.append(0.0, "", ClockChanged(1))
    seen.wait(lambda: len(seen.numbers) == 503)
    feed.close()
    assert seen.numbers == list(range(503))


def test_a_storm_of_events_makes_few_updates() -> None:
    log, seen = EventLog(), Seen()
    feed = Feed(log, seen)
    feed.start()
    began = time.monotonic()
    while time.monotonic() - began < 0.6:
        log.append(0.0, "", ClockChanged(1))
    feed.close()
    lasted = time.monotonic() - began
    assert len(seen.updates) <= lasted * UPDATES_A_SECOND + 2
    assert len(seen.numbers) > 100


def test_updates_and_calls_are_all_made_by_one_thread_of_its_own() -> None:
    log, seen = EventLog(), Seen()
    feed = Feed(log, seen)
    feed.start()
    called = threading.Event()
    caller: list[int] = []

    def call() -> None:
        caller.append(threading.get_ident())
        called.set()

    feed.soon(call)
    assert called.wait(5)
    feed.close()
    assert seen.threads == set(caller)
    assert threading.get_ident() not in seen.threads


def test_an_update_comes_also_when_nothing_happens_because_time_goes_on() -> None:
    seen = Seen()
    feed = Feed(EventLog(), seen)
    feed.start()
    seen.wait(lambda: len(seen.updates) >= 2)
    feed.close()
    assert seen.numbers == []


def test_a_failed_update_is_reported_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    log, seen = EventLog(), Seen()

    def update(events: list[Event]) -> None:
        seen(events)
        if seen.numbers == [0]:
            raise ValueError("a slip")

    feed = Feed(log, update)
    feed.start()
    seen.wait(lambda: len(seen.updates) >= 1)
    log.append(0.0, "", ClockChanged(1))
    seen.wait(lambda: seen.numbers[:1] == [0])
    log.append(0.0, "", ClockChanged(1))
    seen.wait(lambda: seen.numbers == [0, 1])
    feed.close()
    assert "could not show" in caplog.text


def test_after_close_nothing_comes_and_the_log_forgets_the_feed() -> None:
    log, seen = EventLog(), Seen()
    feed = Feed(log, seen)
    feed.start()
    seen.wait(lambda: len(seen.updates) >= 1)
    feed.close()
    count = len(seen.updates)
    log.append(0.0, "", ClockChanged(1))
    assert len(seen.updates) == count
    feed.close()
