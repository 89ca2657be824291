"""A server asks its scope's authority and does what it says; here the authority says what the test wants."""

from __future__ import annotations

import pytest

from dhcpkit.engine.actions import Commit, Log, Send
from dhcpkit.engine.authority import Situation, Standalone
from dhcpkit.engine.events import LeaseChanged, PoolExhausted, RequestAnswered, RequestIgnored
from dhcpkit.protocol.failover.codes import BindingStatus

from .talk import Rules, Talk, guide_scope, ip

FIRST = ip("10.0.0.11")
SCOPE = ip("10.0.0.0")


@pytest.mark.parametrize("situation", list(Situation))
def test_a_client_that_is_not_this_servers_is_met_by_silence_and_leaves_no_trace(situation):
    rules = Rules()
    talk = Talk(authority=rules)
    if situation is not Situation.DISCOVER:
        talk.lease()
    rules.refused = {situation}
    before = [(lease.address, lease.status, lease.contacted, lease.expires) for lease in talk.table]
    told = len(rules.told)
    talk.now += 10
    send = {
        Situation.DISCOVER: talk.discover,
        Situation.SELECTING: lambda: talk.select(FIRST),
        Situation.INIT_REBOOT: lambda: talk.reboot(FIRST),
        Situation.RENEWING: lambda: talk.renew(FIRST),
        Situation.REBINDING: lambda: talk.rebind(FIRST),
    }
    outcome = send[situation]()
    assert outcome.answer == "silence"
    (ignored,) = outcome.events(RequestIgnored)
    assert (ignored.rule, ignored.state, ignored.bucket) == ("bucket 84 decides", "NORMAL", 84)
    assert [(lease.address, lease.status, lease.contacted, lease.expires) for lease in talk.table] == before
    assert len(rules.told) == told
    assert not talk.table.is_held(FIRST)
    assert talk.server.counters["ignored:not-mine"] == 1


def test_the_verdict_and_the_limit_are_told_with_the_answer():
    talk = Talk(authority=Rules(most=60))
    outcome = talk.discover()
    (answered,) = outcome.events(RequestAnswered)
    assert (answered.lease_time, answered.desired, answered.limit) == (60, 120, "the maximum client lead time")
    assert (answered.rule, answered.state, answered.bucket) == ("bucket 84 decides", "NORMAL", 84)
    ack = talk.select(FIRST)
    assert ack.reply.lease_time == 60
    assert ack.leases[0].expires == talk.now + 60


def test_the_partner_is_told_after_the_commit_and_the_answer():
    rules = Rules()
    talk = Talk(authority=rules)
    talk.discover()
    assert rules.told == [], "an offer is nothing to tell"
    outcome = talk.select(FIRST)
    kinds = [type(action) for action in outcome.actions]
    assert kinds[0] is Commit
    told = [i for i, a in enumerate(outcome.actions) if isinstance(a, Log) and isinstance(a.event, tuple)]
    assert told
    assert kinds.index(Send) < told[0]
    assert outcome.leases[0].unacknowledged, "what the authority amends is in the commit"


def test_new_clients_get_only_what_is_in_this_servers_share():
    rules = Rules(statuses=(BindingStatus.BACKUP,))
    talk = Talk(authority=rules)
    assert talk.discover().answer == "silence", "all is FREE, which is the partner's"
    for last in (30, 20):
        talk.table.change(talk.table.record(ip(f"10.0.0.{last}")), status=BindingStatus.BACKUP)
    assert talk.discover(1, want=ip("10.0.0.40")).answer == "DHCPOFFER 10.0.0.30", "the longest in the share first"
    assert talk.discover(2, want=ip("10.0.0.20")).answer == "DHCPOFFER 10.0.0.20"
    refused = talk.select(ip("10.0.0.40"), 3)
    assert refused.answer == "DHCPNAK"
    assert refused.rule == "10.0.0.40 is in the partner's share of the addresses"
    assert talk.discover(3).events(PoolExhausted)


def test_shares_are_taken_from_in_the_order_that_the_authority_prefers():
    rules = Rules(statuses=(BindingStatus.BACKUP, BindingStatus.FREE))
    talk = Talk(authority=rules)
    talk.table.change(talk.table.record(ip("10.0.0.77")), status=BindingStatus.BACKUP)
    assert [talk.discover(client).answer for client in (1, 2)] == ["DHCPOFFER 10.0.0.77", "DHCPOFFER 10.0.0.11"]


@pytest.mark.parametrize("how", ["renew", "rebind", "reboot"])
def test_a_lease_that_is_the_partners_to_extend_is_left_to_it(how):
    rules = Rules()
    talk = Talk(authority=rules)
    talk.lease()
    rules.extends = lambda lease: False
    outcome = getattr(talk, how)(FIRST)
    assert outcome.answer == "silence"
    assert outcome.rule == "the partner has the lease"


@pytest.mark.parametrize(("how", "answer"), [("renew", "DHCPNAK"), ("rebind", "silence"), ("reboot", "silence")])
def test_an_ended_lease_that_cannot_be_had_again_is_refused_only_to_who_asks_this_server_alone(how, answer):
    rules = Rules(reuses=False)
    talk = Talk(authority=rules)
    talk.lease()
    talk.now += 121
    talk.tick()
    assert talk.status(FIRST) is BindingStatus.EXPIRED
    rules.extends = lambda lease: False
    assert getattr(talk, how)(FIRST).answer == answer
    assert talk.discover().answer == "DHCPOFFER 10.0.0.12"


