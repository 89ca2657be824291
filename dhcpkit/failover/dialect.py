"""Where servers of one protocol differ: a dialect is chosen per relationship and owns every such switch.

``windows`` is Windows Server's set of rules in the draft's bytes, and the default between two of our own servers.
``draft`` is draft-ietf-dhc-failover-12, ``isc`` what ISC dhcpd 4.4 does and bears.
"""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.engine.authority import Situation
from dhcpkit.failover.settings import FailoverError
from dhcpkit.protocol.failover.digest import HMAC_MD5, HMAC_SHA256

_FIRST_CONTACTS = frozenset({Situation.DISCOVER, Situation.SELECTING, Situation.INIT_REBOOT})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One set of rules.

    Attributes:
        name: As in ``Settings.dialect``.
        digest: Type of the message digest when there is a secret; 0: the dialect has none.
        one_is_primary: A bit of 1 in the hash bucket assignment gives the bucket to the primary, else to the secondary.
        primary_dictates: The secondary takes MCLT and buckets from the primary's CONNECT, not from its own settings.
        balanced: What is answered by share of the clients in NORMAL; all else is answered by whoever is asked.
        interrupted_gives_mclt: Without contact the partner's clients are given the MCLT and no more.
        by_mode: Free addresses are shared by the mode's percentages; else half and half.
        pool_requests: The secondary asks for addresses by POOLREQ.
        disconnects: DISCONNECT is sent and obeyed; else a received one is passed over.
        all_times: A binding update holds every time whatever its status.
    """

    name: str
    digest: int
    one_is_primary: bool
    primary_dictates: bool
    balanced: frozenset[Situation]
    interrupted_gives_mclt: bool
    by_mode: bool
    pool_requests: bool
    disconnects: bool
    all_times: bool


WINDOWS = Dialect(
    name="windows",
    digest=HMAC_SHA256,
    one_is_primary=False,
    primary_dictates=False,
    balanced=frozenset(Situation),
    interrupted_gives_mclt=True,
    by_mode=True,
    pool_requests=False,
    disconnects=False,
    all_times=False,
)
DRAFT = Dialect(
    name="draft",
    digest=HMAC_MD5,
    one_is_primary=False,
    primary_dictates=True,
    balanced=_FIRST_CONTACTS,
    interrupted_gives_mclt=False,
    by_mode=True,
    pool_requests=True,
    disconnects=True,
    all_times=False,
)
ISC = Dialect(
    name="isc",
    digest=0,
    one_is_primary=True,
    primary_dictates=True,
    balanced=frozenset({Situation.DISCOVER}),
    interrupted_gives_mclt=False,
    by_mode=False,
    pool_requests=True,
    disconnects=True,
    all_times=True,
)
DIALECTS = {dialect.name: dialect for dialect in (WINDOWS, DRAFT, ISC)}


def dialect_of(name: str) -> Dialect:
    """Return the dialect of a name.

    Raises:
        FailoverError: there is none of this name.
    """
    dialect = DIALECTS.get(name)
    if dialect is None:
        raise FailoverError(f"{name!r} is no dialect of the failover protocol; it takes {', '.join(DIALECTS)}")
    return dialect
