from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dhcpkit.lab.clock import LAB_START, Clock, ClockReading


class Stopwatch:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_a_lab_begins_on_a_friday_morning_of_2013() -> None:
    assert datetime.fromtimestamp(LAB_START, UTC).isoformat() == "2013-01-25T09:00:00+00:00"


def test_a_reading_turns_monotonic_time_into_lab_time_and_back() -> None:
    reading = ClockReading(monotonic=1000.0, lab=5000.0, speed=60.0)
    assert reading.now(1002.0) == 5120.0
    assert reading.delay(5240.0, 1002.0) == 2.0
    assert reading.delay(5000.0, 1002.0) == 0.0


def test_a_paused_reading_never_gets_to_a_later_time() -> None:
    reading = ClockReading(monotonic=1000.0, lab=5000.0, speed=0.0)
    assert reading.now(9999.0) == 5000.0
    assert reading.delay(5000.1, 9999.0) is None
    assert reading.delay(5000.0, 9999.0) == 0.0


def test_lab_time_does_not_jump_when_the_speed_changes() -> None:
    watch = Stopwatch()
    clock = Clock(start=0.0, speed=1.0, monotonic=watch)
    watch.time += 10
    assert clock.now() == 10.0
    reading = clock.set_speed(60)
    assert clock.now() == 10.0
    assert reading == clock.reading == ClockReading(1010.0, 10.0, 60.0)
    watch.time += 1
    assert clock.now() == 70.0
    clock.set_speed(0)
    watch.time += 100
    assert clock.now() == 70.0
    assert clock.delay(71.0) is None


def test_moving_the_time_leaves_the_speed() -> None:
    watch = Stopwatch()
    clock = Clock(start=0.0, speed=2.0, monotonic=watch)
    clock.move_to(500.0)
    watch.time += 1
    assert clock.now() == 502.0
    assert clock.delay(506.0) == 2.0


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused_and_changes_nothing(speed: float) -> None:
    clock = Clock(start=0.0, speed=2.0)
    with pytest.raises(ValueError, match="0 \\(paused\\) or more"):
        clock.set_speed(speed)
    assert clock.speed == 2.0
