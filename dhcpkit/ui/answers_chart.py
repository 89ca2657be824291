"""The chart "Which server answered": who gave each client its lease, and what state each server was in, over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]

from dhcpkit.lab.events import Event
from dhcpkit.ui import answers_layout as layout
from dhcpkit.ui.answers import HOW_IN_WORDS, History
from dhcpkit.ui.palette import NOBODY, ServerStyle, styles_of

TITLE = "Which server answered"
DEFAULT_WINDOW = 600.0
"""Lab seconds that are shown unless the user zooms."""
GREY = "#808080"
"""Of lines and text: seen on white and on black. On the desk, its style sheet sets JupyterLab's own colours."""
ROW_HEIGHT = 34
MARGINS = {"l": 76, "r": 14, "t": 66, "b": 30}
MARK_LINES = {
    "service": ("#D55E00", "solid", "x"),
    "cable": ("#CC79A7", "dash", "cross"),
    "administrator": (GREY, "dot", "circle"),
}


class AnswersChart:
    """A plotly figure that follows the lab.

    Call ``feed`` with new events and ``show`` with the time; both from one thread. The view moves along with time
    until the user zooms or pans; a double click lets it move along again.

    Attributes:
        figure: The plotly ``FigureWidget``.
        history: The model behind it.
        window: Lab seconds shown while the view moves along; None for all there is.
    """

    def __init__(self, servers: Mapping[int, str]) -> None:
        """Make an empty chart; ``servers`` gives the names of the servers by address, in the lab's order."""
        self.history = History(servers)
        self.window: float | None = DEFAULT_WINDOW
        self._first: float | None = None
        self._range: list[Any] | None = None
        self._sent: dict[tuple[int, str], Any] = {}
        self._stale = True
        self._sources: list[Callable[[float], layout.Trace]] = []
        self.figure = go.FigureWidget()
        self._styles = styles_of(self.history.servers)
        with self.figure.batch_update():
            self._make_layout()
            self._make_traces()

    def feed(self, events: Iterable[Event]) -> None:
        """Take in events in the order of the log. Nothing is drawn yet."""
        self._stale |= self.history.feed(events)

    def show(self, now: float) -> None:
        """Draw what has changed, as of ``now`` (lab time, seconds since the epoch)."""
        if self._first is None:
            self._first = min([now, *(span.start for span in self.history.spans[:1])])
        with self.figure.batch_update():
            if self._stale:
                self._show_rows()
            for number, source in enumerate(self._sources):
                if self._stale or source in (self._states, self._now):
                    self._put(number, source(now))
            self._move(now)
        self._stale = False

    def to_table(self) -> str:
        """Return all that the chart tells as lines of text, in the order of time."""
        return "\n".join(str(row) for row in self.history.rows())

    def _put(self, number: int, values: layout.Trace) -> None:
        """Send a trace's values, but only those that have changed."""
        trace = self.figure.data[number]
        for name, value in values.items():
            if self._sent.get((number, name)) != value:
                self._sent[number, name] = value
                trace[name] = value

    def _show_rows(self) -> None:
        rows = layout.rows_of(self.history)
        axis = self.figure.layout.yaxis
        if list(axis.categoryarray or ()) != rows[::-1]:
            axis.categoryarray = rows[::-1]
            axis.range = [-0.5, len(rows) - 0.5]
            self.figure.layout.height = MARGINS["t"] + MARGINS["b"] + ROW_HEIGHT * max(len(rows), 3)

    def _move(self, now: float) -> None:
        """Let the view move along, unless the user has chosen another."""
        axis = self.figure.layout.xaxis
        if self._range is not None and not axis.autorange and list(axis.range or ()) != self._range:
            return
        assert self._first is not None
        width = self.window if self.window is not None else max(DEFAULT_WINDOW, (now - self._first) * 1.25)
        begin, end = layout.window_of(self._first, now, width)
        self._range = [begin * layout.MILLISECONDS, end * layout.MILLISECONDS]
        axis.autorange = False
        axis.range = self._range

    def follow(self, window: float | None) -> None:
        """Show so many lab seconds (None: all) and move along with time again."""
        self.window = window
        self._range = None

    def _states(self, now: float) -> layout.Trace:
        return layout.state_bars(self.history.spans, now)

    def _now(self, now: float) -> layout.Trace:
        return layout.now_line(now)

    def _make_layout(self) -> None:
        hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
        self.figure.update_layout(
            title={"text": TITLE, "x": 0, "xref": "paper", "xanchor": "left", "y": 0.97, "yanchor": "top"},
            title_font_size=14,
            font={"size": 12, "color": GREY},
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            margin=MARGINS,
            height=MARGINS["t"] + MARGINS["b"] + ROW_HEIGHT * 3,
            autosize=True,
            barmode="overlay",
            bargap=0.28,
            hovermode="closest",
            uniformtext={"minsize": 10, "mode": "hide"},
            legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 11}},
            xaxis={"type": "date", "tickformat": "%H:%M:%S", "gridcolor": "rgba(128,128,128,0.25)", "nticks": 8},
            yaxis={"type": "category", "fixedrange": True, "showgrid": False, "zeroline": False, "ticklen": 6},
            yaxis2={**hidden, "overlaying": "y", "range": [0, 1]},
            dragmode="pan",
        )
        self.figure._config = {**self.figure._config, "displaylogo": False, "responsive": True, "displayModeBar": False}

    def _make_traces(self) -> None:
        """Add the traces, and for each the function that says what it holds."""
        for server, style in [*self._styles.items(), ("another server", NOBODY)]:
            self._add_leases(server, style)
        states = go.Bar(
            orientation="h",
            showlegend=False,
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            textfont={"color": "#000000", "size": 11},
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"line": {"width": 0}, "pattern": {"fgcolor": "rgba(0,0,0,0.35)", "size": 7, "solidity": 0.15}},
        )
        self._add(states, self._states)
        for kind, name in layout.MARK_KINDS.items():
            self._add_marks(kind, name)
        self._add_timers()
        for how, symbol in layout.SYMBOLS.items():
            self._add_points(how, symbol)
        now = go.Scatter(yaxis="y2", mode="lines", hoverinfo="skip", showlegend=False, line={"color": GREY, "width": 2})
        self._add(now, self._now)

    def _add_leases(self, server: str, style: ServerStyle) -> None:
        bars = go.Bar(
            orientation="h",
            name=server,
            visible=style is not NOBODY or "legendonly",
            showlegend=style is not NOBODY,
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": style.on_colour, "size": 11},
            hovertemplate="%{hovertext}<extra></extra>",
            marker={
                "color": style.colour,
                "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
                "pattern": {"shape": style.pattern, "fgcolor": "rgba(0,0,0,0.4)", "size": 8, "solidity": 0.12},
            },
        )
        if style is NOBODY:
            bars.visible = True
            self._add(bars, lambda now: self._others())
        else:
            self._add(bars, lambda now: layout.lease_bars(layout.drawn_answers(self.history), server))

    def _others(self) -> layout.Trace:
        """Return the bars of servers that the lab does not know, all in one trace."""
        unknown = [answer for answer in layout.drawn_answers(self.history) if answer.server not in self._styles]
        parts = [layout.lease_bars(unknown, server) for server in dict.fromkeys(answer.server for answer in unknown)]
        keys = layout.lease_bars([], "")
        return {key: [value for part in parts for value in part[key]] for key in keys}

    def _add_points(self, how: str, symbol: str) -> None:
        points = go.Scatter(
            name=HOW_IN_WORDS[how],
            mode="markers",
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"symbol": symbol, "size": 10, "color": "#ffffff", "line": {"width": 1.5, "color": "#000000"}},
        )
        self._add(points, lambda now: layout.how_points(layout.drawn_answers(self.history), how))

    def _add_timers(self) -> None:
        ticks = go.Scatter(
            mode="markers",
            showlegend=False,
            hovertemplate="%{hovertext}<extra></extra>",
            marker={"symbol": "line-ns", "size": 16, "line": {"width": 1.5, "color": "#000000"}},
        )
        self._add(ticks, lambda now: layout.timer_ticks(layout.drawn_answers(self.history)))

    def _add_marks(self, kind: str, name: str) -> None:
        colour, dash, symbol = MARK_LINES[kind]
        lines = go.Scatter(
            name=name,
            yaxis="y2",
            mode="lines+markers",
            cliponaxis=False,
            hovertemplate="%{hovertext}<extra></extra>",
            line={"color": colour, "dash": dash, "width": 1.5},
            marker={"symbol": symbol, "size": 7, "color": colour},
        )
        self._add(lines, lambda now: layout.mark_lines(self.history.marks, kind))

    def _add(self, trace: Any, source: Callable[[float], layout.Trace]) -> None:
        self.figure.add_trace(trace)
        self._sources.append(source)
