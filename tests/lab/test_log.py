from __future__ import annotations

import logging
import threading

import pytest

from dhcpkit.lab.events import AdministratorActed, ClockChanged, Event, FrameSeen
from dhcpkit.lab.log import EventLog


def frame(number: int) -> FrameSeen:
    return FrameSeen("other", "DHCP1", "*", str(number), b"")


def test_events_are_numbered_in_order_and_found_by_number() -> None:
    log = EventLog()
    first = log.append(1.0, "DHCP1", ClockChanged(0))
    rest = log.extend([(2.0, "DHCP2", frame(1)), (3.0, "", frame(2))])
    assert [event.number for event in (first, *rest)] == [0, 1, 2]
    assert len(log) == 3
    assert log[1] == rest[0]
    assert log[-1] == rest[1]
    assert list(log) == [first, *rest]
    for number in (3, -4):
        with pytest.raises(IndexError, match="the log has had 3 events"):
            log[number]


def test_of_filters_by_type_host_and_number() -> None:
    log = EventLog()
    log.append(1.0, "DHCP1", ClockChanged(0))
    log.append(2.0, "DHCP2", frame(1))
    log.append(3.0, "DHCP1", frame(2))
    log.append(4.0, "", AdministratorActed("x"))
    assert [event.number for event in log.of(FrameSeen)] == [1, 2]
    assert [event.number for event in log.of(FrameSeen, ClockChanged)] == [0, 1, 2]
    assert [event.number for event in log.of(host="dhcp1")] == [0, 2]
    assert [event.number for event in log.of(host="")] == [3]
    assert [event.number for event in log.of(FrameSeen, since=2)] == [2]
    assert log.of(since=4) == log.of(since=99) == []


def test_the_oldest_frames_are_forgotten_first_and_numbers_stay() -> None:
    log = EventLog(capacity=100)
    for number in range(1000):
        log.append(float(number), "", ClockChanged(number) if number % 20 == 0 else frame(number))
    kept = list(log)
    assert 100 <= len(kept) <= 110
    assert len(log) == 1000
    assert [event.number for event in log.of(ClockChanged)] == list(range(0, 1000, 20))
    frames = [event.number for event in log.of(FrameSeen)]
    assert frames[0] > 900
    assert frames == [number for number in range(frames[0], 1000) if number % 20]
    assert [event.what for event in kept if event.number == 40] == [log[40].what] == [ClockChanged(40)]
    with pytest.raises(IndexError, match="event 41 is forgotten"):
        log[41]
    assert [event.number for event in log.of(since=41)][:2] == [60, 80]


def test_without_older_frames_the_oldest_of_all_are_forgotten() -> None:
    log = EventLog(capacity=10)
    log.extend((float(number), "", ClockChanged(number)) for number in range(95))
    assert [event.number for event in log] == list(range(85, 95))
    assert log.of(since=90)[0] == log[90]


def test_a_full_log_still_shows_the_newest_frames() -> None:
    log = EventLog(capacity=100)
    for number in range(500):
        log.append(0.0, "", ClockChanged(number))
    log.append(0.0, "", frame(500))
    for number in range(5):
        log.append(0.0, "", ClockChanged(number))
    assert [event.number for event in log.of(FrameSeen)] == [500]


def test_a_log_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        EventLog(capacity=0)


def test_subscribers_hear_every_event_once_in_order_from_many_threads() -> None:
    log = EventLog()
    heard: list[Event] = []
    log.subscribe(heard.extend)
    begin = threading.Barrier(4)

    def write(host: str) -> None:
        begin.wait()
        for number in range(500):
            log.append(float(number), host, ClockChanged(number))

    threads = [threading.Thread(target=write, args=(f"H{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == list(log)
    assert [event.number for event in heard] == list(range(2000))
    assert [event.time for event in log.of(host="h2")] == [float(number) for number in range(500)]


def test_a_subscriber_may_read_and_write_the_log_and_leave() -> None:
    log = EventLog()
    heard: list[list[int]] = []

    def follow(events: list[Event]) -> None:
        heard.append([event.number for event in events])
        assert len(log) > events[-1].number
        if len(log) < 3:
            log.append(0.0, "", ClockChanged(1))

    leave = log.subscribe(follow)
    log.append(0.0, "", ClockChanged(0))
    assert heard == [[0], [1], [2]]
    leave()
    log.append(0.0, "", ClockChanged(0))
    assert len(heard) == 3


def test_a_failing_subscriber_is_reported_and_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    log = EventLog()
    heard: list[Event] = []

    def fail(events: list[Event]) -> None:
        raise RuntimeError("mistake in a widget")

    log.subscribe(fail)
    log.subscribe(heard.extend)
    with caplog.at_level(logging.ERROR):
        log.append(0.0, "", ClockChanged(0))
        log.append(0.0, "", ClockChanged(1))
    assert [event.number for event in heard] == [0, 1]
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info] == [("mistake in a widget",)]
