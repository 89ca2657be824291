"""The DHCP Server service of one host: the engine and its failover relationships as one thing to administer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dhcpkit.engine.actions import Actions, Commit, Document, Log
from dhcpkit.engine.authority import Authority, Standalone
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope, check_no_overlap
from dhcpkit.engine.server import DhcpServer
from dhcpkit.failover.endpoint import Endpoint
from dhcpkit.failover.events import RelationshipChanged
from dhcpkit.failover.settings import Settings
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.addresses import format_ip, parse_ip

MAX_RELATIONSHIPS = 31
"""Relationships a server takes (Windows Server 2012)."""

STANDALONE = Standalone()


class DhcpService:
    """What a server holds: its scopes, leases and relationships. Every change returns the actions that carry it out.

    Raises:
        LabError: from every method that changes something, when the change is wrong; nothing is changed then.
    """

    def __init__(self, spec: HostSpec, saved: Saved) -> None:
        self.spec = spec
        self.table = LeaseTable()
        addresses = {card.name: (card.address, card.prefix_length) for card in spec.interfaces}
        self.endpoints: dict[str, Endpoint] = {}
        self._by_scope: dict[int, Endpoint] = {}
        scopes = [Scope.from_document(value) for (kind, _), value in saved.documents.items() if kind == "scope"]
        self.dhcp = DhcpServer(addresses, self.table, self.authority, scopes=scopes)
        self.table.load(saved.leases)
        for (kind, name), value in saved.documents.items():
            if kind == "relationship":
                state = saved.documents.get(("failover-state", name))
                self._attach(Endpoint(Settings.from_document(value), self.table, saved=state))

    def authority(self, scope_id: int) -> Authority:
        """Return who decides over a scope: its relationship's endpoint, or nobody but the server itself."""
        return self._by_scope.get(scope_id, STANDALONE)

    def scope(self, scope_id: str) -> Scope:
        """Return a scope by its id as text, ``"10.0.0.0"``."""
        scope = self.dhcp.scopes.get(_scope_number(scope_id))
        if scope is None:
            known = ", ".join(format_ip(number) for number in self.dhcp.scopes) or "none"
            raise LabError(f"{self.spec.name} has no scope {scope_id}; its scopes: {known}")
        return scope

    def endpoint(self, name: str | None = None) -> Endpoint:
        """Return a relationship by name, or the only one there is."""
        if name is None and len(self.endpoints) == 1:
            return next(iter(self.endpoints.values()))
        known = ", ".join(self.endpoints) or "none"
        if name is None:
            raise LabError(f"say which failover relationship; {self.spec.name} has: {known}")
        if name not in self.endpoints:
            raise LabError(f"{self.spec.name} has no failover relationship {name!r}; it has: {known}")
        return self.endpoints[name]

    def relationship_of(self, scope_id: int) -> str:
        """Return the name of the relationship that a scope is in, empty when it is in none."""
        endpoint = self._by_scope.get(scope_id)
        return endpoint.settings.name if endpoint else ""

    def add_scope(self, scope: Scope, now: float) -> Actions:
        """Add a scope that overlaps no other."""
        self.check_new_scopes([scope])
        return self.dhcp.add_scope(scope, now)

    def check_new_scopes(self, scopes: Sequence[Scope]) -> None:
        """Raise what forbids these new scopes, of which none may overlap another either."""
        known = dict(self.dhcp.scopes)
        for scope in scopes:
            if scope.id in known:
                raise LabError(f"{self.spec.name} already has the scope {format_ip(scope.id)}; remove it first")
            check_no_overlap(scope, known.values())
            known[scope.id] = scope

    def replace_scope(self, scope: Scope, now: float) -> Actions:
        """Give a scope new settings; its leases stay."""
        self.check_replacement(scope)
        return self.dhcp.replace_scope(scope, now)

    def check_replacement(self, scope: Scope) -> None:
        """Raise what forbids new settings of a scope: its network is the one thing that cannot change."""
        before = self.scope(format_ip(scope.id))
        if scope.prefix_length != before.prefix_length:
            raise LabError(
                f"the scope {format_ip(scope.id)} of {self.spec.name} has the network {before.network}, and the change"
                f" has {scope.network}; a scope's network stays as it is"
            )

    def remove_scope(self, scope_id: int, now: float) -> Actions:
        """Remove a scope with its leases; it may be in no relationship."""
        name = self.relationship_of(scope_id)
        if name:
            raise LabError(
                f"the scope {format_ip(scope_id)} is in the failover relationship {name!r}; deconfigure failover first"
            )
        return self.dhcp.remove_scope(scope_id, now)

    def check_relationship(self, settings: Settings) -> None:
        """Raise what forbids this new relationship here."""
        here = self.spec.name
        if settings.name in self.endpoints:
            raise LabError(f"{here} already has a failover relationship {settings.name!r}; choose another name")
        if len(self.endpoints) >= MAX_RELATIONSHIPS:
            raise LabError(f"{here} already has {MAX_RELATIONSHIPS} failover relationships, the most a server takes")
        for scope_id in settings.scopes:
            if scope_id not in self.dhcp.scopes:
                raise LabError(f"{here} has no scope {format_ip(scope_id)}; make the scope first")
            taken = self.relationship_of(scope_id)
            if taken:
                raise LabError(
                    f"the scope {format_ip(scope_id)} is already in the failover relationship {taken!r}; DHCP failover"
                    " takes two servers, a third one is not possible: deconfigure failover first to change the partner"
                )

    def add_relationship(self, settings: Settings, now: float) -> Actions:
        """Set up this server's end of a new relationship and start it."""
        self.check_relationship(settings)
        endpoint = Endpoint(settings, self.table, fresh=True)
        self._attach(endpoint)
        how = f"created with {format_ip(settings.partner)}, {settings.mode.value}"
        return [
            Commit(documents=(Document("relationship", settings.name, settings.to_document()),)),
            Log(RelationshipChanged(settings.name, how)),
            *endpoint.start(now),
        ]

    def change_relationship(self, settings: Settings, now: float) -> Actions:
        """Give a relationship new settings (mode, percentages, MCLT, interval, secret)."""
        endpoint = self.endpoint(settings.name)
        before = endpoint.settings
        changed = describe_change(before, settings)
        if not changed:
            return []
        return [
            Commit(documents=(Document("relationship", settings.name, settings.to_document()),)),
            *endpoint.change_settings(settings, now),
            Log(RelationshipChanged(settings.name, changed)),
        ]

    def remove_relationship(self, name: str, now: float) -> Actions:
        """End a relationship on this server; its scopes stay and are this server's alone."""
        endpoint = self.endpoint(name)
        stopping = endpoint.stop(now)
        del self.endpoints[name]
        for scope_id in endpoint.settings.scopes:
            self._by_scope.pop(scope_id, None)
        documents = (Document("relationship", name, None), Document("failover-state", name, None))
        # After what the endpoint commits as it stops: the last word on a document counts.
        freed = [action for scope_id in endpoint.settings.scopes for action in self.dhcp.free_ended(scope_id, now)]
        return [*stopping, *freed, Commit(documents=documents), Log(RelationshipChanged(name, "deleted"))]

    def _attach(self, endpoint: Endpoint) -> None:
        self.endpoints[endpoint.settings.name] = endpoint
        for scope_id in endpoint.settings.scopes:
            self._by_scope[scope_id] = endpoint


def describe_change(before: Settings, after: Settings) -> str:
    """Return in a sentence what differs between two settings of one relationship, empty when nothing does."""
    percents = {
        "primary_percent": "load balance percentage of the primary",
        "reserve_percent": "addresses reserved for the standby server, percent",
        "mclt": "maximum client lead time, seconds",
        "switch_interval": "state switchover interval, seconds",
    }
    parts = []
    if before.mode is not after.mode:
        parts.append(f"mode from {before.mode.value} to {after.mode.value}")
    if before.active is not after.active:
        parts.append(f"active server from {before.active.value} to {after.active.value}")
    old, new = _plain(before), _plain(after)
    parts += [f"{text} from {old[key]} to {new[key]}" for key, text in percents.items() if old[key] != new[key]]
    if before.secret != after.secret:
        parts.append("shared secret changed" if after.secret else "message authentication switched off")
    return "; ".join(parts)


def _plain(settings: Settings) -> Mapping[str, Any]:
    return settings.to_document()


def _scope_number(scope_id: str) -> int:
    try:
        return parse_ip(scope_id)
    except ValueError as error:
        raise LabError(f"a scope is named by its network address: {error}") from None
