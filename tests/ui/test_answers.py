from __future__ import annotations

import pytest

from dhcpkit.client.events import LeaseEnded
from dhcpkit.engine.events import RequestReceived
from dhcpkit.failover.events import RelationshipChanged
from dhcpkit.lab.events import AdministratorActed, LinkChanged, ServiceStarted, ServiceStopped
from dhcpkit.protocol.failover.codes import ServerState
from dhcpkit.ui.answers import History, answers, cable_in_words
from tests.ui.scenes import ADDRESS, DHCP1, DHCP2, MAC, RELATIONSHIP, SERVERS, START, Log


def test_the_move_to_the_other_server_is_three_leases_one_after_the_other() -> None:
    log = Log().bound(0, DHCP2, "new", 60).bound(30, DHCP2, "renewed").bound(135, DHCP1, "rebound")
    leases = answers(log.events, SERVERS)
    assert [(a.client, a.server, a.how, a.start - START, a.end - START, a.ended) for a in leases] == [
        ("Client1", "DHCP2", "new", 0, 30, "replaced"),
        ("Client1", "DHCP2", "renewed", 30, 135, "replaced"),
        ("Client1", "DHCP1", "rebound", 135, 255, ""),
    ]
    assert [a.lease_time for a in leases] == [60, 120, 120]
    assert (leases[2].t1 - START, leases[2].t2 - START) == (195, 240)


def test_a_client_whose_clock_is_ahead_is_drawn_at_lab_time() -> None:
    (lease,) = answers(Log().bound(10, DHCP2, "new", skew=3600).events, SERVERS)
    assert (lease.start - START, lease.expires - START) == (10, 130)


def test_a_lease_that_ran_out_ends_at_its_expiry_and_not_when_it_was_noticed() -> None:
    log = Log().bound(0, DHCP2, "new").add(121.5, "Client1", LeaseEnded(ADDRESS, DHCP2, "expired"))
    (lease,) = answers(log.events, SERVERS)
    assert (lease.end - START, lease.ended) == (120, "expired")


def test_a_lease_after_a_gap_leaves_the_former_one_at_its_own_end() -> None:
    log = (
        Log().bound(0, DHCP2, "new").add(50, "Client1", LeaseEnded(ADDRESS, DHCP2, "released")).bound(80, DHCP1, "new")
    )
    first, second = answers(log.events, SERVERS)
    assert (first.end - START, first.ended, second.start - START) == (50, "released", 80)


def test_a_client_of_another_make_is_known_by_the_servers_acknowledgements() -> None:
    hello = RequestReceived("DHCPREQUEST", "SELECTING", 7, b"", b"\x01" + MAC, "laptop", ADDRESS, 0, 0)
    bye = RequestReceived("DHCPRELEASE", "", 8, b"", b"\x01" + MAC, "", ADDRESS, 0, 0)
    log = Log().add(0, "DHCP1", hello).acknowledged(0, "DHCP1", "SELECTING").acknowledged(60, "DHCP1", "RENEWING")
    log.add(90, "DHCP1", bye)
    leases = answers(log.events, SERVERS)
    assert [(a.client, a.server, a.how, a.end - START, a.ended) for a in leases] == [
        ("laptop", "DHCP1", "new", 60, "replaced"),
        ("laptop", "DHCP1", "renewed", 90, "released"),
    ]


def test_the_clients_own_word_stands_against_the_servers() -> None:
    log = Log().acknowledged(0, "DHCP2", "SELECTING").bound(0.2, DHCP2, "new").acknowledged(60, "DHCP2", "RENEWING")
    history = History(SERVERS)
    history.feed(log.events)
    assert [(a.client, a.how) for a in history.answers] == [("Client1", "new")]
    assert history.clients == ["Client1"]


def test_an_acknowledgement_that_leases_nothing_is_no_lease() -> None:
    assert answers(Log().acknowledged(0, "DHCP1", "", 0).events, SERVERS) == []


def test_a_server_that_nobody_named_goes_by_its_address() -> None:
    assert answers(Log().bound(0, DHCP1, "new").events)[0].server == "10.0.0.1"


def test_a_servers_states_follow_each_other_without_gaps() -> None:
    log = Log().add(0, "DHCP2", ServiceStarted("server")).state(5, "DHCP2", ServerState.NORMAL, "agreed")
    log.add(20, "DHCP2", ServiceStopped("server", "stopped")).add(40, "DHCP2", ServiceStarted("server"))
    log.state(41, "DHCP2", ServerState.STARTUP).state(42, "DHCP2", ServerState.NORMAL)
    log.add(50, "DHCP2", RelationshipChanged(RELATIONSHIP, "deleted"))
    history = History(SERVERS)
    history.feed(log.events)
    spans = [(s.label, s.start - START, None if s.end is None else s.end - START) for s in history.spans]
    assert spans == [
        ("running", 0, 5),
        ("NORMAL", 5, 20),
        ("stopped", 20, 40),
        ("running", 40, 41),
        ("STARTUP", 41, 42),
        ("NORMAL", 42, 50),
        ("running", 50, None),
    ]
    kinds = [(m.kind, m.text) for m in history.marks if m.kind != "state"]
    assert kinds == [("service", "service stopped"), ("service", "service started")]


def test_the_text_form_tells_everything_in_the_order_of_time() -> None:
    log = Log().bound(0, DHCP2, "new").add(5, "DHCP2", AdministratorActed("Stop the DHCP Server service on DHCP2"))
    log.add(5, "DHCP2", ServiceStopped("server", "stopped")).add(9, "", LinkChanged("Client1", "", False, False))
    log.add(30, "Client1", LeaseEnded(ADDRESS, DHCP2, "released"))
    history = History(SERVERS)
    history.feed(log.events)
    assert [str(row) for row in history.rows()] == [
        "09:00:00  Client1     new lease 10.0.0.11 from DHCP2, 120 s",
        "09:00:05  DHCP2       Stop the DHCP Server service on DHCP2",
        "09:00:05  DHCP2       service stopped",
        "09:00:09  Client1     cable cut",
        "09:00:30  Client1     released 10.0.0.11",
    ]


def test_feeding_tells_whether_anything_changed() -> None:
    history = History(SERVERS)
    assert history.feed(Log().bound(0, DHCP2, "new").events)
    assert not history.feed(Log().add(1, "DHCP2", object()).events)
    assert history.feed(Log().add(1, "Client1", LeaseEnded(ADDRESS, DHCP2, "released")).events)
    assert not history.feed(Log().add(2, "Client1", LeaseEnded(ADDRESS, DHCP2, "released")).events)


def test_event_by_event_is_the_same_as_all_at_once() -> None:
    log = Log().bound(0, DHCP2, "new", 60).bound(30, DHCP2, "renewed").bound(135, DHCP1, "rebound")
    history = History(SERVERS)
    for event in log.events:
        history.feed([event])
    assert history.answers == answers(log.events, SERVERS)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (LinkChanged("DHCP1", "", False, False), "cable cut"),
        (LinkChanged("DHCP1", "", True, True), "cable mended"),
        (LinkChanged("DHCP1", "", True, False), "cable cut one way (hears only)"),
        (LinkChanged("DHCP1", "DHCP2", False, True), "path to DHCP2 cut one way (is heard only)"),
    ],
)
def test_what_happened_to_a_cable_is_said_in_words(link: LinkChanged, words: str) -> None:
    assert cable_in_words(link) == words
