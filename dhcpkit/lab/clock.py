"""The lab's clock: one time for all hosts, which can run faster than real time, or stand still.

A ``ClockReading`` says how lab time follows from ``time.monotonic()``. It is a value, so every process of a lab can
hold the same one and agree on the time without asking.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

LAB_START = datetime(2013, 1, 25, 9, 0, 0, tzinfo=UTC).timestamp()
"""When a lab's time begins unless told otherwise: a Friday morning in the days of Windows Server 2012."""


class ClockReading(NamedTuple):
    """At ``monotonic`` the lab's time was ``lab``, and it goes on at ``speed`` lab seconds a real second.

    Attributes:
        monotonic: Seconds of ``time.monotonic()``, which all processes of a machine share.
        lab: Lab time in seconds since the epoch.
        speed: Lab seconds in a real second; 0 is paused.
    """

    monotonic: float
    lab: float
    speed: float

    def now(self, monotonic: float) -> float:
        """Return the lab time at a monotonic time."""
        return self.lab + (monotonic - self.monotonic) * self.speed

    def delay(self, until: float, monotonic: float) -> float | None:
        """Return the real seconds from a monotonic time until a lab time; None when a paused clock never gets there.

        A lab time that has come already is 0.0 seconds away, also when the clock is paused.
        """
        ahead = until - self.now(monotonic)
        if ahead <= 0:
            return 0.0
        return ahead / self.speed if self.speed else None


class Clock:
    """Holds the lab's current reading; any thread may read it or change it."""

    def __init__(
        self, start: float = LAB_START, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the clock.

        Args:
            start: Lab time now, in seconds since the epoch.
            speed: Lab seconds in a real second; 0 is paused.
            monotonic: Where real time is read.

        Raises:
            ValueError: the speed is negative or not a finite number.
        """
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._reading = ClockReading(monotonic(), start, _checked(speed))

    @property
    def reading(self) -> ClockReading:
        """How lab time follows from monotonic time at present."""
        return self._reading

    @property
    def speed(self) -> float:
        """Lab seconds in a real second; 0 is paused."""
        return self._reading.speed

    def now(self) -> float:
        """Return the lab time in seconds since the epoch."""
        return self._reading.now(self._monotonic())

    def delay(self, until: float) -> float | None:
        """Return the real seconds until a lab time; None when the clock is paused and it has not come."""
        return self._reading.delay(until, self._monotonic())

    def set_speed(self, speed: float) -> ClockReading:
        """Go on at another speed from now; return the new reading, for the hosts.

        Raises:
            ValueError: the speed is negative or not a finite number.
        """
        speed = _checked(speed)
        with self._lock:
            monotonic = self._monotonic()
            self._reading = ClockReading(monotonic, self._reading.now(monotonic), speed)
            return self._reading

    def move_to(self, lab: float) -> ClockReading:
        """Set the lab time, leaving the speed as it is; return the new reading, for the hosts."""
        with self._lock:
            self._reading = ClockReading(self._monotonic(), lab, self._reading.speed)
            return self._reading

    def set(self, reading: ClockReading) -> None:
        """Take over a reading made elsewhere."""
        with self._lock:
            self._reading = reading


def _checked(speed: float) -> float:
    if not (math.isfinite(speed) and speed >= 0):
        raise ValueError(f"a clock cannot run at {speed}x; give a speed of 0 (paused) or more, 1 is real time")
    return float(speed)
