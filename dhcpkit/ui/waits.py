"""What the desk says while somebody waits for something in the lab (``await lab.until(...)``)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dhcpkit.lab.waiting import Waiting


class Waits:
    """Keeps the waits that are under way.

    A wait tells of itself many times a second; only its beginning and its end are news.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin with no wait; ``changed`` is called, from any thread, when one has begun or is over."""
        self._changed = changed
        self._lock = threading.Lock()
        self._waits: list[Waiting] = []

    def watch(self, waiting: Waiting) -> None:
        """Be told of a wait; for ``Lab.watch_waiting``."""
        with self._lock:
            if (waiting in self._waits) != waiting.finished:
                return
            if waiting.finished:
                self._waits.remove(waiting)
            else:
                self._waits.append(waiting)
        self._changed()

    def document(self) -> dict[str, Any]:
        """Return the wait that began last, as JSON can hold it; empty when there is none.

        ``begun`` is lab time, seconds since the epoch; ``within`` are the lab seconds after which it is given up.
        """
        with self._lock:
            if not self._waits:
                return {}
            newest = self._waits[-1]
        return {"what": newest.what, "begun": newest.begun, "within": newest.within}
