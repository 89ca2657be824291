"""Row by row: what a server makes of each message (RFC 2131 sections 4.3.1 to 4.3.5)."""

from __future__ import annotations

import pytest

from dhcpkit.engine.events import (
    LeaseChanged,
    PoolExhausted,
    RequestAnswered,
    RequestReceived,
)
from dhcpkit.protocol.dhcp import MessageType
from dhcpkit.protocol.failover.codes import BindingStatus

from .talk import OTHER_SERVER, SERVER, START, Talk, guide_scope, ip, mac, packed

FIRST = ip("10.0.0.11")


@pytest.fixture
def talk() -> Talk:
    return Talk()


# How the situation shows in the fields


@pytest.mark.parametrize(
    ("situation", "to", "ciaddr", "options", "relay"),
    [
        ("SELECTING", "255.255.255.255", "0.0.0.0", {50: "10.0.0.11", 54: "10.0.0.2"}, "0.0.0.0"),
        ("INIT-REBOOT", "255.255.255.255", "0.0.0.0", {50: "10.0.0.11"}, "0.0.0.0"),
        ("RENEWING", "10.0.0.2", "10.0.0.11", {}, "0.0.0.0"),
        ("REBINDING", "255.255.255.255", "10.0.0.11", {}, "0.0.0.0"),
        ("REBINDING", "10.0.0.2", "10.0.0.11", {}, "10.0.0.9"),
        ("", "255.255.255.255", "0.0.0.0", {}, "0.0.0.0"),
    ],
)
def test_the_situation_is_told_from_the_fields(talk, situation, to, ciaddr, options, relay):
    outcome = talk.send(
        MessageType.REQUEST,
        to=ip(to),
        ciaddr=ip(ciaddr),
        giaddr=ip(relay),
        options={code: packed(value) for code, value in options.items()} | {12: b"client1"},
        secs=3,
    )
    (received,) = outcome.events(RequestReceived)
    asked = ip(options[50]) if 50 in options else ip(ciaddr)
    assert received == RequestReceived(
        "DHCPREQUEST", situation, 7, b"\x01" + mac(1), b"\x01" + mac(1), "client1", asked, 3, ip(relay)
    )


# DISCOVER


def test_a_discover_is_offered_the_first_free_address_and_nothing_is_written(talk):
    outcome = talk.discover()
    assert outcome.answer == "DHCPOFFER 10.0.0.11"
    assert outcome.leases == ()
    assert len(talk.table) == 0
    (answered,) = outcome.events(RequestAnswered)
    assert (answered.lease_time, answered.desired, answered.scope) == (120, 120, ip("10.0.0.0"))


def test_the_same_client_gets_the_same_offer_and_another_client_another(talk):
    assert [talk.discover(1).answer, talk.discover(2).answer, talk.discover(1).answer] == [
        "DHCPOFFER 10.0.0.11",
        "DHCPOFFER 10.0.0.12",
        "DHCPOFFER 10.0.0.11",
    ]


def test_an_offer_is_kept_for_a_minute_from_when_it_was_last_made(talk):
    talk.discover(1)
    talk.now += 59
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.12"
    talk.discover(1)
    talk.now += 59
    assert talk.discover(3).answer == "DHCPOFFER 10.0.0.13"
    talk.now += 1
    assert talk.discover(4).answer == "DHCPOFFER 10.0.0.12", "client 2's offer lapsed first, and comes back first"
    assert talk.discover(5).answer == "DHCPOFFER 10.0.0.11"


def test_an_offer_lapses_also_when_the_clock_is_set_back(talk):
    talk.discover(1)
    talk.now -= 3600
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.11"


def test_a_discover_without_a_free_address_is_met_by_silence():
    talk = Talk(guide_scope(end=ip("10.0.0.11")))
    talk.discover(1)
    outcome = talk.discover(2)
    assert outcome.answer == "silence"
    (exhausted,) = outcome.events(PoolExhausted)
    assert exhausted.scope == ip("10.0.0.0")
    assert "no address that this server may give" in outcome.rule
    talk.now += 61
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.11"


