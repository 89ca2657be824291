"""Waiting until something holds in the lab: awaited in a notebook, ``.result()`` in a script."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from dhcpkit.lab.errors import LabError

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab
    from dhcpkit.lab.log import EventLog

Watcher = Callable[["Waiting"], None]
"""Told when a wait begins, goes on, and is over; ``waiting.fraction`` says how far it is."""

PATIENCE = 0.1
"""Real seconds after which a condition is looked at again even when nothing was logged."""


class Waiting:
    """One wait. A paused lab is taken from event to event, as fast as that goes.

    Attributes:
        what: What is waited for, for people.
        within: Lab seconds after which the wait is given up.
        begun: Lab time at which it began.
        finished: Whether it is over.
    """

    def __init__(self, lab: Lab, condition: Callable[[], bool], within: float, what: str) -> None:
        self._lab = lab
        self._condition = condition
        self.what = what or "what was asked for"
        self.within = within
        self.begun = lab.clock.now()
        self.finished = False

    @property
    def fraction(self) -> float:
        """How much of the time allowed is over, 0.0 to 1.0."""
        over = self._lab.clock.now() - self.begun
        return 1.0 if over >= self.within else max(0.0, over / self.within)

    def result(self) -> None:
        """Block until it holds.

        Raises:
            LabError: it did not hold within the time allowed.
        """
        woken = threading.Event()
        unsubscribe = self._lab.events.subscribe(lambda _: woken.set())
        try:
            while not self._look():
                if not self._stepped():
                    woken.wait(PATIENCE)
                    woken.clear()
        finally:
            unsubscribe()
            self._over()

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake(_: object) -> None:
            loop.call_soon_threadsafe(woken.set)

        unsubscribe = self._lab.events.subscribe(wake)
        try:
            while not self._look():
                if self._stepped():
                    await asyncio.sleep(0)
                    continue
                try:
                    await asyncio.wait_for(woken.wait(), PATIENCE)
                except TimeoutError:
                    continue
                finally:
                    woken.clear()
        finally:
            unsubscribe()
            self._over()

    def _look(self) -> bool:
        if self._condition():
            return True
        if self._lab.clock.now() - self.begun >= self.within:
            raise LabError(f"waited {self.within:g} s of lab time in vain for: {self.what}")
        self._lab.tell_watchers(self)
        return False

    def _stepped(self) -> bool:
        if self._lab.clock.speed:
            return False
        if self._lab.network.to_next_event() is None:
            raise LabError(f"nothing is due in the lab any more, so this will not come: {self.what}")
        return True

    def _over(self) -> None:
        self.finished = True
        self._lab.tell_watchers(self)


def settle(events: EventLog, look: Callable[[], bool], seconds: float) -> bool:
    """Look again whenever something is logged, until it holds or so many real seconds are over; say whether it does."""
    woken = threading.Event()
    unsubscribe = events.subscribe(lambda _: woken.set())
    deadline = time.monotonic() + seconds
    try:
        while not look():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            woken.wait(min(left, PATIENCE))
            woken.clear()
    finally:
        unsubscribe()
    return True
