"""The chart as plotly describes charts: from the model of ``answers.py`` to plain dictionaries.

The number of traces is always the same: one of leases per server and one for servers that the lab does not know, one
per look of the servers' states, one per kind of mark, one of T1 and T2, one per way in which a lease was got.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dhcpkit.protocol.addresses import format_ip
from dhcpkit.ui.answers import HOW_IN_WORDS, Answer, History, Mark, Span
from dhcpkit.ui.palette import NOBODY, STATE_LOOKS, ServerStyle, state_look

TITLE = "Which server answered"
MAX_DRAWN = 300
"""Leases, states and marks drawn, the newest of each; the text form holds all of them."""
MAX_CLIENTS = 12
"""Rows for clients: those that were answered last."""
GREY = "#808080"
"""Of lines and text: seen on white and on black. In JupyterLab the theme's own colours are put in its place."""
ROW_HEIGHT = 34
MARGINS = {"l": 76, "r": 14, "t": 44, "b": 68}
"""Pixels around the rows; below them, the browser makes as much room as the legend turns out to need."""

MARK_LOOKS = {
    "service": ("stop or start", "#D55E00", "solid", "x"),
    "cable": ("cable", "#CC79A7", "dash", "cross"),
    "administrator": ("change", GREY, "dot", "circle"),
}
SHORT_LABELS = {"COMMUNICATIONS-INTERRUPTED": "COMM-INT"}
HOW_SYMBOLS = {"new": "star", "renewed": "triangle-right", "rebound": "diamond", "rebooted": "square"}

Part = dict[str, Any]

_PATTERN = {"fillmode": "overlay", "fgcolor": "rgba(0,0,0,0.4)", "size": 8, "solidity": 0.12}
_BESIDE_SYMBOL = "\N{NO-BREAK SPACE}" * 2
"""Before a lease's text: room for the symbol at its beginning."""


def figure(history: History, styles: Mapping[str, ServerStyle], now: float) -> Part:
    """Return the whole chart, ``{"data": [...], "layout": {...}}``.

    Args:
        history: What to draw.
        styles: The look of each server.
        now: Lab time in seconds since the epoch; what lasts is drawn until then.
    """
    rows = drawn_clients(history) + history.servers
    drawn = drawn_answers(history)
    data = [lease_trace(drawn, server, style) for server, style in styles.items()]
    data.append(lease_trace([answer for answer in drawn if answer.server not in styles], "", NOBODY))
    spans = history.spans[-MAX_DRAWN:]
    data += [state_trace([span for span in spans if state_look(span.label) == look], look, now) for look in STATE_LOOKS]
    data += [mark_trace(history.marks, kind) for kind in MARK_LOOKS]
    data.append(timer_trace(drawn))
    data += [how_trace(drawn, how) for how in HOW_SYMBOLS]
    return {"data": data, "layout": layout(rows)}


def drawn_clients(history: History) -> list[str]:
    """Return the clients that have a row, in the order in which they appeared."""
    if len(history.clients) <= MAX_CLIENTS:
        return list(history.clients)
    recent: dict[str, None] = {}
    for answer in reversed(history.answers):
        recent[answer.client] = None
        if len(recent) == MAX_CLIENTS:
            break
    return [client for client in history.clients if client in recent]


def drawn_answers(history: History) -> list[Answer]:
    """Return the leases that are drawn."""
    clients = set(drawn_clients(history))
    return [answer for answer in history.answers[-MAX_DRAWN:] if answer.client in clients]


def lease_trace(answers: list[Answer], server: str, style: ServerStyle) -> Part:
    """Return the bars of the leases that one server gave; an empty name takes them all."""
    mine = [answer for answer in answers if server in ("", answer.server)]
    return {
        **_bars(style.on_colour),
        "name": server or "another server",
        "showlegend": bool(mine),
        "marker": {
            "color": style.colour,
            "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
            "pattern": {**_PATTERN, "shape": style.pattern},
        },
        "y": [answer.client for answer in mine],
        "base": [at(answer.start) for answer in mine],
        "x": [milliseconds(answer.end - answer.start) for answer in mine],
        "text": [_BESIDE_SYMBOL + answer.server for answer in mine],
        "hovertext": [lease_in_words(answer) for answer in mine],
    }


def state_trace(drawn: list[Span], look: tuple[str, str], now: float) -> Part:
    """Return the bars of servers' states that have one look; a state that lasts goes on until now."""
    colour, pattern = look
    return {
        **_bars("#000000"),
        "showlegend": False,
        "marker": {"color": colour, "line": {"width": 0}, "pattern": {**_PATTERN, "shape": pattern}},
        "y": [span.server for span in drawn],
        "base": [at(span.start) for span in drawn],
        "x": [milliseconds(max(0.0, (now if span.end is None else span.end) - span.start)) for span in drawn],
        "text": [SHORT_LABELS.get(span.label, span.label) for span in drawn],
        "hovertext": [span_in_words(span) for span in drawn],
        "customdata": [span.start if span.end is None else None for span in drawn],
    }


