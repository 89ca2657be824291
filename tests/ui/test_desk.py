"""The desk of a real lab on the memory wire: what the widgets are told, and what the controls do to the lab."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhcpkit.lab.lab import Lab
from dhcpkit.ui.controls import controls_document
from dhcpkit.ui.desk import Desk
from dhcpkit.ui.pages import form_values

FORM: dict[str, Any] = {
    "act": "configure",
    "server": "dhcp2",
    "scope": "10.0.0.0",
    "partner": "dhcp1.contoso.com",
    "name": "",
    "authenticate": True,
    "secret": "secret",
    "hours": "0",
    "minutes": "1",
    "mode": "LoadBalance",
    "percent": "50",
    "role": "Active",
    "reserve": "5",
}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(wire="memory", speed=60) as lab:
        lab.dhcp2.add_guide_scope()
        yield lab


@pytest.fixture
def desk(lab: Lab) -> Iterator[Desk]:
    desk = Desk(lab)
    yield desk
    desk.close()


def eventually(desk: Desk, condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Look at a condition after each of the desk's updates, until it holds."""
    looked = threading.Event()
    held: list[bool] = []

    def look() -> None:
        held.append(condition())
        looked.set()

    end = time.monotonic() + timeout
    while time.monotonic() < end:
        looked.clear()
        desk.run_soon(look)
        assert looked.wait(timeout), "the desk has no update any more"
        if held[-1]:
            return
    pytest.fail(f"not in {timeout} s; the desk says: {desk.acts.report}; {desk.topology.scene}")


def host(desk: Desk, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(host for host in desk.topology.scene["hosts"] if host["key"] == key)
    return found


def configure(desk: Desk) -> None:
    desk.configuration.submit(FORM)
    eventually(desk, lambda: desk.acts.report.text == "Configure failover successful.")
    eventually(desk, lambda: host(desk, "dhcp1")["state"] == host(desk, "dhcp2")["state"] == "NORMAL")


def test_the_desk_follows_the_lab_by_itself(lab: Lab, desk: Desk) -> None:
    eventually(desk, lambda: host(desk, "client1")["served_by"] == "dhcp2")
    assert host(desk, "client1")["address"] == lab.client1.address
    eventually(desk, lambda: "Client1" in desk.chart.to_table())
    eventually(desk, lambda: "DHCP Server . . . . . . . . . . . : 10.0.0.2" in desk.pages.ipconfig.get("text", ""))
    assert desk.pages.ipconfig["host"] == "Client1"


def test_a_desk_made_late_shows_what_happened_before(lab: Lab) -> None:
    lab.until(lambda: lab.client1.served_by == "DHCP2").result()
    desk = Desk(lab)
    eventually(desk, lambda: host(desk, "client1")["served_by"] == "dhcp2")
    desk.close()


def test_the_form_configures_failover_and_shows_its_steps(lab: Lab, desk: Desk) -> None:
    eventually(desk, lambda: bool(desk.pages.form.get("servers")))
    (server,) = desk.pages.form["servers"]
    assert (server["key"], server["scopes"][0]["name"]) == ("dhcp2", "Contoso-scope1")
    assert (desk.pages.form["hours"], desk.pages.form["minutes"]) == (0, 1)
    configure(desk)
    status = lab.dhcp1.failover()
    assert status is not None
    assert (status.name, status.max_client_lead_time) == ("dhcp2.contoso.com-dhcp1.contoso.com", 60)
    assert desk.pages.steps[0] == ["Add scopes on partner server", "Successful"]
    assert {outcome for _, outcome in desk.pages.steps} == {"Successful"}
    eventually(desk, lambda: desk.pages.form["servers"] == [] and desk.pages.form["why"] != "")
    rows = {label: values for label, *values in desk.pages.properties["rows"]}
    assert rows["State of this Server"] == ["Normal", "Normal"]
    assert rows["State of Partner Server"] == ["Normal", "Normal"]
    assert rows["Max Client Lead Time"] == ["0 hrs 1 mins", "0 hrs 1 mins"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"partner": "dhcp9.contoso.com"}, "dhcp9.contoso.com"),
        ({"secret": ""}, "secret is empty"),
        ({"percent": "101"}, "101"),
        ({"hours": "0", "minutes": "0"}, "client lead time"),
        ({"hours": "many"}, "not complete"),
        ({"server": "client1"}, "no DHCP server"),
        ({"server": "dhcp9"}, "dhcp9"),
    ],
)
def test_a_wrong_form_is_refused_in_a_sentence_and_changes_nothing(
    lab: Lab, desk: Desk, change: dict[str, str], part: str
) -> None:
    desk.configuration.submit(FORM | change)
    eventually(desk, lambda: desk.acts.report.kind == "error")
    assert part in desk.acts.report.text
    assert "\n" not in desk.acts.report.text
    assert lab.dhcp2.failover() is None
    assert lab.dhcp1.scopes() == []


def test_stop_and_start_as_the_buttons_do_it(lab: Lab, desk: Desk) -> None:
    configure(desk)
    began = time.monotonic()
    desk.commands.carry_out({"act": "stop", "host": "dhcp2"})
    assert time.monotonic() - began < 0.1
    eventually(desk, lambda: host(desk, "dhcp2")["service"] == "stopped")
    eventually(desk, lambda: host(desk, "dhcp1")["state"] == "COMMUNICATIONS-INTERRUPTED")
    rows = {label: values for label, *values in desk.pages.properties["rows"]}
    assert rows["State of this Server"] == ["Communication Interrupted", "Service stopped"]
    assert not next(h for h in desk.controls.state["hosts"] if h["key"] == "dhcp2")["running"]
    desk.commands.carry_out({"act": "start", "host": "dhcp2"})
    eventually(desk, lambda: host(desk, "dhcp1")["state"] == host(desk, "dhcp2")["state"] == "NORMAL")
    assert "service stopped" in desk.chart.to_table()


