"""When a client does something next: its waits, in seconds of the client's own clock.

RFC 2131 gives most of them. Where the lab differs, because its leases are two minutes and not eight days, it says so.
"""

from __future__ import annotations

import math
import random

from dhcpkit.protocol.options import INFINITE

FIRST_WAIT = 4.0
"""Seconds before the first retransmission, doubled each time (RFC 2131 section 4.1)."""

LONGEST_WAIT = 64.0
"""Seconds that doubling stops at (RFC 2131 section 4.1)."""

WAIT_SPREAD = 1.0
"""Seconds by which a wait is longer or shorter, at random, so that clients do not stay in step (section 4.1)."""

TRIES = 3
"""Messages without an answer after which a client says that there is no server: half a minute."""

RENEWAL_FLOOR = 4.0
"""Shortest wait between two tries to renew. The RFC says 60 s (section 4.4.5), which is half of a lease here."""

UNICAST_WAIT = 4.0
"""Seconds that a renewal asked for by a person waits for the leasing server before everybody is asked."""

DECLINE_WAIT = 10.0
"""Seconds between a DHCPDECLINE and a new start (RFC 2131 section 3.1 step 5)."""

NAK_WAIT = 1.0
"""Seconds between a DHCPNAK and a new start, so that a server that refuses everything is not asked all the time."""

OFFER_WAIT = 1.0
"""Seconds that a client waits for an offer of the address it had, once it has an offer of another."""

PROBE_WAIT = 0.2
"""Seconds that a client waits for an answer to its ARP probe. Windows takes about a second."""


def retransmission_wait(attempt: int, rng: random.Random) -> float:
    """Return the wait after the ``attempt``-th message, counted from 1: 4, 8, 16 ... 64 s, each plus or minus one."""
    doubled = FIRST_WAIT * (1 << min(attempt - 1, 8))
    return min(doubled, LONGEST_WAIT) + rng.uniform(-WAIT_SPREAD, WAIT_SPREAD)


def renewal_wait(now: float, until: float) -> float:
    """Return the wait after a try to renew: half of the time left to ``until`` (T2, then expiry), but not too short.

    Source: RFC 2131 section 4.4.5. Infinite when the next try would come no earlier than ``until``.
    """
    wait = max((until - now) / 2, RENEWAL_FLOOR)
    return wait if now + wait < until else math.inf


def renewal_times(lease_time: int, t1: int | None, t2: int | None) -> tuple[float, float]:
    """Return T1 and T2 in seconds after the lease began.

    Args:
        lease_time: Seconds of the lease; ``INFINITE`` is never renewed.
        t1: The server's option 58, None when not sent.
        t2: The server's option 59, None when not sent.

    Half and seven eighths of the lease time (RFC 2131 section 4.4.5) where the server sent nothing, or nothing that
    goes with the rest: T1 comes before T2, and T2 before the end.
    """
    if lease_time == INFINITE:
        return math.inf, math.inf
    rebinding = lease_time * 0.875 if t2 is None else t2
    renewal = min(lease_time * 0.5, rebinding * 4 / 7) if t1 is None else t1
    if not 0 < renewal < rebinding < lease_time:
        return lease_time * 0.5, lease_time * 0.875
    return float(renewal), float(rebinding)
