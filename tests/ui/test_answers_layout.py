from __future__ import annotations

from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from dhcpkit.lab.events import AdministratorActed, ServiceStarted, ServiceStopped
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import ServerState
from dhcpkit.ui.answers import Answer, History
from dhcpkit.ui.answers_layout import MAX_CLIENTS, MAX_DRAWN, drawn_clients, figure
from dhcpkit.ui.palette import STATE_LOOKS, STYLES, state_look, styles_of
from tests.ui.scenes import DHCP1, DHCP2, SERVERS, START, Log


def _history() -> History:
    log = Log().add(0, "DHCP1", ServiceStarted("server")).add(0, "DHCP2", ServiceStarted("server"))
    log.bound(0, DHCP2, "new", 60).bound(30, DHCP2, "renewed").state(40, "DHCP1", ServerState.NORMAL)
    log.add(45, "DHCP2", AdministratorActed("Stop")).add(45, "DHCP2", ServiceStopped("server", "stopped"))
    log.state(45, "DHCP1", ServerState.COMMUNICATIONS_INTERRUPTED).bound(135, DHCP1, "rebound")
    history = History(SERVERS)
    history.feed(log.events)
    return history


def _chart(history: History, now: float = START + 140) -> dict[str, Any]:
    return figure(history, styles_of(history.servers), now)


def _trace(chart: dict[str, Any], name: str) -> dict[str, Any]:
    return next(trace for trace in chart["data"] if trace.get("name") == name)


def _seconds(when: str) -> float:
    return datetime.fromisoformat(when + "+00:00").timestamp() - START


def test_plotly_takes_every_property_as_it_is_meant() -> None:
    chart = _chart(_history())
    made = go.Figure(chart)  # refuses a property or a value that plotly does not know
    assert made.layout.title.text == "Which server answered"
    assert len(made.data) == len(chart["data"])


def test_a_bar_has_the_look_of_its_server_in_colour_and_in_pattern() -> None:
    chart = _chart(_history())
    first, second = _trace(chart, "DHCP1"), _trace(chart, "DHCP2")
    assert first["marker"]["color"] != second["marker"]["color"]
    assert first["marker"]["pattern"]["shape"] != second["marker"]["pattern"]["shape"]
    assert [text.strip() for text in second["text"]] == ["DHCP2", "DHCP2"]


def test_bars_begin_and_end_when_the_leases_did() -> None:
    chart = _chart(_history())
    bars = _trace(chart, "DHCP2")
    assert [(_seconds(base), x / 1000) for base, x in zip(bars["base"], bars["x"], strict=True)] == [(0, 30), (30, 105)]
    assert bars["y"] == ["Client1", "Client1"]
    assert [_seconds(x) for x in _trace(chart, "rebound")["x"]] == [135]


def test_the_state_that_lasts_is_drawn_until_now_and_says_where_it_began() -> None:
    chart = _chart(_history(), START + 140)
    traces = [trace for trace in chart["data"] if "customdata" in trace]
    parts = ("y", "text", "x", "customdata")
    drawn = [bar for trace in traces for bar in zip(*(trace[part] for part in parts), strict=True)]
    assert ("DHCP1", "COMM-INT", 95_000, START + 45) in drawn
    assert ("DHCP1", "NORMAL", 5_000, None) in drawn


def test_marks_are_lines_from_bottom_to_top() -> None:
    marks = _trace(_chart(_history()), "stop or start")
    assert [None if x is None else _seconds(x) for x in marks["x"]] == [45, 45, None]
    assert marks["y"] == [0, 1, None]


def test_rows_are_the_clients_and_then_the_servers() -> None:
    axis = _chart(_history())["layout"]["yaxis"]
    assert axis["categoryarray"] == ["DHCP2", "DHCP1", "Client1"]


def test_the_number_of_traces_and_of_points_is_bounded() -> None:
    history = _history()
    empty = len(_chart(History(SERVERS))["data"])
    for number in range(2 * MAX_DRAWN):
        start = START + 200 + number
        name = f"Client{number % 40}"
        if name not in history.clients:
            history.clients.append(name)
        history.answers.append(Answer(name, "DHCP1", 1, "renewed", start, start, start, start + 1, start + 1))
    chart = _chart(history)
    assert len(chart["data"]) == empty
    assert len(drawn_clients(history)) == MAX_CLIENTS
    assert max(len(trace["x"]) for trace in chart["data"]) <= MAX_DRAWN
    assert history.answers[0].client == "Client1"  # the model itself forgets nothing


def test_an_answer_of_a_server_that_the_lab_does_not_know_is_drawn_as_such() -> None:
    history = History(SERVERS)
    history.feed(Log().bound(0, parse_ip("10.0.0.99"), "new").events)
    assert _trace(_chart(history), "another server")["y"] == ["Client1"]


def test_no_two_servers_share_a_colour_a_letter_a_shape_or_a_pattern() -> None:
    for what in ("colour", "letter", "shape", "pattern"):
        assert len({getattr(style, what) for style in STYLES}) == len(STYLES)


def test_no_state_looks_like_a_server() -> None:
    assert {(style.colour, style.pattern) for style in STYLES}.isdisjoint(STATE_LOOKS)


def test_states_that_differ_in_kind_differ_in_pattern_too() -> None:
    looks = [state_look(label) for label in ("NORMAL", "COMMUNICATIONS-INTERRUPTED", "stopped", "STARTUP")]
    assert len({pattern for _, pattern in looks}) == 4
    assert len({colour for colour, _ in looks}) == 4
