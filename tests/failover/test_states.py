import pytest

from dhcpkit.failover.settings import Role
from dhcpkit.failover.states import RESUMED, SERVICE, TRANSITIONS, Event, Service, transition, wants_updates
from dhcpkit.protocol.failover.codes import ServerState as S

BOTH = tuple(Role)


def to(state, cause, role=Role.PRIMARY):
    row = transition(state, cause, role)
    return row.to if row else None


@pytest.mark.parametrize("role", BOTH)
def test_the_tables_of_the_draft(role):
    """Section 9's prose as lists: what the partner's state leads to, by own state."""
    expected = {
        S.NORMAL: {S.PAUSED: S.COMMUNICATIONS_INTERRUPTED, S.SHUTDOWN: S.PARTNER_DOWN},
        S.COMMUNICATIONS_INTERRUPTED: {
            S.NORMAL: S.NORMAL,
            S.COMMUNICATIONS_INTERRUPTED: S.NORMAL,
            S.RECOVER_DONE: S.NORMAL,
            S.RECOVER: None,
            S.RECOVER_WAIT: None,
            S.PAUSED: None,
            S.PARTNER_DOWN: S.POTENTIAL_CONFLICT,
            S.POTENTIAL_CONFLICT: S.POTENTIAL_CONFLICT,
            S.CONFLICT_DONE: S.POTENTIAL_CONFLICT,
            S.RESOLUTION_INTERRUPTED: S.POTENTIAL_CONFLICT,
            S.SHUTDOWN: S.PARTNER_DOWN,
        },
        S.PARTNER_DOWN: {
            S.RECOVER: None,
            S.RECOVER_WAIT: None,
            S.PAUSED: None,
            S.SHUTDOWN: None,
            S.RECOVER_DONE: S.NORMAL,
            S.NORMAL: S.POTENTIAL_CONFLICT,
            S.COMMUNICATIONS_INTERRUPTED: S.POTENTIAL_CONFLICT,
            S.PARTNER_DOWN: S.POTENTIAL_CONFLICT,
            S.POTENTIAL_CONFLICT: S.POTENTIAL_CONFLICT,
            S.RESOLUTION_INTERRUPTED: S.POTENTIAL_CONFLICT,
            S.CONFLICT_DONE: S.POTENTIAL_CONFLICT,
        },
        S.RECOVER_DONE: {S.NORMAL: S.NORMAL, S.RECOVER_DONE: S.NORMAL, S.PARTNER_DOWN: None},
        S.CONFLICT_DONE: {S.NORMAL: S.NORMAL, S.POTENTIAL_CONFLICT: None},
    }
    for state, moves in expected.items():
        for partner, leads_to in moves.items():
            assert to(state, partner, role) is leads_to, (state, partner)


def test_a_lost_contact():
    assert to(S.NORMAL, Event.CONTACT_LOST) is S.COMMUNICATIONS_INTERRUPTED
    assert to(S.POTENTIAL_CONFLICT, Event.CONTACT_LOST) is S.RESOLUTION_INTERRUPTED
    for state in (S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE, S.CONFLICT_DONE, S.PARTNER_DOWN, S.STARTUP):
        assert to(state, Event.CONTACT_LOST) is None


def test_the_administrators_word_counts_only_without_contact():
    assert to(S.COMMUNICATIONS_INTERRUPTED, Event.ADMINISTRATOR) is S.PARTNER_DOWN
    assert to(S.RESOLUTION_INTERRUPTED, Event.ADMINISTRATOR) is S.PARTNER_DOWN
    assert to(S.NORMAL, Event.ADMINISTRATOR) is None


def test_resolving_a_conflict_goes_primary_first():
    assert wants_updates(S.POTENTIAL_CONFLICT, S.POTENTIAL_CONFLICT, Role.PRIMARY)
    assert not wants_updates(S.POTENTIAL_CONFLICT, S.POTENTIAL_CONFLICT, Role.SECONDARY)
    assert to(S.POTENTIAL_CONFLICT, Event.UPDATES_DONE, Role.PRIMARY) is S.CONFLICT_DONE
    assert wants_updates(S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, Role.SECONDARY)
    assert to(S.POTENTIAL_CONFLICT, Event.UPDATES_DONE, Role.SECONDARY) is S.NORMAL
    assert to(S.NORMAL, S.CONFLICT_DONE, Role.SECONDARY) is None  # the primary follows in a moment
    assert to(S.CONFLICT_DONE, S.NORMAL) is S.NORMAL


@pytest.mark.parametrize("role", BOTH)
def test_a_partner_that_stands_still_leads_to_rest(role):
    """Looking at the partner's state again after each move ends: the table has no circle."""
    for state in S:
        for partner in S:
            seen = [state]
            while (row := transition(seen[-1], partner, role)) is not None:
                assert row.to not in seen, (state, partner, seen)
                seen.append(row.to)


def test_every_row_can_be_reached_and_says_why():
    assert len({(row.state, row.cause, row.role) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert all(row.rule and row.to is not row.state for row in TRANSITIONS)
    reachable = {row.to for row in TRANSITIONS} | set(RESUMED.values()) | {S.STARTUP, S.RECOVER}
    # Windows never pauses or shuts down a relationship; the states are known only as the partner's.
    assert reachable == set(S) - {S.PAUSED, S.SHUTDOWN}


def test_what_each_state_serves():
    assert set(SERVICE) == set(S)
    silent = {state for state, (service, _) in SERVICE.items() if service is Service.NOTHING}
    assert silent == {
        S.STARTUP,
        S.RECOVER,
        S.RECOVER_WAIT,
        S.POTENTIAL_CONFLICT,
        S.PAUSED,
        S.SHUTDOWN,
    }
    assert SERVICE[S.RECOVER_DONE][0] is Service.RENEWALS
