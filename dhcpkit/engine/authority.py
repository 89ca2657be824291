"""What a server asks before it answers: whether it may, from which addresses, and for how long.

A lone server may do everything (``Standalone``). In a failover relationship the relationship decides; it lives in
``dhcpkit.failover`` and is known here only by this interface.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dhcpkit.protocol.failover.codes import BindingStatus

if TYPE_CHECKING:
    from dhcpkit.engine.actions import Actions
    from dhcpkit.engine.lease import Lease


class Situation(Enum):
    """What the client is asking, told from the fields of its message (RFC 2131 section 4.3.2)."""

    DISCOVER = "DISCOVER"
    SELECTING = "SELECTING"
    INIT_REBOOT = "INIT-REBOOT"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"


class Verdict(NamedTuple):
    """Whether a server may answer, and what decided it; told to the learner as it stands here.

    Attributes:
        allowed: Answer, or stay silent.
        rule: One sentence naming the rule, e.g. ``"bucket 84 belongs to DHCP2 (load balance 100 %)"``.
        state: The endpoint state's label (``NORMAL``), empty for a server without a relationship.
        bucket: The client's hash bucket (RFC 3074), or None where the hash had no part in it.
    """

    allowed: bool
    rule: str
    state: str = ""
    bucket: int | None = None


class Authority(Protocol):
    """A scope's rules. All times are seconds since the epoch on the server's own clock."""

    def may_answer(self, situation: Situation, client_id: bytes, hardware: bytes, secs: int, now: float) -> Verdict:
        """Say whether this server answers this client now. ``hardware`` is type byte and address."""

    def allocatable(self, scope: int, now: float) -> tuple[BindingStatus, ...]:
        """Return the free statuses that this server may give to a new client, in the order of preference."""

    def reusable(self, lease: Lease, now: float) -> bool:
        """Say whether an address that is EXPIRED, RELEASED or RESET may go to another client already."""

    def may_extend(self, lease: Lease, now: float) -> Verdict:
        """Say whether this server may give this lease to the client that has it, or had it last.

        Asked for every status: an ACTIVE lease to renew, an ended one whose client comes back, a free address that
        the client remembers.
        """

    def may_expire(self, lease: Lease, now: float) -> bool:
        """Say whether this server itself declares this overdue lease EXPIRED (else it waits for the partner to)."""

    def grant(self, lease: Lease | None, desired: int, now: float) -> tuple[int, str]:
        """Return the seconds to promise, 1 to ``desired`` (the MCLT rule), and in a sentence what limited them.

        The sentence is empty when nothing did. ``lease`` is None for an address that this client never had: nothing
        that was promised to another counts for it.
        """

    def changed(self, lease: Lease, now: float) -> Actions:
        """Take note that this server changed a lease; return what tells the partner. The lease may be amended.

        Called before the lease's ``Commit`` is put together, so that amendments are made durable with it.
        """


class Standalone:
    """The authority of a server without a partner."""

    def may_answer(self, situation: Situation, client_id: bytes, hardware: bytes, secs: int, now: float) -> Verdict:
        """Answer everybody."""
        return Verdict(True, "no failover relationship: this server answers every client")

    def allocatable(self, scope: int, now: float) -> tuple[BindingStatus, ...]:
        """Give any free address, whoever it belonged to in a past relationship."""
        return (BindingStatus.FREE, BindingStatus.BACKUP)

    def reusable(self, lease: Lease, now: float) -> bool:
        """Reuse an ended lease at once: there is no partner to ask."""
        return True

    def may_extend(self, lease: Lease, now: float) -> Verdict:
        """Renew every lease."""
        return Verdict(True, "no failover relationship: this server renews every lease")

    def may_expire(self, lease: Lease, now: float) -> bool:
        """Every overdue lease is expired here."""
        return True

    def grant(self, lease: Lease | None, desired: int, now: float) -> tuple[int, str]:
        """Promise the scope's lease duration."""
        return desired, ""

    def changed(self, lease: Lease, now: float) -> Actions:
        """Nobody to tell."""
        return []
