"""The rule of the maximum client lead time (MCLT): how long a promise may be (draft section 5.2).

A server promises a client at most MCLT more than what the partner is known to know. So when the partner has to take
over without a word, it is never more than MCLT behind. All times are whole seconds since the epoch.
"""

from __future__ import annotations

from math import floor
from typing import NamedTuple

from dhcpkit.engine.lease import Lease


class Grant(NamedTuple):
    """The seconds a client is promised; ``limited`` says that the MCLT made them fewer than desired."""

    seconds: int
    limited: bool


def known_until(lease: Lease | None, now: float) -> float:
    """Return until when the partner knows that the address may be in use; ``now`` when it knows nothing.

    That is what it acknowledged, or what it told this server and this server acknowledged.
    """
    if lease is None:
        return now
    return max(now, lease.acked_potential, lease.received_potential)


def grant(lease: Lease | None, desired: int, mclt: int, now: float) -> Grant:
    """Return what a client may be promised.

    Args:
        lease: The address's record; None when nobody ever had it.
        desired: What the scope's lease duration would give, seconds.
        mclt: Maximum client lead time, seconds.
        now: Seconds since the epoch.
    """
    allowed = max(1, floor(known_until(lease, now) + mclt - now))
    return Grant(allowed, True) if allowed < desired else Grant(desired, False)


def potential_expiration(contacted: int, expires: int, desired: int) -> int:
    """Return the potential expiration time to tell the partner of a lease.

    It is far enough ahead that the client's next renewal, at half of what it was given now, can be given in full.

    Args:
        contacted: When the client was promised its time.
        expires: The end of that promise.
        desired: The scope's lease duration, seconds.
    """
    return contacted + desired + (expires - contacted) // 2


def reusable_from(lease: Lease, mclt: int, since: float) -> float:
    """Return when an address whose lease has ended may go to another client without the partner's consent.

    For a server in PARTNER-DOWN: not before the partner's last possible promise plus MCLT has run out, and not before
    MCLT after the state was entered. A lease that began in this state was never known to the partner.

    Args:
        lease: The ended lease.
        mclt: Maximum client lead time, seconds.
        since: When PARTNER-DOWN was entered.
    """
    told = max(lease.sent_potential, lease.acked_potential, lease.received_potential)
    if not told and lease.contacted >= since:
        return lease.expires
    return max(lease.expires, told, since) + mclt