def test_the_slider_gives_the_first_server_its_share_and_the_client_moves(lab: Lab, desk: Desk) -> None:
    configure(desk)
    eventually(desk, lambda: host(desk, "client1")["served_by"] == "dhcp2")
    address = lab.client1.address
    desk.commands.carry_out({"act": "share", "percent": 100})
    eventually(desk, lambda: desk.controls.state["sharing"].get("percent") == 100)
    status = lab.dhcp1.failover()
    assert status is not None
    assert status.load_balance_percent == 100
    assert host(desk, "dhcp2")["share"] == "0 % of the clients"
    eventually(desk, lambda: host(desk, "client1")["served_by"] == "dhcp1")
    assert lab.client1.address == address
    assert "rebound" in desk.chart.to_table()


def test_hot_standby_names_the_active_server(desk: Desk) -> None:
    configure(desk)
    desk.commands.carry_out({"act": "mode", "mode": "HotStandby"})
    eventually(desk, lambda: desk.controls.state["sharing"].get("mode") == "HotStandby")
    assert desk.controls.state["sharing"]["active"] == "DHCP2"
    assert host(desk, "dhcp1")["share"].startswith("standby")


def test_cables_clients_and_the_clock(lab: Lab, desk: Desk) -> None:
    desk.commands.carry_out({"act": "cable", "host": "client1", "cut": True})
    eventually(desk, lambda: not host(desk, "client1")["inbound"])
    desk.commands.carry_out({"act": "cable", "host": "client1", "cut": False})
    eventually(desk, lambda: bool(host(desk, "client1")["inbound"]))
    desk.commands.carry_out({"act": "add_client"})
    eventually(desk, lambda: len(desk.topology.scene["hosts"]) == 4 and host(desk, "client2")["address"] != "")
    desk.commands.carry_out({"act": "speed", "speed": 0})
    eventually(desk, lambda: desk.controls.state["clock"]["speed"] == 0)
    before = lab.clock.now()
    desk.commands.carry_out({"act": "next_event"})
    eventually(desk, lambda: lab.clock.now() > before)


@pytest.mark.parametrize(
    "asked",
    [
        {"act": "format_disk"},
        {"act": "__init__"},
        {},
        {"act": "stop"},
        {"act": "stop", "host": "dhcp9"},
        {"act": "renew", "host": "dhcp1"},
        {"act": "speed", "speed": -1},
        {"act": "share", "percent": 50},
        {"act": "mode", "mode": "Sideways"},
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(desk: Desk, asked: dict[str, Any]) -> None:
    desk.commands.carry_out(asked)
    eventually(desk, lambda: desk.acts.report.kind == "error" and not desk.acts.busy)
    assert desk.acts.report.text
    assert len(desk.acts.report.text) < 250


def test_a_wait_is_shown_until_it_is_over(lab: Lab, desk: Desk) -> None:
    shown: list[dict[str, Any]] = []
    desk.controls.observe(lambda change: shown.append(change["new"]), "waiting")
    lab.run(30).result()
    eventually(desk, lambda: len(shown) == 2)
    assert shown[0]["what"] == "30 s of lab time"
    assert shown[1] == {}


def test_choosing_a_host_turns_to_its_page(desk: Desk) -> None:
    desk.commands.carry_out({"act": "add_client"})
    eventually(desk, lambda: any(host["key"] == "client2" for host in desk.topology.scene["hosts"]))
    desk.topology.selected = "client2"
    eventually(desk, lambda: desk.pages.page == "ipconfig" and desk.pages.ipconfig["host"] == "Client2")
    desk.topology.selected = "dhcp1"
    eventually(desk, lambda: desk.pages.page == "properties")


def test_where_no_widget_can_be_shown_the_same_drawing_stands_every_time(lab: Lab, desk: Desk) -> None:
    bundle = desk._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(desk)
    assert "10.0.0.1" in data["text/plain"]
    assert "0x" not in data["text/plain"]
    eventually(desk, lambda: host(desk, "client1")["address"] != "")
    other = Desk(lab)
    assert repr(other) == repr(desk)
    other.close()


def test_all_that_the_widgets_are_told_is_json(lab: Lab, desk: Desk) -> None:
    configure(desk)
    for value in (desk.topology.scene, desk.controls.state, desk.pages.properties, desk.pages.form, desk.chart.figure):
        json.dumps(value)


def test_the_controls_know_what_is_busy(desk: Desk) -> None:
    eventually(desk, lambda: bool(desk.controls.state))
    document = controls_document(desk.readings, frozenset({"service-dhcp1", "clock"}))
    assert [host["busy"] for host in document["hosts"]] == [True, False, False]
    assert document["clock"]["busy"]


def test_a_form_without_authentication_has_no_secret() -> None:
    assert form_values(FORM | {"authenticate": False})["secret"] is None
    assert form_values(FORM)["mclt"] == 60
    assert form_values(FORM | {"name": " pair "})["name"] == "pair"
