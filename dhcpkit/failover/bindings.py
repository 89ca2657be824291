"""When a server takes a binding update from its partner, and when it refuses (draft section 7.1, in table form).

``ACCEPTANCE`` is the table for an update of an address about which this server has no news of its own under way. When
both servers sent an update for the same address, ``partner_wins`` decides, the same way on both.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dhcpkit.engine.lease import Lease, client_key
from dhcpkit.failover.settings import Role
from dhcpkit.protocol.failover.codes import BindingStatus, RejectReason
from dhcpkit.protocol.failover.payloads import RESERVED_FLAG, BindingUpdate

_FREE = BindingStatus.FREE
_ACTIVE = BindingStatus.ACTIVE
_EXPIRED = BindingStatus.EXPIRED
_RELEASED = BindingStatus.RELEASED
_ABANDONED = BindingStatus.ABANDONED
_RESET = BindingStatus.RESET
_BACKUP = BindingStatus.BACKUP

ENDED = (_EXPIRED, _RELEASED, _RESET)
"""Statuses on the way to FREE: the partner must agree first."""
UNUSED = (_FREE, _BACKUP)

CLOCK_TOLERANCE = 60
"""Seconds by which the partner's clock may be ahead when it says that a lease it gave has ended."""


class Condition(Enum):
    """What an update must pass."""

    ACCEPT = "always accepted"
    SAME_CLIENT = "accepted for the same client; for another one only by the secondary"
    LATER_CONTACT = "accepted when the partner heard the client later"
    NO_EARLIER_CONTACT = "accepted when the partner heard the client no earlier"
    OVERDUE = "accepted when the lease has run out here too"
    AFTER_RESET = "accepted when the partner heard the client after the reset here"
    LESS_CRITICAL = "refused: the address is ABANDONED here"


def _row(
    active: Condition, expired: Condition, released: Condition, unused: Condition, removed: Condition
) -> dict[BindingStatus, Condition]:
    return {
        _ACTIVE: active,
        _EXPIRED: expired,
        _RELEASED: released,
        _FREE: unused,
        _BACKUP: unused,
        _RESET: removed,
        _ABANDONED: removed,
    }


_ALWAYS = Condition.ACCEPT
_LATER = Condition.LATER_CONTACT
_LESS = Condition.LESS_CRITICAL

# The draft asks for a later contact before RELEASED ends an ACTIVE lease. Times are whole seconds, and a client may
# get and release an address within one; updates arrive in order, so an equal time is taken as later.
ACCEPTANCE: dict[BindingStatus, dict[BindingStatus, Condition]] = {
    # mine        received: ACTIVE, EXPIRED, RELEASED, FREE and BACKUP, RESET and ABANDONED
    _ACTIVE: _row(Condition.SAME_CLIENT, Condition.OVERDUE, Condition.NO_EARLIER_CONTACT, Condition.OVERDUE, _ALWAYS),
    _EXPIRED: _row(_LATER, _ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS),
    _RELEASED: _row(_LATER, _LATER, _ALWAYS, _ALWAYS, _ALWAYS),
    _FREE: _row(_ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS),
    _BACKUP: _row(_ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS),
    _RESET: _row(Condition.AFTER_RESET, _ALWAYS, _ALWAYS, _ALWAYS, _ALWAYS),
    _ABANDONED: _row(_LESS, _LESS, _LESS, _LESS, _ALWAYS),
}
"""What an update must pass, by the status here and the status received."""


class Refusal(NamedTuple):
    """Why an update (or a connection) is refused, for the partner and for people."""

    reason: RejectReason
    detail: str


