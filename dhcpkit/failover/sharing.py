"""Who may give which free address: the primary keeps the shares of ``balance.py``, scope by scope.

It does so on entering NORMAL, when the mode or a percentage changes, by a timer, and for a single address whenever a
lease ends whose client the secondary serves. An address given away stops being used here at once; one taken back is
this server's only when the partner has agreed.
"""

from __future__ import annotations

from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope
from dhcpkit.failover import balance
from dhcpkit.failover.events import PoolBalanced
from dhcpkit.failover.exchange import Exchange
from dhcpkit.failover.settings import Role, Settings
from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, ServerState
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import PoolResponse

NEWS_WAIT = 5.0
"""Seconds after which both servers have told each other what happened while they were apart."""


class Sharing(Exchange):
    """The part of an endpoint that shares the free addresses."""

    def __init__(self, settings: Settings, table: LeaseTable) -> None:
        super().__init__(settings, table)
        self._share_at: float | None = None

    def _may_share(self) -> bool:
        return self._is_primary and self.state is ServerState.NORMAL and self.in_contact

    def _share_all(self, now: float, *, just_met: bool = False) -> int:
        """Bring every scope's free addresses to their shares; return how many went to the secondary.

        Args:
            now: Seconds since the epoch.
            just_met: The servers have only now come to NORMAL. Addresses are then given, but not taken back yet: the
                partner has probably given some to clients of which it is about to tell.
        """
        if not self._may_share():
            self._share_at = None
            return 0
        self._share_at = now + (NEWS_WAIT if just_met else self.settings.timers.rebalance)
        given = 0
        for scope_id in self.settings.scopes:
            scope = self.table.scopes.get(scope_id)
            if scope is not None:
                given += self._share_scope(scope, now, take_back=not just_met)
        self._pump(now)
        return given

    def _share_scope(self, scope: Scope, now: float, *, take_back: bool) -> int:
        reclaimed = {address for address in self._queue.reclaims if scope.contains(address)}
        free, backup = self._counts(scope)
        move = balance.plan(self.settings, scope.size, free, backup, by_mode=self.dialect.by_mode)
        given: list[int] = []
        taken: list[int] = []
        if move.to_secondary:
            candidates = self.table.addresses(scope.id, BindingStatus.FREE)
            given = balance.choose_for_secondary(candidates, move.to_secondary, self._last_served_by)
            for address in given:
                self._give(self.table.record(address), now)
        elif move.to_primary and take_back:
            backups = self.table.addresses(scope.id, BindingStatus.BACKUP)
            candidates = (address for address in backups if address not in reclaimed)
            taken = balance.choose_for_primary(candidates, move.to_primary, self._last_served_by)
            for address in taken:
                self._take_back(self.table.record(address))
        moved = len(given) - len(taken)
        if moved:
            self._out.log(PoolBalanced(self.settings.name, scope.id, moved, free - moved, backup + moved))
        return len(given)

    def _counts(self, scope: Scope) -> tuple[int, int]:
        """Return the FREE and BACKUP addresses, those on their way back counted as FREE."""
        returning = sum(scope.contains(address) for address in self._queue.reclaims)
        free = self.table.count(scope.id, BindingStatus.FREE) + returning
        return free, self.table.count(scope.id, BindingStatus.BACKUP) - returning

    def _give(self, lease: Lease, now: float) -> None:
        """Hand a FREE address to the secondary."""
        self.table.change(lease, status=BindingStatus.BACKUP, started=int(now), unacknowledged=True)
        self._queue.add(lease.address)
        self._out.commit(lease)
        self._log_change(lease, BindingStatus.FREE, "timer")

    def _take_back(self, lease: Lease) -> None:
        """Ask the secondary for a BACKUP address; should the answer be lost, it is still owed what the address is."""
        lease.unacknowledged = True
        self._queue.add(lease.address)
        self._queue.reclaims.add(lease.address)
        self._out.commit(lease)

    def _freed(self, lease: Lease, now: float) -> None:
        """Hand on an address whose lease has ended, if the secondary serves its client and has not more than its share.

        So the client finds its old address with the server that serves it. The share may be passed by this one.
        """
        if not self._may_share() or self._last_served_by(lease.address) is not Role.SECONDARY:
            return
        scope = self.table.scopes[lease.scope]
        free, backup = self._counts(scope)
        wanted = balance.backup_wanted(self.settings, scope.size, free, backup, by_mode=self.dialect.by_mode)
        if wanted >= backup and scope.leasable(lease.address):
            self._give(lease, now)
            self._out.log(PoolBalanced(self.settings.name, scope.id, 1, free - 1, backup + 1))

    def _last_served_by(self, address: int) -> Role | None:
        """Return which server the last client of an address belongs to, None when nobody ever had it."""
        lease = self.table.get(address)
        if lease is None or not lease.client:
            return None
        return self._serving_role(lease.client_id, lease.hardware)

    def _addresses_requested(self, message: FailoverMessage, now: float) -> None:
        """Answer the secondary's POOLREQ; a dialect without such requests passes it over."""
        if not self.dialect.pool_requests:
            return
        given = self._share_all(now)
        self._send(MessageType.POOLRESP, PoolResponse(given).to_options(), now, xid=message.xid)
