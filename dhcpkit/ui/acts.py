"""Does what a button asks for, away from the thread that the button was pressed in, and says how it went.

A button's handler returns at once. What was asked for runs in a thread of its own; meanwhile its control is busy,
and a line of text says what is going on, and in the end what came of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dhcpkit.lab.errors import LabError

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """One line on an act: ``kind`` is ``busy``, ``done`` or ``error``; empty when there is nothing to say."""

    text: str = ""
    kind: str = ""


class Acts:
    """Runs acts and keeps what is busy.

    Attributes:
        report: What is to be said about the last act.
        busy: Keys of the acts under way; a second act with the same key is not begun.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin with nothing to do; ``changed`` is called, from any thread, when ``report`` or ``busy`` changes."""
        self._changed = changed
        self._lock = threading.Lock()
        self.report = Report()
        self.busy: frozenset[str] = frozenset()
        self._queued: dict[str, tuple[str, str, Callable[[], Any]]] = {}

    def begin(self, key: str, doing: str, done: str, act: Callable[[], Any], *, queue: bool = False) -> bool:
        """Do something in a thread of its own.

        Args:
            key: What is busy meanwhile.
            doing: What to say while it is under way.
            done: What to say when it succeeded.
            act: What to do; a ``LabError`` is told by its sentence.
            queue: When the key is busy, do it afterwards, in place of what was to be done afterwards before.

        Returns:
            False when an act with this key is under way already and this one is not queued.
        """
        with self._lock:
            if key in self.busy:
                if queue:
                    self._queued[key] = (doing, done, act)
                return queue
            self.busy |= {key}
            self.report = Report(doing, "busy")
        self._changed()
        threading.Thread(target=self._run, args=(key, done, act), name=f"desk-{key}", daemon=True).start()
        return True

    def refuse(self, sentence: str) -> None:
        """Say that something that was asked for cannot be done."""
        self.report = Report(sentence, "error")
        self._changed()

    def _run(self, key: str, done: str, act: Callable[[], Any]) -> None:
        while True:
            report = self._outcome(key, done, act)
            with self._lock:
                following = self._queued.pop(key, None)
                if following is None:
                    self.busy -= {key}
                    self.report = report
                    break
                doing, done, act = following
                self.report = Report(doing, "busy")
            self._changed()
        self._changed()

    def _outcome(self, key: str, done: str, act: Callable[[], Any]) -> Report:
        try:
            act()
        except LabError as wrong:
            return Report(str(wrong), "error")
        except Exception as wrong:
            _logger.exception("an act of the desk failed: %s", key)
            return Report(f"This did not work: {wrong or type(wrong).__name__}.", "error")
        return Report(done, "done")
