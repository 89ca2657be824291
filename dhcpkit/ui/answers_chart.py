"""The chart "Which server answered": who gave each client its lease, and what state each server was in, over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import anywidget
import traitlets
from plotly.offline import get_plotlyjs

from dhcpkit.lab.events import Event
from dhcpkit.ui.answers import History
from dhcpkit.ui.answers_layout import figure
from dhcpkit.ui.assets import asset
from dhcpkit.ui.palette import styles_of

DEFAULT_WINDOW = 600.0
"""Lab seconds that are shown until the user zooms."""


class AnswersChart(anywidget.AnyWidget):
    """A plotly chart that follows the lab; ``static/chart.js`` draws it with the plotly.js of the plotly package.

    It is not plotly's ``FigureWidget``: that one loses what is changed before the browser has drawn it the first time,
    sends each change back to the kernel, and cannot be moved along with time by the browser.

    Call ``feed`` with new events and ``show`` with the time, both from one thread. The view moves along with time
    until the user pans or zooms; a double click lets it move along again.

    Attributes:
        history: The model that is drawn.
        figure: The chart as plotly describes charts, sent when it has changed.
        clock: ``{"now": lab time in s, "speed": lab seconds a second, "first": lab time at the left end}``.
        window: Lab seconds shown while the view moves along; 0 for all there is.
    """

    _esm = asset("common.js", "chart.js")
    _css = asset("chart.css")
    _library = traitlets.Unicode("").tag(sync=True)
    figure = traitlets.Dict().tag(sync=True)
    clock = traitlets.Dict().tag(sync=True)
    window = traitlets.Float(DEFAULT_WINDOW).tag(sync=True)

    def __init__(self, servers: Mapping[int, str]) -> None:
        """Make an empty chart; ``servers`` gives the names of the servers by address, in the lab's order."""
        self.history = History(servers)
        self._styles = styles_of(self.history.servers)
        self._first: float | None = None
        self._stale = True
        super().__init__(_library=get_plotlyjs())

    def feed(self, events: Iterable[Event]) -> None:
        """Take in events in the order of the log. Nothing is drawn yet."""
        for event in (events := list(events))[:1]:
            self._first = event.time if self._first is None else self._first
        self._stale |= self.history.feed(events)

    def show(self, now: float, speed: float) -> None:
        """Draw what has changed.

        Args:
            now: Lab time, seconds since the epoch.
            speed: Lab seconds in a real second, for the browser to go on by itself.
        """
        if self._stale:
            self._stale = False
            self.figure = self.to_plotly(now)
        self.clock = {"now": now, "speed": speed, "first": self._first if self._first is not None else now}

    def to_plotly(self, now: float) -> dict[str, Any]:
        """Return the chart as plotly describes charts; ``plotly.graph_objects.Figure`` takes it."""
        return figure(self.history, self._styles, now)

    def to_table(self) -> str:
        """Return all that the chart tells as lines of text, in the order of time."""
        return "\n".join(str(row) for row in self.history.rows())
