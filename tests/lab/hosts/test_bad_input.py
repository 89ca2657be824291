"""What is wrong is refused by a sentence that says what would be right, and nothing is changed on either server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dhcpkit.failover.events import ConnectionRefused
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.failover.codes import RejectReason, ServerState


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(wire="memory", speed=0) as lab:
        lab.dhcp2.add_guide_scope()
        yield lab


def pair(lab: Lab, **given: object) -> None:
    lab.dhcp2.configure_failover(**{"secret": "secret", "mclt": 60, **given})


def settings(lab: Lab) -> list[object]:
    """What both servers hold, but for what changes by itself (counts of addresses)."""
    found: list[object] = []
    for server in lab.servers:
        status = server.failover()
        found.append([(scope.scope_id, scope.name, scope.active, scope.exclusions) for scope in server.scopes()])
        found.append(status.properties() if status else None)
    return found


def refused(lab: Lab, act: Callable[[], object], *says: str) -> None:
    """The act is refused with a sentence that holds all of ``says``, and nothing is changed by it."""
    before = settings(lab)
    with pytest.raises(LabError) as error:
        act()
    for words in says:
        assert words in str(error.value)
    assert settings(lab) == before


SCOPE = {"name": "Contoso-scope2", "start": "10.0.1.1", "end": "10.0.1.254", "prefix_length": 24}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"start": "10.0.0.200", "end": "10.0.0.220"}, ["10.0.0.0"]),
        ({"start": "10.0.1.254", "end": "10.0.1.1"}, ["10.0.1.254", "10.0.1.1"]),
        ({"end": "10.0.2.10"}, ["10.0.2.10"]),
        ({"exclusions": [("10.0.2.1", "10.0.2.9")]}, ["10.0.2.1"]),
        ({"exclusions": [("10.0.1.9", "10.0.1.1")]}, ["10.0.1.9"]),
        ({"lease_duration": 0}, ["0"]),
        ({"prefix_length": 33}, ["33"]),
        ({"start": "10.0.1"}, ["10.0.1", "four numbers"]),
        ({"start": 5}, ["5", "four numbers"]),
        ({"exclusions": [5]}, ["5", "first and last address"]),
        ({"lease_duration": 2.5}, ["lease duration is 2.5", "whole number"]),
        ({"prefix_length": "24"}, ["prefix length is '24'", "whole number"]),
        ({"active": "no"}, ["'no'", "True or False"]),
        ({"name": 5}, ["name is 5", "text"]),
    ],
)
def test_a_scope_that_cannot_be(lab: Lab, wrong: dict[str, object], says: list[str]) -> None:
    refused(lab, lambda: lab.dhcp2.add_scope(**{**SCOPE, **wrong}), *says)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"percent": 130}, ["130", "0 to 100"]),
        ({"percent": -1}, ["-1", "0 to 100"]),
        ({"percent": 50.5}, ["50.5", "whole number"]),
        ({"percent": "50"}, ["'50'", "whole number"]),
        ({"percent": True}, ["True", "whole number"]),
        ({"mode": "HotStandby", "reserve": 101}, ["101", "0 to 100"]),
        ({"mclt": 0}, ["0 s", "at least 1"]),
        ({"mclt": -60}, ["-60 s", "at least 1"]),
        ({"mclt": "soon"}, ["maximum client lead time"]),
        ({"switch_interval": 0}, ["switchover interval", "at least 1"]),
        ({"secret": ""}, ["shared secret is empty"]),
        ({"mode": "Sometimes"}, ["'Sometimes'", "LoadBalance or HotStandby"]),
        ({"role": "Boss"}, ["'Boss'", "Active or Standby"]),
        ({"name": "n" * 127}, ["126"]),
        ({"name": ""}, ["1 to 126 characters", "not 0"]),
        ({"scope": []}, ["no scope is named"]),
        ({"scope": "10.9.9.0"}, ["no scope 10.9.9.0", "10.0.0.0"]),
        ({"scope": "everything"}, ["everything"]),
        ({"partner": "dhcp9.contoso.com"}, ["dhcp9.contoso.com", "cannot be resolved", "dhcp1.contoso.com"]),
        ({"partner": "dhcp2.contoso.com"}, ["own failover partner"]),
        ({"partner": "10.0.0.77"}, ["10.0.0.77", "not reachable"]),
        ({"dialect": "esperanto"}, ["esperanto"]),
    ],
)
def test_a_relationship_that_cannot_be(lab: Lab, wrong: dict[str, object], says: list[str]) -> None:
    refused(lab, lambda: pair(lab, **wrong), *says)


@pytest.mark.parametrize("skew", [61.5, -61.5])
def test_a_partner_whose_clock_is_more_than_a_minute_off(lab: Lab, skew: float) -> None:
    lab.dhcp1.set_skew(skew)
    refused(lab, lambda: pair(lab), "clocks of the two servers differ by", "synchronize")


@pytest.mark.parametrize("skew", [59, -59])
def test_a_partner_whose_clock_is_less_than_a_minute_off(lab: Lab, skew: float) -> None:
    lab.dhcp1.set_skew(skew)
    pair(lab)
    assert lab.dhcp2.failover().state is ServerState.NORMAL


def test_a_partner_that_cannot_be_reached(lab: Lab) -> None:
    lab.cut("dhcp1")
    with pytest.raises(LabError, match="not reachable"):
        pair(lab)
    lab.mend("dhcp1")
    lab.cut("dhcp1", "dhcp2")
    refused(lab, lambda: pair(lab), "not reachable")


def test_a_partner_whose_service_is_stopped(lab: Lab) -> None:
    lab.dhcp1.stop()
    with pytest.raises(LabError, match="service is not running on the partner server"):
        pair(lab)
    assert lab.dhcp2.failover() is None


def test_a_partner_that_has_the_scope_already(lab: Lab) -> None:
    lab.dhcp1.add_guide_scope()
    refused(lab, lambda: pair(lab), "already has the scope 10.0.0.0", "deleted there first")


def test_a_third_server(lab: Lab) -> None:
    pair(lab)
    refused(lab, lambda: pair(lab, name="another"), "takes two servers", "deconfigure failover first")


def test_a_name_that_is_taken(lab: Lab) -> None:
    pair(lab)
    lab.dhcp2.add_scope(**SCOPE)
    refused(lab, lambda: pair(lab, scope="10.0.1.0"), "choose another name")


@pytest.mark.parametrize("percent", [101, -1, 0.5, None])
def test_an_edit_that_cannot_be(lab: Lab, percent: object) -> None:
    pair(lab)
    refused(lab, lambda: lab.dhcp1.set_failover(percent=percent), "0 to 100")


def test_an_edit_while_the_partner_is_away(lab: Lab) -> None:
    pair(lab)
    lab.dhcp1.stop()
    before = lab.dhcp2.failover().properties()
    with pytest.raises(LabError, match="not running"):
        lab.dhcp2.set_failover(percent=0)
    after = lab.dhcp2.failover().properties()
    assert after["Local Server"] == before["Local Server"] == "50 %"


def test_partner_down_while_the_partner_is_there(lab: Lab) -> None:
    pair(lab)
    refused(lab, lambda: lab.dhcp1.partner_down(), "COMMUNICATIONS-INTERRUPTED")


def test_a_wrong_shared_secret_keeps_the_servers_apart_until_it_is_right_again(lab: Lab) -> None:
    pair(lab)
    lab.dhcp1.set_failover(secret="another", only_here=True)
    lab.until(lambda: bool(lab.events.of(ConnectionRefused)), what="a refusal").result()
    refusals = {event.what.reason for event in lab.events.of(ConnectionRefused)}
    assert refusals <= {RejectReason.DIGEST_MISMATCH}
    assert not lab.dhcp1.failover().in_contact
    assert "secret" in lab.dhcp1.failover().problem or "secret" in lab.dhcp2.failover().problem
    lab.dhcp1.set_failover(secret="secret", only_here=True)
    lab.until(lambda: all(server.failover().state is ServerState.NORMAL for server in lab.servers)).result()
    assert lab.dhcp1.failover().problem == lab.dhcp2.failover().problem == ""


def test_nothing_given_to_a_relationship_that_is_not_there(lab: Lab) -> None:
    refused(lab, lambda: lab.dhcp2.set_failover(percent=0), "DHCP2")
    refused(lab, lambda: lab.dhcp2.remove_failover(), "DHCP2")
    refused(lab, lambda: lab.dhcp2.replicate("no such"), "no such")
