"""What a server drops or ignores and why, and how it tells clients apart."""

from __future__ import annotations

import pytest

from dhcpkit.engine.events import MalformedDropped, RequestIgnored
from dhcpkit.protocol.dhcp import MessageType

from .talk import Talk, guide_scope, ip, mac


@pytest.fixture
def talk() -> Talk:
    return Talk()


# What gets no answer at all


def test_an_inactive_scope_does_not_answer_but_takes_releases():
    talk = Talk()
    address = talk.lease(1)
    talk.server.replace_scope(guide_scope(active=False), talk.now)
    for outcome in (talk.discover(2), talk.renew(address), talk.send(MessageType.INFORM, ciaddr=ip("10.0.0.77"))):
        assert outcome.answer == "silence"
        assert outcome.rule == "scope Contoso-scope1 is not active"
    assert talk.release(address).leases


def test_a_network_without_a_scope_is_not_answered():
    talk = Talk(addresses={"eth0": (ip("172.16.0.1"), 24)})
    assert talk.discover().rule == "no scope is for the network of 172.16.0.1"


@pytest.mark.parametrize(
    ("kind", "code", "rule"),
    [
        (None, "bootp", "BOOTP clients are not served"),
        (MessageType.OFFER, "not-for-servers", "DHCPOFFER is no message for a server to answer"),
        (MessageType.ACK, "not-for-servers", "DHCPACK is no message"),
    ],
)
def test_what_no_server_answers_is_ignored_and_counted(talk, kind, code, rule):
    outcome = talk.send(kind)
    assert outcome.answer == "silence"
    assert rule in outcome.rule
    assert talk.server.counters[f"ignored:{code}"] == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"op": 2}, "not-a-request"),
        ({"hops": 17}, "too-many-hops"),
        ({"giaddr": ip("239.1.1.1")}, "bad-giaddr"),
        ({"giaddr": ip("10.0.0.9"), "options": {82: b"\x05\x09"}}, "bad-relay-info"),
        ({"interface": "eth7"}, "unknown-interface"),
    ],
)
def test_what_is_no_request_is_dropped_and_counted(talk, fields, reason):
    outcome = talk.send(MessageType.DISCOVER, **fields)
    (dropped,) = outcome.events(MalformedDropped)
    assert dropped.reason == reason
    assert outcome.events(RequestIgnored) == []
    assert talk.server.counters == {f"malformed:{reason}": 1}


def test_sixteen_hops_are_not_too_many(talk):
    assert talk.send(MessageType.DISCOVER, hops=16).answer == "DHCPOFFER 10.0.0.11"


def test_messages_are_counted_by_name(talk):
    talk.lease(1)
    talk.reboot(ip("10.0.0.99"), 5)
    assert talk.server.counters == {
        "DHCPDISCOVER": 1,
        "DHCPOFFER": 1,
        "DHCPREQUEST": 2,
        "DHCPACK": 1,
        "ignored:unknown-client": 1,
    }


# Who a client is


def test_the_same_hardware_with_and_without_a_client_identifier_is_two_clients(talk):
    first = talk.lease(1)
    assert talk.lease(1, client_id=False) != first
    assert talk.renew(first, 1, client_id=False).answer == "DHCPNAK"
    assert talk.renew(first, 1).answer == "DHCPACK 10.0.0.11"


def test_the_same_client_identifier_on_other_hardware_is_the_same_client(talk):
    identifier = {61: b"\xff1234laptop"}
    address = talk.lease(1, options=identifier)
    assert talk.renew(address, 2, options=identifier).answer == "DHCPACK 10.0.0.11"
    assert talk.table.get(address).hardware == b"\x01" + mac(2)


def test_a_new_client_of_an_address_inherits_nothing():
    talk = Talk(guide_scope(end=ip("10.0.0.11")))
    address = talk.lease(1, options={12: b"first"})
    talk.table.change(talk.table.get(address), acked_potential=9, sent_potential=9, received_potential=9)
    talk.release(address)
    assert talk.lease(2) == address
    lease = talk.table.get(address)
    assert (lease.hostname, lease.acked_potential, lease.sent_potential, lease.received_potential) == ("", 0, 0, 0)
    assert talk.discover(1).answer == "silence"