def test_a_client_is_offered_its_own_then_its_last_then_the_wanted_address(talk):
    address = talk.lease(1)
    assert talk.discover(1, want=ip("10.0.0.99")).answer == "DHCPOFFER 10.0.0.11", "what it has"
    talk.release(address, 1)
    talk.now += 1000
    assert talk.discover(1, want=ip("10.0.0.99")).answer == "DHCPOFFER 10.0.0.11", "what it had"
    assert talk.discover(2, want=ip("10.0.0.99")).answer == "DHCPOFFER 10.0.0.99", "what it wants"


@pytest.mark.parametrize("wanted", ["10.0.0.5", "10.0.0.255", "10.0.0.0", "192.168.1.1", "10.0.0.2", "10.0.0.12"])
def test_a_wanted_address_that_cannot_be_had_is_passed_over(wanted):
    talk = Talk(guide_scope(exclusions=()))
    talk.lease(7, options={})  # 10.0.0.1
    for client, address in ((8, "10.0.0.12"), (9, "10.0.0.5")):
        talk.discover(client, want=ip(address))
    assert talk.discover(1, want=ip(wanted)).answer == "DHCPOFFER 10.0.0.3"


def test_a_servers_own_address_is_never_given():
    talk = Talk(guide_scope(end=ip("10.0.0.3"), exclusions=()))
    assert [talk.discover(1).answer, talk.discover(2).answer, talk.discover(3).answer] == [
        "DHCPOFFER 10.0.0.1",
        "DHCPOFFER 10.0.0.3",
        "silence",
    ]
    assert talk.select(SERVER, 1).answer == "DHCPNAK"


# REQUEST in SELECTING


def test_a_chosen_offer_is_committed_then_acknowledged(talk):
    talk.discover()
    talk.now += 0.25
    outcome = talk.select(FIRST, options={12: b"Client1"})
    assert outcome.answer == "DHCPACK 10.0.0.11"
    (lease,) = outcome.leases
    assert lease is talk.table.get(FIRST)
    assert (lease.status, lease.client_id, lease.hardware, lease.hostname) == (
        BindingStatus.ACTIVE,
        b"\x01" + mac(1),
        b"\x01" + mac(1),
        "Client1",
    )
    assert (lease.started, lease.contacted, lease.granted_by) == (int(START), int(START), SERVER)
    assert lease.expires == START + 1 + 120, "rounded up: the client never believes in more than the server does"
    (changed,) = outcome.events(LeaseChanged)
    assert (changed.previous, changed.status, changed.by) == (None, BindingStatus.ACTIVE, "client")


def test_an_address_is_given_also_when_the_offer_was_forgotten(talk):
    assert talk.select(ip("10.0.0.50")).answer == "DHCPACK 10.0.0.50"


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("10.0.0.5", "10.0.0.5 is not leased by scope Contoso-scope1"),
        ("10.0.9.9", "10.0.9.9 is not leased by scope Contoso-scope1"),
        ("10.0.0.11", "10.0.0.11 is leased to another client"),
        ("10.0.0.12", "10.0.0.12 is offered to another client"),
        ("10.0.0.13", "10.0.0.13 is set aside: a client found it in use"),
    ],
)
def test_what_cannot_be_granted_is_refused(talk, address, rule):
    talk.lease(8)
    talk.discover(9)
    talk.decline(talk.lease(10), 10)
    before = {lease.address: lease.status for lease in talk.table}
    outcome = talk.select(ip(address))
    assert outcome.answer == "DHCPNAK"
    assert outcome.rule == rule
    assert outcome.reply.options[56].decode() == rule
    assert {lease.address: lease.status for lease in talk.table} == before


def test_a_client_that_chose_another_server_frees_its_offer(talk):
    talk.discover(1)
    outcome = talk.select(ip("10.0.0.200"), 1, server=OTHER_SERVER)
    assert outcome.answer == "silence"
    assert outcome.rule == "the client chose the offer of server 10.0.0.1"
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.11"


