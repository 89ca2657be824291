"""What the chart's traces hold: from the model of ``answers.py`` to plain lists, in plotly's terms.

The number of traces is fixed when the chart is made: one of leases per server, one of the servers' states, one per
way in which a lease was got, one of T1 and T2, one per kind of mark, and the line that is now.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dhcpkit.protocol.addresses import format_ip
from dhcpkit.ui.answers import HOW_IN_WORDS, Answer, History, Mark, Span
from dhcpkit.ui.palette import state_look

MAX_DRAWN = 300
"""Leases, states and marks drawn, the newest of each; the text form holds all of them."""
MAX_CLIENTS = 12
"""Rows for clients: those that were answered last."""
MILLISECONDS = 1000.0
"""Plotly's dates are milliseconds since the epoch."""

MARK_KINDS = {"service": "stop or start", "cable": "cable", "administrator": "administrator"}
SYMBOLS = {"new": "star", "renewed": "triangle-right", "rebound": "diamond", "rebooted": "square"}

Trace = dict[str, Any]


def rows_of(history: History) -> list[str]:
    """Return the chart's rows from top to bottom: the clients, then the servers."""
    return drawn_clients(history) + history.servers


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


def lease_bars(answers: list[Answer], server: str) -> Trace:
    """Return the bars of the leases that one server gave."""
    mine = [answer for answer in answers if answer.server == server]
    return {
        "y": [answer.client for answer in mine],
        "base": [answer.start * MILLISECONDS for answer in mine],
        "x": [(answer.end - answer.start) * MILLISECONDS for answer in mine],
        "text": [answer.server for answer in mine],
        "hovertext": [lease_in_words(answer) for answer in mine],
    }


def how_points(answers: list[Answer], how: str) -> Trace:
    """Return the points at which leases were got in one way (``new``, ``renewed``, ...)."""
    mine = [answer for answer in answers if answer.how == how]
    return {
        "x": [answer.start * MILLISECONDS for answer in mine],
        "y": [answer.client for answer in mine],
        "hovertext": [lease_in_words(answer) for answer in mine],
    }


def timer_ticks(answers: list[Answer]) -> Trace:
    """Return T1 and T2 of each lease as far as it lasted that long, and the end of those that stand."""
    points = []
    for answer in answers:
        for name, when in (("T1", answer.t1), ("T2", answer.t2), ("expires", answer.expires)):
            if when < answer.end or (when == answer.end and not answer.ended):
                points.append((when * MILLISECONDS, answer.client, name))
    return {
        "x": [when for when, _, _ in points],
        "y": [client for _, client, _ in points],
        "text": [name for _, _, name in points],
        "hovertext": [f"{name} of {client}" for _, client, name in points],
    }


def state_bars(spans: list[Span], now: float) -> Trace:
    """Return the bars of the servers' states; the one that lasts goes on until now."""
    drawn = spans[-MAX_DRAWN:]
    looks = [state_look(span.label) for span in drawn]
    return {
        "y": [span.server for span in drawn],
        "base": [span.start * MILLISECONDS for span in drawn],
        "x": [max(0.0, (span.end if span.end is not None else now) - span.start) * MILLISECONDS for span in drawn],
        "text": [span.label for span in drawn],
        "hovertext": [span_in_words(span) for span in drawn],
        "marker.color": [colour for colour, _ in looks],
        "marker.pattern.shape": [pattern for _, pattern in looks],
    }


def mark_lines(marks: list[Mark], kind: str) -> Trace:
    """Return vertical lines (on an axis from 0 to 1) at the marks of one kind, each with a point on top."""
    drawn = [mark for mark in marks if mark.kind == kind][-MAX_DRAWN:]
    return {
        "x": [when for mark in drawn for when in (mark.time * MILLISECONDS,) * 2 + (None,)],
        "y": [height for _ in drawn for height in (0.0, 1.0, None)],
        "hovertext": [text for mark in drawn for text in ("", mark_in_words(mark), "")],
    }


def now_line(now: float) -> Trace:
    """Return the vertical line that is now."""
    return {"x": [now * MILLISECONDS] * 2, "y": [0.0, 1.0]}


def window_of(first: float, now: float, width: float) -> tuple[float, float]:
    """Return the part of lab time to show, in seconds: ``width`` of it, a fifth of that still to come."""
    begin = max(first, now - width * 0.8)
    return begin, begin + width


def lease_in_words(answer: Answer) -> str:
    """Describe a lease for the chart's hover text."""
    return (
        f"<b>{answer.client}: {format_ip(answer.address)} from {answer.server}</b>"
        f"<br>{HOW_IN_WORDS[answer.how]} at {at(answer.start)} for {answer.lease_time} s"
        f"<br>T1 {at(answer.t1)}, T2 {at(answer.t2)}, expires {at(answer.expires)}"
        + (f"<br>{answer.ended} at {at(answer.end)}" if answer.ended else "")
    )


def span_in_words(span: Span) -> str:
    """Describe a server's state for the chart's hover text."""
    until = f" to {at(span.end)}" if span.end is not None else " until now"
    return f"<b>{span.server}: {span.label}</b><br>from {at(span.start)}{until}<br>{span.because}"


def mark_in_words(mark: Mark) -> str:
    """Describe a mark for the chart's hover text."""
    return f"<b>{mark.host}{': ' if mark.host else ''}{mark.text}</b><br>{at(mark.time)}"


def at(time: float) -> str:
    """Return lab time as the clock on the wall, ``09:03:25``."""
    return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S")