def test_a_client_may_have_its_ended_lease_again_where_the_authority_allows_it():
    rules = Rules(reuses=False)
    talk = Talk(authority=rules)
    talk.lease()
    talk.release(FIRST)
    assert talk.status(FIRST) is BindingStatus.RELEASED
    assert talk.discover(2, want=FIRST).answer == "DHCPOFFER 10.0.0.12"
    assert talk.select(FIRST, 3).rule == "10.0.0.11 is not free yet: the partner has not agreed"
    assert talk.discover(1).answer == "DHCPOFFER 10.0.0.11"
    assert talk.select(FIRST, 1).answer == "DHCPACK 10.0.0.11"


@pytest.mark.parametrize("how", ["renew", "rebind"])
@pytest.mark.parametrize("recorded", [True, False])
def test_who_has_an_address_from_the_partners_share_is_not_refused(how, recorded):
    """While the servers do not hear each other, the partner may have given it."""
    rules = Rules(statuses=(BindingStatus.BACKUP,))
    talk = Talk(authority=rules)
    if recorded:
        talk.table.record(FIRST)
    outcome = getattr(talk, how)(FIRST)
    assert outcome.answer == "silence"
    assert outcome.rule == "10.0.0.11 is not leased as far as this server knows, but its partner may have given it"
    rules.statuses = (BindingStatus.FREE,)
    assert getattr(talk, how)(FIRST).answer == "DHCPNAK", "nobody else can have given it"


def test_the_time_of_a_new_client_does_not_lean_on_what_another_was_promised():
    rules = Rules()
    talk = Talk(guide_scope(end=FIRST), authority=rules)
    talk.lease(1)
    talk.release(FIRST, 1)
    rules.granted_for.clear()
    talk.lease(2)
    assert rules.granted_for == [None, None]
    talk.renew(FIRST, 2)
    assert rules.granted_for[-1] is talk.table.get(FIRST)


# Time


def test_an_overdue_lease_expires_and_its_address_is_free():
    rules = Rules()
    talk = Talk(authority=rules)
    talk.lease()
    assert talk.server.next_deadline() == talk.now + 120
    talk.now += 119.9
    assert talk.tick().actions == []
    talk.now += 0.1
    outcome = talk.tick()
    assert [event.status for event in outcome.events(LeaseChanged)] == [BindingStatus.EXPIRED, BindingStatus.FREE]
    assert {event.by for event in outcome.events(LeaseChanged)} == {"timer"}
    assert len(outcome.of(Commit)) == 1
    assert rules.told[-2:] == [(FIRST, BindingStatus.EXPIRED), (FIRST, BindingStatus.FREE)]
    assert talk.server.next_deadline() is None


def test_a_renewed_lease_expires_by_its_new_time():
    talk = Talk()
    talk.lease()
    talk.now += 60
    talk.renew(FIRST)
    talk.now += 60
    assert talk.tick().actions == []
    assert talk.server.next_deadline() == talk.now + 60


def test_a_lease_that_the_partner_must_expire_is_asked_about_again():
    rules = Rules(expires=False)
    talk = Talk(authority=rules)
    talk.lease()
    talk.now += 120
    assert talk.tick().actions == []
    assert talk.status(FIRST) is BindingStatus.ACTIVE
    assert talk.server.next_deadline() == talk.now + 10
    rules.expires = True
    talk.now += 10
    assert talk.tick().leases[0].status is BindingStatus.FREE


def test_ended_leases_wait_for_the_partner_and_are_freed_when_addresses_run_out():
    rules = Rules(reuses=False)
    talk = Talk(guide_scope(end=ip("10.0.0.12")), authority=rules)
    talk.lease(1)
    talk.lease(2)
    talk.now += 121
    assert {lease.status for lease in talk.tick().leases} == {BindingStatus.EXPIRED}
    assert talk.discover(3).answer == "silence"
    rules.reuses = True
    assert talk.discover(3).answer == "silence", "it looked just now"
    talk.now += 1
    outcome = talk.discover(3)
    assert outcome.answer == "DHCPOFFER 10.0.0.11"
    assert {lease.status for lease in outcome.leases} == {BindingStatus.FREE}


def test_ended_leases_are_freed_when_a_relationship_is_gone():
    rules = Rules(reuses=False)
    talk = Talk(authority=rules)
    talk.lease()
    talk.release(FIRST)
    assert talk.server.free_ended(SCOPE, talk.now) == []
    rules.reuses = True
    commit, *_ = talk.server.free_ended(SCOPE, talk.now)
    assert isinstance(commit, Commit)
    assert talk.status(FIRST) is BindingStatus.FREE


def test_more_leases_than_a_batch_end_in_several_ticks():
    talk = Talk(guide_scope(end=ip("10.0.15.254"), prefix_length=20))
    for client in range(1500):
        talk.lease(client)
    talk.now += 121
    assert len(talk.tick().leases) == 1000
    assert talk.server.next_deadline() < talk.now
    assert len(talk.tick().leases) == 500
    assert talk.table.count(SCOPE, BindingStatus.ACTIVE) == 0


def test_a_server_without_a_partner_does_everything():
    talk = Talk(authority=Standalone())
    talk.lease()
    assert "every client" in talk.discover(2).rule
