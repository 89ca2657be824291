"""What a server tells about itself: values that widgets, commands and checks read."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.failover.settings import Mode
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState


@dataclass(frozen=True, slots=True)
class ScopeInfo:
    """A scope as the console lists it. Addresses are dotted quads, ``lease_duration`` is in seconds."""

    scope_id: str
    prefix_length: int
    name: str
    active: bool
    start: str
    end: str
    exclusions: tuple[tuple[str, str], ...]
    lease_duration: int
    options: dict[int, bytes]
    free: int
    in_use: int
    relationship: str


@dataclass(frozen=True, slots=True)
class LeaseInfo:
    """A lease as the console lists it. ``expires`` is lab time, seconds since the epoch."""

    address: str
    scope_id: str
    status: BindingStatus
    client_id: str
    hostname: str
    expires: int
    granted_by: str


@dataclass(frozen=True, slots=True)
class FailoverStatus:
    """A relationship as one of its two servers sees it.

    Attributes:
        name: The relationship's name.
        partner_server: The partner's name as typed.
        mode: Load balance or hot standby.
        load_balance_percent: This server's share of the clients in percent; None in hot standby mode.
        server_role: ``Active`` or ``Standby``; empty in load balance mode.
        reserve_percent: Share of the range that is the standby's, in percent; None in load balance mode.
        max_client_lead_time: MCLT in seconds.
        state_switch_interval: Seconds until PARTNER-DOWN follows by itself, None for never.
        state: State of this server.
        partner_state: State of the partner server, None while it is not known.
        in_contact: The two servers are connected and have told each other their states.
        scope_ids: The relationship's scopes.
        enable_auth: Messages are authenticated by a shared secret.
        created_here: The relationship was configured from this server (it is the protocol's primary).
        free: Free addresses that this server may give to new clients now.
        partner_free: Free addresses that are the partner's.
        unacknowledged: Changes of leases that the partner has not acknowledged yet.
        problem: A sentence on what keeps the two servers apart, empty when nothing does.
    """

    name: str
    partner_server: str
    mode: Mode
    load_balance_percent: int | None
    server_role: str
    reserve_percent: int | None
    max_client_lead_time: int
    state_switch_interval: int | None
    state: ServerState
    partner_state: ServerState | None
    in_contact: bool
    scope_ids: tuple[str, ...]
    enable_auth: bool
    created_here: bool
    free: int
    partner_free: int
    unacknowledged: int
    problem: str = ""