def test_a_choice_without_an_address_is_ignored(talk):
    outcome = talk.send(MessageType.REQUEST, options={54: packed("10.0.0.2")})
    assert outcome.answer == "silence"
    assert "option 50" in outcome.rule


def test_a_request_that_names_no_address_is_ignored(talk):
    assert talk.send(MessageType.REQUEST).rule == (
        "a DHCPREQUEST names an address in option 50 or ciaddr; this one does not"
    )


# REQUEST in INIT-REBOOT


@pytest.mark.parametrize(
    ("client", "address", "answer", "rule"),
    [
        (1, "10.0.0.11", "DHCPACK 10.0.0.11", "no failover relationship"),
        (1, "192.168.0.5", "DHCPNAK", "192.168.0.5 does not belong to network 10.0.0.0/24"),
        (9, "192.168.0.5", "DHCPNAK", "192.168.0.5 does not belong to network 10.0.0.0/24"),
        (1, "10.0.0.99", "DHCPNAK", "the client has 10.0.0.11, not 10.0.0.99"),
        (9, "10.0.0.11", "DHCPNAK", "10.0.0.11 is leased to another client"),
        (9, "10.0.0.99", "silence", "the client is not known here"),
        (9, "10.0.0.5", "silence", "the client is not known here"),
    ],
)
def test_init_reboot(talk, client, address, answer, rule):
    talk.lease(1)
    outcome = talk.reboot(ip(address), client)
    assert outcome.answer == answer
    assert rule in outcome.rule
    assert len(talk.table) == 1


def test_a_client_that_reboots_after_its_lease_ended_gets_it_again(talk):
    address = talk.lease(1)
    talk.now += 500
    talk.tick()
    assert talk.status(address) is BindingStatus.FREE
    assert talk.reboot(address).answer == "DHCPACK 10.0.0.11"
    (lease,) = talk.table.of_client(ip("10.0.0.0"), b"\x01\x01" + mac(1))
    assert lease.started == talk.now


# REQUEST in RENEWING and REBINDING


@pytest.mark.parametrize("how", ["renew", "rebind"])
@pytest.mark.parametrize(
    ("client", "address", "answer", "rule"),
    [
        (1, "10.0.0.11", "DHCPACK 10.0.0.11", "no failover relationship"),
        (9, "10.0.0.11", "DHCPNAK", "10.0.0.11 is leased to another client"),
        (9, "10.0.0.99", "DHCPNAK", "10.0.0.99 is not leased to this client"),
        (9, "10.0.0.5", "silence", "10.0.0.5 is not leased by scope Contoso-scope1; another server may"),
        (9, "10.0.0.12", "DHCPNAK", "10.0.0.12 is not leased to this client"),
    ],
)
def test_renewing_and_rebinding(talk, how, client, address, answer, rule):
    talk.lease(1)
    talk.decline(talk.lease(2), 2)
    talk.now += 60
    outcome = getattr(talk, how)(ip(address), client)
    assert outcome.answer == answer
    assert rule in outcome.rule
    if answer.startswith("DHCPACK"):
        assert outcome.reply.ciaddr == ip(address)
        assert outcome.leases[0].expires == talk.now + 120


def test_rebinding_with_an_address_of_another_network_is_refused(talk):
    assert talk.rebind(ip("192.168.0.5")).answer == "DHCPNAK"


def test_renewing_an_address_of_no_scope_is_ignored(talk):
    outcome = talk.renew(ip("192.168.0.5"))
    assert outcome.answer == "silence"
    assert outcome.rule == "no scope is for the network of 192.168.0.5"


def test_an_address_offered_to_another_client_meanwhile_is_not_renewed():
    talk = Talk(guide_scope(end=ip("10.0.0.11")))
    address = talk.lease(1)
    talk.now += 121
    talk.tick()
    talk.discover(2)
    assert talk.renew(address).answer == "DHCPNAK"
    assert talk.select(address, 2).answer == "DHCPACK 10.0.0.11"


