from dataclasses import replace

import pytest

from dhcpkit.engine.lease import Lease
from dhcpkit.failover.bindings import ACCEPTANCE, incomplete, partner_wins, refuses, same_news, settled
from dhcpkit.failover.settings import Role
from dhcpkit.protocol.failover.codes import BindingStatus, RejectReason
from dhcpkit.protocol.failover.payloads import RESERVED_FLAG, BindingUpdate

S = BindingStatus
ME, PARTNER = 0x0A000001, 0x0A000002
HARDWARE, OTHER = b"\x01\x02\x00\x00\x00\x00\x11", b"\x01\x02\x00\x00\x00\x00\x12"


def lease(status, contacted=100, expires=200, started=100, hardware=HARDWARE, granted_by=ME):
    return Lease(
        1, 0, status, hardware=hardware, started=started, contacted=contacted, expires=expires, granted_by=granted_by
    )


def update(status, contacted=100, hardware=HARDWARE, **more):
    return BindingUpdate(1, status, hardware=hardware, contacted=contacted, expires=300, potential=400, **more)


def answer(mine, received, role=Role.SECONDARY, now=150.0):
    refusal = refuses(mine, received, role, now, PARTNER)
    return refusal.reason if refusal else None


# The draft's table in its own order: rows are mine, columns ACTIVE, EXPIRED, RELEASED, FREE, BACKUP, RESET, ABANDONED.
# "a" same client, "1" later contact, "2" run out here, "3" contact after the reset, "r" reject 16, "y" accept.
DRAFT = {
    S.ACTIVE: "a2122yy",
    S.EXPIRED: "1yyyyyy",
    S.RELEASED: "11yyyyy",
    S.FREE: "yyyyyyy",
    S.BACKUP: "yyyyyyy",
    S.RESET: "3yyyyyy",
    S.ABANDONED: "rrrrryy",
}
COLUMNS = (S.ACTIVE, S.EXPIRED, S.RELEASED, S.FREE, S.BACKUP, S.RESET, S.ABANDONED)


@pytest.mark.parametrize("mine", list(S))
@pytest.mark.parametrize("received", list(S))
def test_the_drafts_table(mine, received):
    rule = DRAFT[mine][COLUMNS.index(received)]
    if rule == "y":
        assert answer(lease(mine), update(received, contacted=1)) is None
    elif rule == "a":
        assert answer(lease(mine), update(received)) is None
        assert answer(lease(mine), update(received), Role.PRIMARY) is None
        assert answer(lease(mine), update(received, hardware=OTHER)) is None
        assert answer(lease(mine), update(received, hardware=OTHER), Role.PRIMARY) is RejectReason.FATAL_CONFLICT
    elif rule == "1":
        assert answer(lease(mine), update(received, contacted=101)) is None
        assert answer(lease(mine), update(received, contacted=99)) is RejectReason.OUTDATED_BINDING_INFORMATION
        assert answer(lease(mine), update(received, contacted=0)) is RejectReason.OUTDATED_BINDING_INFORMATION
        assert answer(lease(mine, contacted=0), update(received, contacted=1)) is None
    elif rule == "2":
        assert answer(lease(mine), update(received), now=200.5) is None
        assert answer(lease(mine), update(received), now=199.5) is RejectReason.OUTDATED_BINDING_INFORMATION
    elif rule == "3":
        assert answer(lease(mine, started=120), update(received, contacted=121)) is None
        assert (
            answer(lease(mine, started=120), update(received, contacted=120))
            is RejectReason.OUTDATED_BINDING_INFORMATION
        )
    else:
        assert answer(lease(mine), update(received)) is RejectReason.LESS_CRITICAL_BINDING_INFORMATION


def test_the_table_has_every_pair():
    assert set(ACCEPTANCE) == set(S)
    assert all(set(row) == set(S) for row in ACCEPTANCE.values())


def test_an_address_never_seen_takes_anything():
    assert answer(None, update(S.ACTIVE)) is None


