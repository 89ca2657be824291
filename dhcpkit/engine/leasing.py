"""DHCPDISCOVER and DHCPREQUEST: who is offered, given, extended or refused a lease (RFC 2131 section 4.3.1 and 4.3.2).

The scope's authority is asked twice: whether this server answers this client at all, and, for a client that has or
had a lease, whether it may have it further. A server refuses (DHCPNAK) only where it knows better than the client; it
stays silent where another server, its partner above all, may be right.
"""

from __future__ import annotations

from collections.abc import Callable

from dhcpkit.engine import replies
from dhcpkit.engine.actions import Actions, Log, Send
from dhcpkit.engine.authority import Authority, Situation, Verdict
from dhcpkit.engine.changes import ENDED, Changes
from dhcpkit.engine.choice import Choice
from dhcpkit.engine.events import PoolExhausted
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.offers import Offers
from dhcpkit.engine.outcome import Outcomes
from dhcpkit.engine.requests import Request
from dhcpkit.engine.scope import Scope
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus


class Leasing:
    """Decides on the messages that ask for a lease."""

    def __init__(
        self,
        table: LeaseTable,
        offers: Offers,
        choice: Choice,
        authority: Callable[[int], Authority],
        own: frozenset[int],
        outcomes: Outcomes,
    ) -> None:
        self._table = table
        self._offers = offers
        self._choice = choice
        self._authority = authority
        self._own = own
        self._outcomes = outcomes

    def decide(self, request: Request, situation: Situation, scope: Scope, now: float) -> Actions:
        """Answer a client of an active scope, or say why not."""
        if situation is Situation.SELECTING and request.message.server_identifier not in self._own:
            self._offers.withdraw(scope.id, request.client)
            chosen = format_ip(request.message.server_identifier)
            return [self._outcomes.ignored(request, "other-server", f"the client chose the offer of server {chosen}")]
        verdict = self._authority(scope.id).may_answer(
            situation, request.client_id, request.hardware, request.message.secs, now
        )
        if not verdict.allowed:
            return [self._outcomes.ignored(request, "not-mine", verdict.rule, verdict)]
        if situation is Situation.DISCOVER:
            return self._discover(request, scope, verdict, now)
        if situation is Situation.SELECTING:
            return self._select(request, scope, verdict, now)
        return self._confirm(request, situation, scope, verdict, now)

    def _discover(self, request: Request, scope: Scope, verdict: Verdict, now: float) -> Actions:
        """Offer an address and keep it for the client; nothing is written down yet."""
        changes = Changes(self._table, self._authority, now)
        address = self._choice.address_for(request, scope, changes, now)
        if address is None:
            rule = f"scope {scope.name} has no address that this server may give to a new client"
            self._offers.withdraw(scope.id, request.client)
            ignored = self._outcomes.ignored(request, "no-address", rule, verdict)
            return [Log(PoolExhausted(scope.id, request.hardware, rule)), ignored]
        self._offers.make(scope.id, request.client, address, now)
        lease_time, limit = self._grant(request, scope, address, now)
        answered = self._outcomes.answered(
            request,
            "DHCPOFFER",
            scope.id,
            address,
            verdict,
            lease_time=lease_time,
            desired=scope.lease_duration,
            limit=limit,
        )
        return changes.actions(Send(replies.offer(request, scope, address, lease_time)), answered)

    def _select(self, request: Request, scope: Scope, verdict: Verdict, now: float) -> Actions:
        """Give the client what it was offered, or anything else that it could be offered as well."""
        if not request.address:
            rule = "a DHCPREQUEST that chooses an offer names the offered address in option 50; this one does not"
            return [self._outcomes.ignored(request, "no-requested-address", rule, verdict)]
        refusal = self._choice.refusal(scope, request.client, request.address, now)
        if refusal:
            return self._refuse(request, scope, verdict, refusal)
        return self._give(request, scope, verdict, now)

    def _confirm(self, request: Request, situation: Situation, scope: Scope, verdict: Verdict, now: float) -> Actions:
        """Extend a lease for a client that believes to have it (INIT-REBOOT, RENEWING, REBINDING)."""
        address = request.address
        text = format_ip(address)
        if not scope.contains(address):
            return self._refuse(request, scope, verdict, f"{text} does not belong to network {scope.network}")
        lease = self._table.get(address)
        if lease is None or lease.client != request.client or lease.status is BindingStatus.ABANDONED:
            return self._confirm_unknown(request, situation, scope, verdict, lease, now)
        if not scope.leasable(address):
            return self._refuse(request, scope, verdict, f"{text} is no longer leased by scope {scope.name}")
        if self._offers.taken(address, request.client):
            return self._refuse(request, scope, verdict, f"{text} is offered to another client")
        extension = self._authority(scope.id).may_extend(lease, now)
        if extension.allowed:
            return self._give(request, scope, verdict, now)
        if situation is Situation.RENEWING and lease.status in ENDED:
            return self._refuse(request, scope, verdict, extension.rule)
        return [self._outcomes.ignored(request, "not-mine", extension.rule, extension)]

    def _confirm_unknown(
        self,
        request: Request,
        situation: Situation,
        scope: Scope,
        verdict: Verdict,
        lease: Lease | None,
        now: float,
    ) -> Actions:
        """Refuse, or leave to others, a client that believes to have an address which is not its own here."""
        text = format_ip(request.address)
        if lease is not None and lease.status is BindingStatus.ACTIVE:
            return self._refuse(request, scope, verdict, f"{text} is leased to another client")
        if situation is Situation.INIT_REBOOT:
            for other in self._table.of_client(scope.id, request.client):
                if other.status is BindingStatus.ACTIVE:
                    held = format_ip(other.address)
                    return self._refuse(request, scope, verdict, f"the client has {held}, not {text}")
            rule = f"the client is not known here, and {text} may be another server's to confirm"
            return [self._outcomes.ignored(request, "unknown-client", rule, verdict)]
        if not scope.leasable(request.address):
            rule = f"{text} is not leased by scope {scope.name}; another server may have given it"
            return [self._outcomes.ignored(request, "not-leased-here", rule, verdict)]
        if lease is not None and lease.status not in (BindingStatus.FREE, BindingStatus.BACKUP):
            return self._refuse(request, scope, verdict, f"{text} is not leased to this client")
        if not self._choice.in_share(scope, request.address, now):
            rule = f"{text} is not leased as far as this server knows, but its partner may have given it"
            return [self._outcomes.ignored(request, "partners-share", rule, verdict)]
        return self._refuse(request, scope, verdict, f"{text} is not leased to this client")

    def _give(self, request: Request, scope: Scope, verdict: Verdict, now: float) -> Actions:
        """Write the lease down and acknowledge it."""
        address = request.address
        lease_time, limit = self._grant(request, scope, address, now)
        changes = Changes(self._table, self._authority, now)
        changes.bind(request, address, lease_time)
        self._offers.withdraw(scope.id, request.client)
        answered = self._outcomes.answered(
            request,
            "DHCPACK",
            scope.id,
            address,
            verdict,
            lease_time=lease_time,
            desired=scope.lease_duration,
            limit=limit,
        )
        return changes.actions(Send(replies.ack(request, scope, address, lease_time)), answered)

    def _refuse(self, request: Request, scope: Scope, verdict: Verdict, rule: str) -> Actions:
        """Tell the client that it cannot have the address, so that it begins anew at once."""
        self._offers.withdraw(scope.id, request.client)
        answered = self._outcomes.answered(request, "DHCPNAK", scope.id, request.address, verdict, rule)
        return [Send(replies.nak(request, rule)), answered]

    def _grant(self, request: Request, scope: Scope, address: int, now: float) -> tuple[int, str]:
        """Return the seconds to promise and what limited them. What another client was promised is no matter."""
        lease = self._table.get(address)
        if lease is not None and lease.client != request.client:
            lease = None
        return self._authority(scope.id).grant(lease, scope.lease_duration, now)
