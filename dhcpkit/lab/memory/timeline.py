"""How virtual time passes: by the lab's clock in a thread of its own, or by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dhcpkit.lab.clock import Clock
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.memory.queue import EventQueue

AT_ONCE = 0.05
"""What follows something within so many lab seconds belongs to it (``to_next_event``): frames on their way do."""
AT_ONCE_IN_ALL = 1.0

_SLICE = 0.02
"""Real seconds of work after which other threads get their turn."""
_TURN = 0.001
_LONGEST_LAG = 0.5
"""Real seconds by which the wire may be behind the clock before the clock is made to wait for it."""


class Timeline:
    """The event queue and the clock, kept in step. All methods but ``close`` are to be called with ``changed`` held.

    With a running clock a thread lets happen what has come due; it starts when it is first needed, so a lab that
    stays paused has no thread. Virtual time is never ahead of the clock: what moves it by hand moves the clock too.

    Attributes:
        queue: What is to happen.
        changed: The lock of everything on the wire; notified when something may have changed.
    """

    def __init__(self, clock: Clock) -> None:
        self.queue = EventQueue(clock.now())
        self.changed = threading.Condition()
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._closed = False
        self._failure: BaseException | None = None

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        return self._clock.speed == 0

    def check(self) -> None:
        """See that time can still pass.

        Raises:
            LabError: the lab is closed, or its thread failed.
        """
        if self._failure is not None:
            raise LabError(f"the memory wire broke down: {self._failure!r}") from self._failure
        if self._closed:
            raise LabError("the lab is closed; start a new one")

    def catch_up(self) -> None:
        """Let everything happen that has come due, so that what is done next is done now."""
        self.check()
        self.pass_to(self._clock.now())

    def pass_to(self, end: float) -> None:
        """Let everything happen until a lab time, then be there."""
        self.run_until(lambda: False, end)
        self.queue.pass_to(end)
        if end > self._clock.now():
            self._clock.move_to(end)

    def run_until(self, condition: Callable[[], bool], end: float) -> bool:
        """Let things happen until ``condition()`` holds, looked at before each, or the next is later than ``end``."""
        while not condition():
            due = self.queue.next_time()
            if due is None or due > end:
                return False
            self.happen()
        return True

    def happen(self) -> float | None:
        """Let the one next thing happen; return its lab time, None when nothing is due."""
        due = self.queue.next_time()
        if due is not None:
            if due > self._clock.now():
                self._clock.move_to(due)
            self.queue.run_next()
        return due

    def to_next_event(self) -> float | None:
        """Let the next thing happen and what follows from it at once; return the lab time, None when nothing is due."""
        due = self.happen()
        if due is None:
            return None
        end = due + AT_ONCE_IN_ALL
        while (due := self.queue.next_time()) is not None and due <= min(end, self.queue.now + AT_ONCE):
            self.happen()
        return self.queue.now

    def go_on(self) -> None:
        """Tell the thread, and who waits, that something has changed."""
        if self._thread is None and not self.paused and not self._closed:
            self._thread = threading.Thread(target=self._pace, name="memory wire", daemon=True)
            self._thread.start()
        self.changed.notify_all()

    def close(self) -> None:
        """Let time pass no more. Waits for nobody, and so may be called without ``changed``, as by a finalizer."""
        self._closed = True
        # Whoever has the lock now sees the flag, or notifies the thread when done.
        if self.changed.acquire(blocking=False):
            self.changed.notify_all()
            self.changed.release()

    def _pace(self) -> None:
        with self.changed:
            try:
                while not self._closed:
                    due = self.queue.next_time()
                    delay = None if due is None or self.paused else self._clock.delay(due)
                    if delay is None or delay > 0:
                        self.changed.wait(delay)
                    else:
                        self._work()
            except BaseException as failure:
                self._failure = failure
                raise
            finally:
                self.changed.notify_all()

    def _work(self) -> None:
        """Let happen what is due, for a slice of time at most."""
        stop = time.monotonic() + _SLICE
        now = self._clock.now()
        while (due := self.queue.next_time()) is not None and due <= now and time.monotonic() < stop:
            self.queue.run_next()
        self.changed.notify_all()
        if due is not None and due <= now:
            if self._clock.now() - due > _LONGEST_LAG * self._clock.speed:
                self._clock.move_to(due)
            self.changed.wait(_TURN)
