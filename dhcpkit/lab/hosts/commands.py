"""What an administrator asks of one server alone: its scopes, its leases, its view of a relationship."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dhcpkit.engine.actions import Actions
from dhcpkit.engine.scope import Scope
from dhcpkit.failover.endpoint import Endpoint
from dhcpkit.failover.settings import Mode, Role
from dhcpkit.lab.hosts.service import DhcpService
from dhcpkit.lab.hosts.status import FailoverStatus, LeaseInfo, ScopeInfo
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus

Outcome = tuple[Any, Actions]


def scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """List the scopes, in the order of their ids."""
    return [_scope_info(service, scope) for _, scope in sorted(service.dhcp.scopes.items())], []


def add_scope(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """Add the scope that ``Scope.create`` makes of the arguments."""
    scope = Scope.create(**arguments)
    actions = service.add_scope(scope, now)
    return _scope_info(service, scope), actions


def remove_scope(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """Remove the scope ``scope_id`` with its leases."""
    return None, service.remove_scope(service.scope(arguments["scope_id"]).id, now)


def leases(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """List what is known of addresses that somebody has or had, by address; ``scope_id`` None means of all scopes."""
    wanted = arguments.get("scope_id")
    numbers = [service.scope(wanted).id] if wanted else sorted(service.dhcp.scopes)
    found = [lease for number in numbers for lease in service.table.in_scope(number) if lease.client]
    infos = [
        LeaseInfo(
            address=format_ip(lease.address),
            scope_id=format_ip(lease.scope),
            status=lease.status,
            client_id=(lease.client_id or lease.hardware).hex("-"),
            hostname=lease.hostname,
            expires=lease.expires,
            granted_by=format_ip(lease.granted_by) if lease.granted_by else "",
        )
        for lease in sorted(found, key=lambda lease: lease.address)
    ]
    return infos, []


def failover(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """List the relationships as this server sees them."""
    return [_failover_status(service, endpoint, now) for endpoint in service.endpoints.values()], []


def partner_down(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """Declare the partner of relationship ``name`` down (only from COMMUNICATIONS-INTERRUPTED)."""
    return None, service.endpoint(arguments.get("name")).partner_down(now)


def statistics(service: DhcpService, arguments: dict[str, Any], now: float) -> Outcome:
    """Count messages, silences by rule, and malformed packets by reason since the service started."""
    return dict(service.dhcp.counters), []


def _scope_info(service: DhcpService, scope: Scope) -> ScopeInfo:
    count = service.table.count
    held = sum(count(scope.id, status) for status in BindingStatus)
    free = count(scope.id, BindingStatus.FREE) + count(scope.id, BindingStatus.BACKUP)
    return ScopeInfo(
        scope_id=format_ip(scope.id),
        prefix_length=scope.prefix_length,
        name=scope.name,
        active=scope.active,
        start=format_ip(scope.start),
        end=format_ip(scope.end),
        exclusions=tuple((format_ip(first), format_ip(last)) for first, last in scope.exclusions),
        lease_duration=scope.lease_duration,
        options=dict(scope.options),
        free=free,
        in_use=held - free,
        relationship=service.relationship_of(scope.id),
    )


def _failover_status(service: DhcpService, endpoint: Endpoint, now: float) -> FailoverStatus:
    settings = endpoint.settings
    balanced = settings.mode is Mode.LOAD_BALANCE
    own, other = BindingStatus.FREE, BindingStatus.BACKUP
    if settings.role is Role.SECONDARY:
        own, other = other, own
    count = service.table.count
    return FailoverStatus(
        name=settings.name,
        partner_server=settings.partner_name,
        mode=settings.mode,
        load_balance_percent=settings.local_percent if balanced else None,
        server_role="" if balanced else "Active" if settings.active is settings.role else "Standby",
        reserve_percent=None if balanced else settings.reserve_percent,
        max_client_lead_time=settings.mclt,
        state_switch_interval=settings.switch_interval,
        state=endpoint.state,
        partner_state=endpoint.partner_state if endpoint.in_contact else None,
        in_contact=endpoint.in_contact,
        scope_ids=tuple(format_ip(scope) for scope in settings.scopes),
        enable_auth=bool(settings.secret),
        created_here=settings.role is Role.PRIMARY,
        free=sum(count(scope, own) for scope in settings.scopes),
        partner_free=sum(count(scope, other) for scope in settings.scopes),
        unacknowledged=sum(
            lease.unacknowledged for scope in settings.scopes for lease in service.table.in_scope(scope)
        ),
        problem=endpoint.problem,
    )


COMMANDS: dict[str, Callable[[DhcpService, dict[str, Any], float], Outcome]] = {
    "scopes": scopes,
    "add_scope": add_scope,
    "remove_scope": remove_scope,
    "leases": leases,
    "failover": failover,
    "partner_down": partner_down,
    "statistics": statistics,
}
