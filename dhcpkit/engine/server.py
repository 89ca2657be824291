"""One DHCP server: takes a datagram and the time, and says what to do (RFC 2131 section 4.3).

``handle`` reads a message, finds its scope, and hands it to whoever decides on its kind: ``leasing.py`` or
``notices.py``. Each of them either answers or says why not; a client that gets no answer leaves no trace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from dhcpkit.engine.actions import Actions, Commit, Document, Log
from dhcpkit.engine.authority import Authority, Standalone
from dhcpkit.engine.changes import Changes
from dhcpkit.engine.choice import Choice, free_ended
from dhcpkit.engine.events import ScopeChanged
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.leasing import Leasing
from dhcpkit.engine.notices import Notices
from dhcpkit.engine.offers import OFFER_HOLD, Offers
from dhcpkit.engine.outcome import Outcomes
from dhcpkit.engine.requests import Request, read_request
from dhcpkit.engine.scope import Scope
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import BOOTREQUEST, DhcpMessage, Malformed, MessageType
from dhcpkit.protocol.failover.codes import BindingStatus
from dhcpkit.protocol.options import OptionCode

ABANDON_HOLD = 600
"""Seconds that a declined address is set aside, as Windows does."""

MAX_HOPS = 16
"""Relays that a message may have passed (RFC 1542 section 4.1.1)."""

_RECHECK = 10.0
"""Seconds after which the authority is asked again about an overdue lease that it would not let expire."""

_BATCH = 1000
"""Leases ended in one ``tick``; more than these are due again at once."""

STANDALONE = Standalone()


class DhcpServer:
    """A DHCP server's decisions."""

    def __init__(
        self,
        addresses: dict[str, tuple[int, int]],
        table: LeaseTable,
        authority: Callable[[int], Authority] = lambda scope_id: STANDALONE,
        *,
        scopes: Iterable[Scope] = (),
        offer_hold: float = OFFER_HOLD,
        abandon_hold: int = ABANDON_HOLD,
    ) -> None:
        """Make a server.

        Args:
            addresses: The server's own address and its prefix length for each interface that it serves.
            table: Its leases. Load those that a store kept after the server has added its scopes to it.
            authority: Returns for a scope's id whom to ask before answering.
            scopes: The scopes that a store kept.
            offer_hold: Seconds that an offered address is kept for its client.
            abandon_hold: Seconds that a declined address is set aside.

        Raises:
            ScopeError: two scopes overlap.
        """
        self._addresses = {interface: address for interface, (address, _) in addresses.items()}
        self._own = frozenset(self._addresses.values())
        self._table = table
        self._authority = authority
        self._offers = Offers(table, offer_hold)
        self._outcomes = Outcomes()
        choice = Choice(table, self._offers, authority, self._own)
        self._leasing = Leasing(table, self._offers, choice, authority, self._own, self._outcomes)
        self._notices = Notices(table, self._offers, authority, self._own, self._outcomes, abandon_hold)
        for scope in scopes:
            self._take_in(scope)

    @property
    def counters(self) -> Counter[str]:
        """What came and went (``Outcomes``)."""
        return self._outcomes.counters

    # Scopes

    @property
    def scopes(self) -> dict[int, Scope]:
        """The scopes by id."""
        return self._table.scopes

    def add_scope(self, scope: Scope, now: float) -> Actions:
        """Serve a new scope.

        Raises:
            ScopeError: the scope is there already, or shares addresses with another.
        """
        self._take_in(scope)
        return self._scope_actions(scope, scope.to_document(), "added")

    def replace_scope(self, scope: Scope, now: float) -> Actions:
        """Serve a scope as it is now; its id stays. Leases stay, but those out of its range are not renewed.

        Raises:
            ScopeError: there is no such scope, or its prefix length is another.
        """
        before = self.scopes.get(scope.id)
        self._table.replace_scope(scope)
        self._offers.withdraw_all(scope.id)
        what = "changed"
        if before is not None and before.active != scope.active:
            what = "activated" if scope.active else "deactivated"
        return self._scope_actions(scope, scope.to_document(), what)

    def remove_scope(self, scope_id: int, now: float) -> Actions:
        """Serve a scope no longer, and forget its leases.

        Raises:
            ScopeError: there is no such scope.
        """
        # A store forgets no lease; a free one of nobody's is what an address is that never was leased.
        blank = tuple(Lease(lease.address, scope_id, BindingStatus.FREE) for lease in self._table.in_scope(scope_id))
        scope = self.scopes[scope_id]
        self._offers.withdraw_all(scope_id)
        self._table.remove_scope(scope_id)
        return self._scope_actions(scope, None, "removed", blank)

    def free_ended(self, scope_id: int, now: float) -> Actions:
        """Free the ended leases of a scope that its authority lets go, as after a relationship was removed.

        Raises:
            ScopeError: there is no such scope.
        """
        changes = Changes(self._table, self._authority, now)
        free_ended(self._table, scope_id, changes, "administrator")
        return changes.actions()

    # Time

    def tick(self, now: float) -> Actions:
        """End what is due: leases, and the hold time of abandoned addresses."""
        self._offers.lapse(now)
        changes = Changes(self._table, self._authority, now)
        for lease in self._table.due(now, _BATCH):
            if lease.status is BindingStatus.ABANDONED:
                changes.reset(lease)
            elif self._authority(lease.scope).may_expire(lease, now):
                changes.expire(lease)
            else:
                self._table.look_again(lease, now + _RECHECK)
        return changes.actions()

    def next_deadline(self) -> float | None:
        """Return when ``tick`` is wanted, None when nothing is due. Offers lapse without it."""
        return self._table.next_expiry()

    # Messages

    def handle(self, datagram: Datagram, now: float) -> Actions:
        """Take a datagram for the server port; return the answer, or the reason why there is none."""
        self._offers.lapse(now)
        try:
            request = self._read(datagram)
        except Malformed as malformed:
            return [self._outcomes.dropped(malformed.reason, malformed.detail, len(datagram.payload))]
        self.counters[request.name] += 1
        actions = self._decide(request, now)
        actions.insert(1 if isinstance(actions[0], Commit) else 0, Log(request.received()))
        return actions

    def _read(self, datagram: Datagram) -> Request:
        """Return the request that a datagram holds; raise ``Malformed`` when it holds none."""
        message = DhcpMessage.decode(datagram.payload)
        if message.op != BOOTREQUEST:
            raise Malformed("not-a-request", f"a {message.name} is for clients, and this is a server")
        if message.hops > MAX_HOPS:
            raise Malformed("too-many-hops", f"the message passed {message.hops} relays; at most {MAX_HOPS} are right")
        interface = self._addresses.get(datagram.interface)
        if interface is None:
            raise Malformed("unknown-interface", f"this server has no address on interface {datagram.interface}")
        unicast = datagram.destination in self._own
        server = datagram.destination if unicast else interface
        return read_request(message, server, datagram.interface, interface, unicast)

    def _decide(self, request: Request, now: float) -> Actions:
        """Answer a request, or say why not; never returns nothing."""
        kind = request.message.message_type
        if kind is MessageType.RELEASE:
            return self._notices.release(request, now)
        if kind is MessageType.DECLINE:
            return self._notices.decline(request, now)
        situation = request.situation
        if situation is None and kind is not MessageType.INFORM:
            return [self._outcomes.ignored(request, *_unanswerable(request))]
        # A client that has an address and sends straight to this server may be on any network: its address tells.
        link = request.message.ciaddr if request.unicast and request.message.ciaddr else request.link
        scope = self._table.scope_of(link)
        if scope is None:
            return [self._outcomes.ignored(request, "no-scope", f"no scope is for the network of {format_ip(link)}")]
        if not scope.active:
            return [self._outcomes.ignored(request, "inactive-scope", f"scope {scope.name} is not active")]
        if situation is None:
            return self._notices.inform(request, scope)
        return self._leasing.decide(request, situation, scope, now)

    def _take_in(self, scope: Scope) -> None:
        self._table.add_scope(scope)
        for address in self._own:
            if scope.contains(address):
                self._table.hold(address)

    def _scope_actions(
        self, scope: Scope, document: dict[str, Any] | None, what: str, leases: tuple[Lease, ...] = ()
    ) -> Actions:
        commit = Commit(leases, (Document("scope", format_ip(scope.id), document),))
        return [commit, Log(ScopeChanged(scope.id, scope.name, what))]


def _unanswerable(request: Request) -> tuple[str, str]:
    """Return code and rule for a message that no server answers."""
    if request.message.message_type is MessageType.REQUEST:
        return "no-address-named", "a DHCPREQUEST names an address in option 50 or ciaddr; this one does not"
    if OptionCode.MESSAGE_TYPE in request.message.options:
        return "not-for-servers", f"{request.name} is no message for a server to answer"
    return "bootp", "BOOTP clients are not served: the message has no DHCP message type (option 53)"