def incomplete(update: BindingUpdate) -> Refusal | None:
    """Return the refusal of an update that lacks what its status needs (draft section 7.1.2)."""
    status = update.status
    missing = ""
    if status in (_ACTIVE, _EXPIRED, _RELEASED) and not update.hardware:
        missing = "client-hardware-address"
    elif status is _ACTIVE and not update.expires:
        missing = "lease-expiration-time"
    elif status is _ACTIVE and not update.potential:
        missing = "potential-expiration-time"
    elif status in (_ACTIVE, _RELEASED) and not update.contacted:
        missing = "client-last-transaction-time"
    if missing:
        return Refusal(RejectReason.MISSING_BINDING_INFORMATION, f"an update to {status.name} needs {missing}")
    if status is _BACKUP and update.flags & RESERVED_FLAG:
        return Refusal(RejectReason.NOT_RESERVED_HERE, "the address is not reserved on this server")
    return None


def refuses(mine: Lease | None, update: BindingUpdate, role: Role, now: float, partner: int) -> Refusal | None:
    """Return why a complete update of an address of the relationship is refused, None when it is accepted.

    Args:
        mine: What this server knows of the address; None for an address that nobody ever had.
        update: What the partner says.
        role: This server's role.
        now: Seconds since the epoch.
        partner: The partner's address, to tell whose clock a lease's end is measured by.
    """
    if mine is None:
        return None
    test = ACCEPTANCE[mine.status][update.status]
    if test is Condition.ACCEPT:
        return None
    if test is Condition.LESS_CRITICAL:
        return Refusal(RejectReason.LESS_CRITICAL_BINDING_INFORMATION, "the address is ABANDONED here")
    if test is Condition.SAME_CLIENT:
        if role is Role.SECONDARY or mine.client == client_key(update.client_id, update.hardware):
            return None
        return Refusal(RejectReason.FATAL_CONFLICT, "another client holds the address here")
    if test is Condition.OVERDUE:
        if now > mine.expires or _partner_knows_the_end(mine, update, now, partner):
            return None
        return Refusal(RejectReason.OUTDATED_BINDING_INFORMATION, "the lease has not run out here")
    if test is Condition.AFTER_RESET:
        accepted = update.contacted > mine.started
    elif test is Condition.NO_EARLIER_CONTACT:
        accepted = update.contacted >= mine.contacted
    else:
        accepted = update.contacted > mine.contacted
    if accepted:
        return None
    return Refusal(RejectReason.OUTDATED_BINDING_INFORMATION, "this server heard the client later")


def partner_wins(mine: Lease, update: BindingUpdate, role: Role) -> bool:
    """Say whose update counts when both servers have one under way for the same address.

    An ABANDONED address stays so. Of the same client the later contact counts, then ACTIVE beats every other status,
    then the later contact, then the lease that ends later, then the primary. Both servers come to the same answer,
    each from its own side.
    """
    if (mine.status is _ABANDONED) != (update.status is _ABANDONED):
        return update.status is _ABANDONED
    same_client = mine.client == client_key(update.client_id, update.hardware)
    if same_client and mine.contacted != update.contacted:
        return update.contacted > mine.contacted
    if (mine.status is _ACTIVE) != (update.status is _ACTIVE):
        return update.status is _ACTIVE
    if mine.contacted != update.contacted:
        return update.contacted > mine.contacted
    if mine.status is _ACTIVE and mine.expires != update.expires:
        return update.expires > mine.expires
    return role is Role.SECONDARY


def same_news(mine: Lease, update: BindingUpdate) -> bool:
    """Say whether both servers say the same of an address that is not ACTIVE: then there is nothing to decide."""
    return (
        mine.status is update.status
        and mine.status is not _ACTIVE
        and mine.contacted == update.contacted
        and mine.client == client_key(update.client_id, update.hardware)
    )


def settled(status: BindingStatus) -> BindingStatus:
    """Return what a status becomes once both servers know it: what has ended is FREE (draft section 7.2)."""
    return _FREE if status in ENDED else status


def _partner_knows_the_end(mine: Lease, update: BindingUpdate, now: float, partner: int) -> bool:
    # The partner gave the lease and tells its end from its own clock, which may be ahead of this one.
    return mine.granted_by == partner and update.contacted >= mine.contacted and now + CLOCK_TOLERANCE > mine.expires
