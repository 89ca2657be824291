"""What a server of a relationship may do for clients now: the engine's questions (``engine/authority.py``) answered.

Everything follows from the endpoint's state (``states.SERVICE``), the mode and the role. Every answer comes with the
rule that decided it, for people to read.
"""

from __future__ import annotations

from dhcpkit.engine.authority import Situation, Verdict
from dhcpkit.engine.lease import Lease
from dhcpkit.failover import lease_times
from dhcpkit.failover.bindings import ENDED, UNUSED
from dhcpkit.failover.dialect import dialect_of
from dhcpkit.failover.hash import bucket_of, buckets_of_percent
from dhcpkit.failover.settings import Mode, Role, Settings
from dhcpkit.failover.states import SERVICE, Service
from dhcpkit.failover.updates import UpdateQueue
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState
from dhcpkit.protocol.failover.payloads import BUCKETS

EXPIRY_GRACE = 60
"""Seconds that the primary leaves the partner, whose clock may be behind, to end a lease that the partner gave."""


class Permissions:
    """The part of an endpoint that answers for the clients; it changes nothing.

    Attributes:
        settings: The relationship as this server has it.
        state: This server's endpoint state.
        since: When it was entered, seconds since the epoch.
    """

    def __init__(self, settings: Settings) -> None:
        self.state = ServerState.STARTUP
        self.since = 0.0
        self._queue = UpdateQueue()
        self._adopt(settings)

    def _adopt(self, settings: Settings) -> None:
        """Take in settings and work out what is asked often."""
        self.dialect = dialect_of(settings.dialect)
        self.settings = settings
        self._mclt = settings.mclt
        self._primary_buckets = buckets_of_percent(settings.primary_percent)
        self._is_primary = settings.role is Role.PRIMARY
        self._share = f"load balance {settings.local_percent} %"

    def may_answer(self, situation: Situation, client_id: bytes, hardware: bytes, secs: int, now: float) -> Verdict:
        """Say whether this server answers a client now."""
        state = self.state
        service, rule = SERVICE[state]
        if service is Service.NOTHING:
            return Verdict(False, rule, state.label)
        if service is Service.RENEWALS:
            return Verdict(situation in (Situation.RENEWING, Situation.REBINDING), rule, state.label)
        if service is not Service.BALANCED:
            return Verdict(True, rule, state.label)
        if situation not in self.dialect.balanced:
            return Verdict(True, f"{situation.value} is answered by whichever server is asked", state.label)
        if self.settings.mode is Mode.HOT_STANDBY:
            if self.settings.active is self.settings.role:
                return Verdict(True, "hot standby: this server is the active one and answers every client", state.label)
            return Verdict(False, "hot standby: this server stands by, the partner is the active one", state.label)
        bucket = bucket_of(client_id, hardware)
        mine = (bucket in self._primary_buckets) is self._is_primary
        whose = "this server's" if mine else "the partner's"
        rule = f"bucket {bucket} of {BUCKETS} is {whose} share (this server: {self._share})"
        return Verdict(mine, rule, state.label, bucket)

    def allocatable(self, scope: int, now: float) -> tuple[BindingStatus, ...]:
        """Return the free statuses that this server may give to a new client."""
        service = SERVICE[self.state][0]
        if service in (Service.NOTHING, Service.RENEWALS):
            return ()
        own, other = (
            (BindingStatus.FREE, BindingStatus.BACKUP)
            if self._is_primary
            else (BindingStatus.BACKUP, BindingStatus.FREE)
        )
        if service is Service.ALL_AND_PARTNERS and now >= self.since + self._mclt:
            return (own, other)
        return (own,)

    def reusable(self, lease: Lease, now: float) -> bool:
        """Say whether an ended lease's address may go to another client without the partner's consent."""
        if self.state is not ServerState.PARTNER_DOWN:
            return False
        return now >= lease_times.reusable_from(lease, self._mclt, self.since)

    def may_extend(self, lease: Lease, now: float) -> Verdict:
        """Say whether this server may give a lease to the client that has it, or had it last."""
        service, rule = SERVICE[self.state]
        label = self.state.label
        if service is Service.NOTHING:
            return Verdict(False, rule, label)
        if lease.status is BindingStatus.ACTIVE:
            return Verdict(True, "the client holds this lease", label)
        if lease.status in ENDED:
            if self._queue.told(lease.address):
                return Verdict(False, "the lease has ended, and the partner may know that already", label)
            return Verdict(True, "the lease has ended, but the partner has not heard of that", label)
        if lease.status in UNUSED and lease.status in self.allocatable(lease.scope, now):
            return Verdict(True, "the client had this address before, and it is free in this server's share", label)
        if lease.status in UNUSED:
            return Verdict(False, "the address is free, but not in this server's share", label)
        return Verdict(False, "the address is set aside: somebody else was found using it", label)

    def may_expire(self, lease: Lease, now: float) -> bool:
        """Say whether this server declares an overdue lease EXPIRED.

        A lease is ended by the server that gave it, which alone surely knows the last renewal. In NORMAL the primary
        ends what nobody else did; in PARTNER-DOWN there is nobody else.
        """
        if self.state is ServerState.PARTNER_DOWN:
            return True
        if SERVICE[self.state][0] not in (Service.BALANCED, Service.ALL):
            return False
        if lease.granted_by != self.settings.partner:
            return True
        return self.state is ServerState.NORMAL and self._is_primary and now >= lease.expires + EXPIRY_GRACE

    def grant(self, lease: Lease | None, desired: int, now: float) -> tuple[int, str]:
        """Return the seconds to promise a client, and in a sentence what limited them (empty: nothing)."""
        mclt = self._mclt
        active = lease is not None and lease.status is BindingStatus.ACTIVE
        if self.state is ServerState.PARTNER_DOWN and active and now >= self.since + mclt:
            return desired, ""
        if mclt >= desired:
            return desired, ""
        if (
            lease is not None
            and active
            and self._is_interrupted()
            and self._is_partners(lease.client_id, lease.hardware)
        ):
            return mclt, f"without contact, a client of the partner is given the maximum client lead time, {mclt} s"
        seconds, limited = lease_times.grant(lease, desired, mclt, now)
        if not limited:
            return seconds, ""
        if lease is None or not (lease.acked_potential or lease.received_potential):
            return seconds, f"the partner has not acknowledged this lease yet: the maximum client lead time, {mclt} s"
        return seconds, f"the maximum client lead time ({mclt} s) beyond what the partner has acknowledged"

    def _is_interrupted(self) -> bool:
        return self.dialect.interrupted_gives_mclt and SERVICE[self.state][0] in (
            Service.ALL,
            Service.ALL_AND_PARTNERS,
        )

    def _is_partners(self, client_id: bytes, hardware: bytes) -> bool:
        return self._serving_role(client_id, hardware) is not self.settings.role

    def _serving_role(self, client_id: bytes, hardware: bytes) -> Role:
        """Return which server a client belongs to while both are well."""
        if self.settings.mode is Mode.HOT_STANDBY:
            return self.settings.active
        return Role.PRIMARY if bucket_of(client_id, hardware) in self._primary_buckets else Role.SECONDARY

    def __repr__(self) -> str:
        partner = format_ip(self.settings.partner)
        return f"<{type(self).__name__} {self.settings.name!r} with {partner}: {self.state.label}>"