def test_an_address_that_was_excluded_since_is_not_renewed(talk):
    address = talk.lease()
    talk.server.replace_scope(guide_scope(exclusions=[(ip("10.0.0.1"), ip("10.0.0.20"))]), talk.now)
    outcome = talk.renew(address)
    assert outcome.answer == "DHCPNAK"
    assert outcome.rule == "10.0.0.11 is no longer leased by scope Contoso-scope1"
    assert talk.discover().answer == "DHCPOFFER 10.0.0.21"


# DECLINE


def test_a_declined_address_is_set_aside_for_ten_minutes_and_its_client_forgotten(talk):
    address = talk.lease(1)
    outcome = talk.decline(address, 1)
    assert outcome.answer == "silence"
    assert [lease.status for lease in outcome.leases] == [BindingStatus.ABANDONED]
    (changed,) = outcome.events(LeaseChanged)
    assert (changed.status, changed.client_id) == (BindingStatus.ABANDONED, b"\x01" + mac(1))
    assert outcome.leases[0].client == b""
    assert talk.discover(1).answer == "DHCPOFFER 10.0.0.12"
    assert talk.server.next_deadline() == talk.now + 600
    talk.now += 599
    assert talk.tick().actions == []
    talk.now += 1
    assert [event.status for event in talk.tick().events(LeaseChanged)] == [BindingStatus.RESET, BindingStatus.FREE]
    assert talk.server.next_deadline() is None
    assert talk.table.count(ip("10.0.0.0"), BindingStatus.FREE) == 244


@pytest.mark.parametrize(
    ("client", "address", "server", "rule"),
    [
        (2, "10.0.0.11", SERVER, "10.0.0.11 is not leased to this client"),
        (1, "10.0.0.12", SERVER, "10.0.0.12 is not leased to this client"),
        (1, "192.168.0.1", SERVER, "192.168.0.1 is not leased to this client"),
        (1, "10.0.0.11", OTHER_SERVER, "the client tells server 10.0.0.1, not this one"),
    ],
)
@pytest.mark.parametrize("how", ["decline", "release"])
def test_nobody_else_can_decline_or_release_a_lease(talk, how, client, address, server, rule):
    held = talk.lease(1)
    outcome = getattr(talk, how)(ip(address), client, server=server)
    assert outcome.rule == rule
    assert outcome.leases == ()
    assert talk.status(held) is BindingStatus.ACTIVE


# RELEASE


def test_a_released_lease_is_free_at_once_and_its_client_remembered(talk):
    address = talk.lease(1)
    talk.now += 5
    outcome = talk.release(address, 1)
    assert outcome.answer == "silence"
    assert [event.status for event in outcome.events(LeaseChanged)] == [BindingStatus.RELEASED, BindingStatus.FREE]
    (lease,) = outcome.leases
    assert lease.client_id == b"\x01" + mac(1)
    assert talk.server.next_deadline() is None
    assert talk.release(address, 1).rule == "10.0.0.11 is not leased to this client", "once is enough"


# INFORM


def test_inform_is_told_options_and_no_lease(talk):
    outcome = talk.send(MessageType.INFORM, ciaddr=ip("10.0.0.77"), flags=0x8000)
    reply = outcome.reply
    assert reply.name == "DHCPACK"
    assert (reply.yiaddr, reply.ciaddr) == (0, ip("10.0.0.77"))
    assert not {51, 58, 59} & reply.options.keys()
    assert reply.options[6] == packed("10.0.0.1")
    assert (outcome.datagram.destination, outcome.datagram.destination_port) == (ip("10.0.0.77"), 68)
    assert len(talk.table) == 0


@pytest.mark.parametrize("ciaddr", ["0.0.0.0", "192.168.0.1", "10.0.0.255", "10.0.0.0"])
def test_inform_from_no_host_of_the_network_is_ignored(talk, ciaddr):
    outcome = talk.send(MessageType.INFORM, ciaddr=ip(ciaddr))
    assert outcome.answer == "silence"
    assert "is no host's of network 10.0.0.0/24" in outcome.rule