def mark_trace(marks: list[Mark], kind: str) -> Part:
    """Return vertical lines over all rows at the marks of one kind, each with a point on top."""
    name, colour, dash, symbol = MARK_LOOKS[kind]
    drawn = [mark for mark in marks if mark.kind == kind][-MAX_DRAWN:]
    return {
        "type": "scatter",
        "name": name,
        "yaxis": "y2",
        "mode": "lines+markers",
        "cliponaxis": False,
        "showlegend": bool(drawn),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "line": {"color": colour, "dash": dash, "width": 1.5},
        "marker": {"symbol": symbol, "color": colour, "size": [size for _ in drawn for size in (0, 8, 0)] or 8},
        "x": [when for mark in drawn for when in (at(mark.time), at(mark.time), None)],
        "y": [height for _ in drawn for height in (0, 1, None)],
        "hovertext": [text for mark in drawn for text in ("", mark_in_words(mark), "")],
    }


def timer_trace(answers: list[Answer]) -> Part:
    """Return ticks at T1 and T2 of each lease, where it lasted longer than that; those that stand are lettered."""
    points = [
        (when, answer, name, name if not answer.ended else "")
        for answer in answers
        for name, when in (("T1", answer.t1), ("T2", answer.t2))
        if when < answer.end - answer.lease_time * 0.03
    ]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "timers",
        "showlegend": False,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"symbol": "line-ns", "size": 11, "line": {"width": 1.5, "color": "#000000"}},
        "x": [at(when) for when, _, _, _ in points],
        "y": [answer.client for _, answer, _, _ in points],
        "text": [text for _, _, _, text in points],
        "textposition": "top center",
        "textfont": {"size": 9},
        "hovertext": [f"{name} of {answer.client}, {clock(when)}" for when, answer, name, _ in points],
    }


def how_trace(answers: list[Answer], how: str) -> Part:
    """Return points where leases were got in one way (``new``, ``renewed``, ...)."""
    mine = [answer for answer in answers if answer.how == how]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": HOW_IN_WORDS[how],
        "showlegend": bool(mine),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {
            "symbol": HOW_SYMBOLS[how],
            "size": 10,
            "color": "#ffffff",
            "line": {"width": 1.5, "color": "#000000"},
        },
        "x": [at(answer.start) for answer in mine],
        "y": [answer.client for answer in mine],
        "hovertext": [lease_in_words(answer) for answer in mine],
    }


def layout(rows: list[str]) -> Part:
    """Return the chart's layout for these rows, from top to bottom."""
    return {
        "title": {
            "text": TITLE,
            "font": {"size": 14},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "pad": {"l": 12},
            "y": 0.97,
            "yanchor": "top",
        },
        "font": {"size": 12, "color": GREY},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": MARGINS,
        "height": MARGINS["t"] + MARGINS["b"] + ROW_HEIGHT * max(len(rows), 3),
        "autosize": True,
        "barmode": "overlay",
        "bargap": 0.28,
        "hovermode": "closest",
        "dragmode": "pan",
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 11},
            "entrywidth": 66,
        },
        "xaxis": {"type": "date", "tickformat": "%H:%M:%S", "gridcolor": "rgba(128,128,128,0.3)", "nticks": 8},
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": rows[::-1],
            "range": [-0.5, len(rows) - 0.5],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "ticksuffix": "  ",
        },
        "yaxis2": {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False},
    }


def lease_in_words(answer: Answer) -> str:
    """Describe a lease for the chart's hover text."""
    lines = [
        f"<b>{answer.client}: {format_ip(answer.address)} from {answer.server}</b>",
        f"{HOW_IN_WORDS[answer.how]} at {clock(answer.start)} for {answer.lease_time} s",
        f"T1 {clock(answer.t1)}, T2 {clock(answer.t2)}, expires {clock(answer.expires)}",
    ]
    if answer.ended:
        lines.append(f"{answer.ended} at {clock(answer.end)}")
    return "<br>".join(lines)


def span_in_words(span: Span) -> str:
    """Describe a server's state for the chart's hover text."""
    until = f"to {clock(span.end)}" if span.end is not None else "until now"
    return f"<b>{span.server}: {span.label}</b><br>from {clock(span.start)} {until}<br>{span.because}"


def mark_in_words(mark: Mark) -> str:
    """Describe a mark for the chart's hover text."""
    return f"<b>{mark.host}{': ' if mark.host else ''}{mark.text}</b><br>{clock(mark.time)}"


def at(time: float) -> str:
    """Return lab time (seconds since the epoch) as plotly's date axis takes it."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def clock(time: float) -> str:
    """Return lab time as the clock on the wall, ``09:03:25``."""
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")


def milliseconds(seconds: float) -> int:
    """Return a duration as plotly's date axis takes it."""
    return round(seconds * 1000)


def _bars(colour: str) -> Part:
    return {
        "type": "bar",
        "orientation": "h",
        "textposition": "inside",
        "insidetextanchor": "start",
        "textangle": 0,
        "textfont": {"color": colour, "size": 10},
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
