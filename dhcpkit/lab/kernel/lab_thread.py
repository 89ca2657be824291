"""The one background thread of a lab's side: waits on channels and captures and calls back what belongs to them."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

_logger = logging.getLogger(__name__)


class HasFileno(Protocol):
    """Something to wait on."""

    def fileno(self) -> int:
        """Return its descriptor."""


class LabThread:
    """Waits until something can be read and calls its callback; any thread may hand it work."""

    def __init__(self, after_each_round: Callable[[], float | None]) -> None:
        """Start the thread.

        Args:
            after_each_round: Called after the callbacks of each round; returns the seconds until it wants to be
                called again, or None when it has nothing to do.
        """
        self._after_each_round = after_each_round
        self._selector = selectors.DefaultSelector()
        self._work: deque[Callable[[], None]] = deque()
        self._woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: None)
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="dhcpkit lab", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread."""
        return threading.current_thread() is self._thread

    def watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        """Have ``callback`` called whenever ``source`` can be read."""
        self.call(lambda: self._watch(source, callback))

    def forget(self, source: HasFileno) -> None:
        """Watch a source no more; only from this thread, before the source is closed."""
        if source in self._selector.get_map():
            self._selector.unregister(source)

    def call(self, work: Callable[[], None]) -> None:
        """Have something done in this thread soon."""
        self._work.append(work)
        if not self.is_current:
            os.write(self._wake, b"\0")

    def end(self) -> None:
        """End the thread and wait for that; work still to be done is dropped. Not from this thread."""
        self._ending = True
        os.write(self._wake, b"\0")
        self._thread.join()
        self._selector.close()
        os.close(self._woken)
        os.close(self._wake)

    def _watch(self, source: HasFileno, callback: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, callback)

    def _run(self) -> None:
        timeout: float | None = None
        while not self._ending:
            for key, _ in self._selector.select(0 if self._work else timeout):
                if key.fd == self._woken:
                    os.read(self._woken, 4096)
                elif key.fileobj in self._selector.get_map():
                    self._guarded(key.data)
            while self._work:
                self._guarded(self._work.popleft())
            timeout = self._after_each_round()

    def _guarded(self, callback: Callable[[], None]) -> None:
        """Call; an exception is reported and does not end the thread, on which all of the lab depends."""
        try:
            callback()
        except Exception:
            _logger.exception("the lab's thread met an exception and goes on")
