"""Which address a client gets (RFC 2131 section 4.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Container

from dhcpkit.engine.authority import Authority
from dhcpkit.engine.changes import ENDED, Changes
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.offers import Offers
from dhcpkit.engine.requests import Request
from dhcpkit.engine.scope import Scope
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus

_GIVEABLE = (BindingStatus.FREE, BindingStatus.BACKUP)
_LOOK_AGAIN = 1.0
"""Seconds between two searches of a scope without free addresses for ended leases that may be freed by now."""


class Choice:
    """Chooses addresses for clients, and says of an address why a client cannot have it."""

    def __init__(
        self, table: LeaseTable, offers: Offers, authority: Callable[[int], Authority], own: Container[int]
    ) -> None:
        self._table = table
        self._offers = offers
        self._authority = authority
        self._own = own
        self._searched: dict[int, float] = {}

    def address_for(self, request: Request, scope: Scope, changes: Changes, now: float) -> int | None:
        """Return the address to offer to a client that discovers servers; None when there is none.

        What is offered to it already comes first, then the address it has or last had, then the one it asks for,
        then any that is free. The search for a free one may free ended leases (``changes``).
        """
        client = request.client
        offered = self._offers.address_of(scope.id, client)
        if offered is not None and not self.refusal(scope, client, offered, now):
            return offered
        for lease in self._table.of_client(scope.id, client):
            if not self.refusal(scope, client, lease.address, now):
                return lease.address
        wanted = request.message.requested_address
        if wanted and not self.refusal(scope, client, wanted, now):
            return wanted
        statuses = self._authority(scope.id).allocatable(scope.id, now)
        address = self._table.pick(scope.id, statuses)
        if address is None and self._free_ended(scope, changes, now):
            address = self._table.pick(scope.id, statuses)
        return address

    def refusal(self, scope: Scope, client: bytes, address: int, now: float) -> str:
        """Return in a sentence why a client cannot have an address; empty when it can."""
        if not scope.leasable(address) or address in self._own:
            return f"{format_ip(address)} is not leased by scope {scope.name}"
        if self._offers.taken(address, client):
            return f"{format_ip(address)} is offered to another client"
        lease = self._table.get(address)
        if lease is None:
            return self._free_refusal(scope, address, BindingStatus.FREE, now)
        status = lease.status
        if status is BindingStatus.ABANDONED:
            return f"{format_ip(address)} is set aside: a client found it in use"
        if lease.client == client:
            verdict = self._authority(scope.id).may_extend(lease, now)
            if verdict.allowed:
                return ""
            if status not in _GIVEABLE:
                return verdict.rule
        if status in _GIVEABLE:
            return self._free_refusal(scope, address, status, now)
        if status is BindingStatus.ACTIVE:
            return f"{format_ip(address)} is leased to another client"
        if self._authority(scope.id).reusable(lease, now):
            return ""
        return f"{format_ip(address)} is not free yet: the partner has not agreed"

    def in_share(self, scope: Scope, address: int, now: float) -> bool:
        """Say whether an address is free and this server's to give, so that no partner can have given it."""
        lease = self._table.get(address)
        status = BindingStatus.FREE if lease is None else lease.status
        return status in self._authority(scope.id).allocatable(scope.id, now)

    def _free_refusal(self, scope: Scope, address: int, status: BindingStatus, now: float) -> str:
        if status in self._authority(scope.id).allocatable(scope.id, now):
            return ""
        return f"{format_ip(address)} is in the partner's share of the addresses"

    def _free_ended(self, scope: Scope, changes: Changes, now: float) -> bool:
        """Free the ended leases that may be freed by now; say whether there were any.

        Looking at all of them takes time, so clients that find nothing free cause it once a second at most.
        """
        searched = self._searched.get(scope.id)
        if searched is not None and abs(now - searched) < _LOOK_AGAIN:
            return False
        self._searched[scope.id] = now
        return free_ended(self._table, scope.id, changes, "timer") > 0


def free_ended(table: LeaseTable, scope_id: int, changes: Changes, by: str) -> int:
    """Free every ended lease of a scope that its authority lets go; return how many that were."""
    ended = [address for status in sorted(ENDED) for address in table.addresses(scope_id, status)]
    leases = [lease for lease in map(table.get, ended) if lease is not None]
    return sum(changes.free(lease, by) for lease in leases)