def test_a_release_within_the_second_of_the_lease_counts():
    assert answer(lease(S.ACTIVE), update(S.RELEASED, contacted=100)) is None
    # But an ended lease does not come back by news of the same second.
    assert answer(lease(S.RELEASED), update(S.ACTIVE, contacted=100)) is RejectReason.OUTDATED_BINDING_INFORMATION


def test_the_giver_says_when_its_lease_ends_even_when_its_clock_is_ahead():
    given_by_partner = lease(S.ACTIVE, granted_by=PARTNER)
    assert answer(given_by_partner, update(S.EXPIRED), now=150) is None
    assert answer(given_by_partner, update(S.EXPIRED), now=139) is RejectReason.OUTDATED_BINDING_INFORMATION
    assert answer(given_by_partner, update(S.EXPIRED, contacted=99), now=150) is not None  # it missed a renewal


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"hardware": b""}, "client-hardware-address"),
        ({"expires": 0}, "lease-expiration-time"),
        ({"potential": 0}, "potential-expiration-time"),
        ({"contacted": 0}, "client-last-transaction-time"),
    ],
)
def test_missing_information(change, word):
    assert incomplete(update(S.ACTIVE)) is None
    refusal = incomplete(replace(update(S.ACTIVE), **change))
    assert refusal.reason is RejectReason.MISSING_BINDING_INFORMATION
    assert word in refusal.detail


def test_free_and_abandoned_need_no_client():
    for status in (S.FREE, S.BACKUP, S.ABANDONED, S.RESET):
        assert incomplete(BindingUpdate(1, status)) is None
    assert incomplete(BindingUpdate(1, S.EXPIRED)).reason is RejectReason.MISSING_BINDING_INFORMATION


def test_a_reserved_address_goes_to_backup_only_where_it_is_reserved():
    assert incomplete(update(S.BACKUP, flags=RESERVED_FLAG)).reason is RejectReason.NOT_RESERVED_HERE


CROSSING = [
    (lease(status, contacted, expires, hardware=hardware), role)
    for status in S
    for contacted in (0, 100, 150)
    for expires in (200, 260)
    for hardware in (HARDWARE, OTHER)
    for role in Role
]


def told(mine):
    return BindingUpdate(1, mine.status, hardware=mine.hardware, contacted=mine.contacted, expires=mine.expires)


@pytest.mark.parametrize(("mine", "role"), CROSSING)
def test_crossing_updates_have_one_winner(mine, role):
    """Whatever the two sent: exactly one of the two servers says that the other's counts."""
    for theirs, their_role in CROSSING:
        if their_role is role:
            continue
        received = told(theirs)
        sent = told(mine)
        assert partner_wins(mine, received, role) != partner_wins(theirs, sent, their_role)


def test_crossing_prefers_the_later_contact_then_active_then_the_primary():
    assert partner_wins(lease(S.ACTIVE, 100), update(S.ACTIVE, 120), Role.PRIMARY)
    assert not partner_wins(lease(S.ACTIVE, 120), update(S.ACTIVE, 100), Role.SECONDARY)
    assert partner_wins(lease(S.BACKUP, 0, hardware=b""), update(S.ACTIVE), Role.PRIMARY)
    assert partner_wins(lease(S.FREE, 100), update(S.BACKUP, 100), Role.SECONDARY)
    assert not partner_wins(lease(S.FREE, 100), update(S.BACKUP, 100), Role.PRIMARY)


def test_the_same_news_from_both_needs_no_winner():
    assert same_news(lease(S.EXPIRED), update(S.EXPIRED))
    assert not same_news(lease(S.EXPIRED), update(S.RELEASED))
    assert not same_news(lease(S.EXPIRED), update(S.EXPIRED, contacted=101))
    assert not same_news(lease(S.EXPIRED), update(S.EXPIRED, hardware=OTHER))
    assert not same_news(lease(S.ACTIVE), update(S.ACTIVE))  # two promises: the longer one must be kept


def test_what_has_ended_becomes_free():
    assert [settled(status) for status in S] == [S.FREE, S.ACTIVE, S.FREE, S.FREE, S.ABANDONED, S.FREE, S.BACKUP]
