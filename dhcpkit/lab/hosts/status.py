"""What a server tells about itself: values that widgets, commands and checks read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dhcpkit.failover.settings import Mode
from dhcpkit.protocol.addresses import format_ip, mask_of
from dhcpkit.protocol.failover.codes import BindingStatus, ServerState

_T = TypeVar("_T")

_STATE_WORDS = {ServerState.COMMUNICATIONS_INTERRUPTED: "Communication Interrupted", ServerState.STARTUP: "Starting Up"}


class Listing(list[_T]):
    """A list that is shown as a table, in the columns of the console's command of that name."""

    columns: tuple[tuple[str, int, Callable[[_T], object]], ...] = ()
    """Title, width in characters and value of each column."""

    def __repr__(self) -> str:
        return table([(title, width) for title, width, _ in self.columns], [self._row(item) for item in self])

    def _row(self, item: _T) -> list[str]:
        return [str(value(item)) for _, _, value in self.columns]


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


class Scopes(Listing[ScopeInfo]):
    """Scopes, shown in the columns of Get-DhcpServerv4Scope."""

    columns = (
        ("ScopeId", 15, lambda scope: scope.scope_id),
        ("SubnetMask", 15, lambda scope: format_ip(mask_of(scope.prefix_length))),
        ("Name", 14, lambda scope: scope.name),
        ("State", 8, lambda scope: "Active" if scope.active else "Inactive"),
        ("StartRange", 15, lambda scope: scope.start),
        ("EndRange", 15, lambda scope: scope.end),
        ("LeaseDuration", 13, lambda scope: time_span(scope.lease_duration)),
    )


class Leases(Listing[LeaseInfo]):
    """Leases, shown much like Get-DhcpServerv4Lease does, with the server that gave each."""

    columns = (
        ("IPAddress", 15, lambda lease: lease.address),
        ("ScopeId", 15, lambda lease: lease.scope_id),
        ("ClientId", 20, lambda lease: lease.client_id),
        ("HostName", 20, lambda lease: lease.hostname),
        ("AddressState", 12, lambda lease: lease.status.name.capitalize()),
        ("GrantedBy", 15, lambda lease: lease.granted_by),
    )


@dataclass(frozen=True, slots=True, repr=False)
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

    def properties(self, running: bool = True) -> dict[str, str]:
        """Return the lines of the console's Failover tab; ``running`` is whether the server's service is."""
        state = state_in_words(self.state) if running else "Service stopped"
        known = running and self.partner_state is not None
        partner = state_in_words(self.partner_state) if known and self.partner_state else "Not available"
        hours, minutes = divmod(self.max_client_lead_time // 60, 60)
        seconds = self.max_client_lead_time % 60
        interval = self.state_switch_interval
        lines = {
            "Failover Relationship": self.name,
            "Partner Server": self.partner_server,
            "Mode": "Load balance" if self.mode is Mode.LOAD_BALANCE else "Hot standby",
            "Max Client Lead Time": f"{hours} hrs {minutes} mins" + (f" {seconds} s" if seconds else ""),
            "State Switchover Interval": "Disabled" if interval is None else f"{interval // 60} mins",
            "State of this Server": state,
            "State of Partner Server": partner,
        }
        if self.load_balance_percent is not None:
            lines |= {
                "Local Server": f"{self.load_balance_percent} %",
                "Partner Server's share": f"{100 - self.load_balance_percent} %",
            }
        else:
            lines |= {
                "Role of this server": self.server_role,
                "Addresses reserved for standby server": f"{self.reserve_percent} %",
            }
        lines["Message Authentication"] = "Enabled" if self.enable_auth else "Disabled"
        return lines

    def __repr__(self) -> str:
        lines = self.properties()
        if self.problem:
            lines["Problem"] = self.problem
        width = max(map(len, lines))
        return "\n".join(f"{label:<{width}} : {value}" for label, value in lines.items())


def state_in_words(state: ServerState) -> str:
    """Return a state as the console writes it (``Communication Interrupted``)."""
    return _STATE_WORDS.get(state, state.name.replace("_", " ").title())


def time_span(seconds: int) -> str:
    """Return a duration as PowerShell writes it: ``00:02:00``, ``8.00:00:00``."""
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{clock}" if days else clock


def table(columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in PowerShell's layout: titles, dashes, cells cut to the column's width."""
    titles = [title for title, _ in columns]
    lines = [titles, ["-" * len(title) for title in titles], *rows]
    return "\n".join(
        " ".join(_cell(text, width) for text, (_, width) in zip(line, columns, strict=True)).rstrip() for line in lines
    )


def _cell(text: str, width: int) -> str:
    return f"{text:<{width}}" if len(text) <= width else text[: width - 3] + "..."
