"""DHCPRELEASE, DHCPDECLINE and DHCPINFORM: messages that ask for no lease (RFC 2131 sections 4.3.3 to 4.3.5)."""

from __future__ import annotations

from collections.abc import Callable

from dhcpkit.engine import replies
from dhcpkit.engine.actions import Actions, Send
from dhcpkit.engine.authority import Authority
from dhcpkit.engine.changes import Changes
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.offers import Offers
from dhcpkit.engine.outcome import NO_QUESTION, Outcomes
from dhcpkit.engine.requests import Request
from dhcpkit.engine.scope import Scope
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus


class Notices:
    """Takes note of what clients tell, and tells them options without a lease."""

    def __init__(
        self,
        table: LeaseTable,
        offers: Offers,
        authority: Callable[[int], Authority],
        own: frozenset[int],
        outcomes: Outcomes,
        abandon_hold: int,
    ) -> None:
        self._table = table
        self._offers = offers
        self._authority = authority
        self._own = own
        self._outcomes = outcomes
        self._abandon_hold = abandon_hold

    def release(self, request: Request, now: float) -> Actions:
        """Take back the lease that its client gives up. There is never an answer."""
        lease = self._own_lease(request, request.message.ciaddr)
        if isinstance(lease, str):
            return [self._outcomes.ignored(request, "not-its-lease", lease)]
        changes = Changes(self._table, self._authority, now)
        changes.release(lease)
        return changes.actions()

    def decline(self, request: Request, now: float) -> Actions:
        """Set aside the address that its client found in use. There is never an answer."""
        lease = self._own_lease(request, request.message.requested_address)
        if isinstance(lease, str):
            return [self._outcomes.ignored(request, "not-its-lease", lease)]
        changes = Changes(self._table, self._authority, now)
        changes.abandon(lease, self._abandon_hold)
        self._offers.withdraw(lease.scope, request.client)
        return changes.actions()

    def inform(self, request: Request, scope: Scope) -> Actions:
        """Tell the options of its network to a client that has its address from elsewhere."""
        ciaddr = request.message.ciaddr
        if not scope.id < ciaddr < scope.broadcast:
            rule = f"the client's own address {format_ip(ciaddr)} is no host's of network {scope.network}"
            return [self._outcomes.ignored(request, "wrong-network", rule)]
        rule = "the client asks for options only: every server may answer"
        answered = self._outcomes.answered(request, "DHCPACK", scope.id, ciaddr, NO_QUESTION, rule)
        return [Send(replies.inform_ack(request, scope)), answered]

    def _own_lease(self, request: Request, address: int) -> Lease | str:
        """Return the active lease of the client that tells something of it, or in a sentence why there is none."""
        meant = request.message.server_identifier
        if meant and meant not in self._own:
            return f"the client tells server {format_ip(meant)}, not this one"
        lease = self._table.get(address)
        if lease is None or lease.status is not BindingStatus.ACTIVE or lease.client != request.client:
            return f"{format_ip(address)} is not leased to this client"
        return lease
