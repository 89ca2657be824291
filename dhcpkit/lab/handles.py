"""The hosts as people handle them: ``lab.dhcp1.stop()``, ``lab.client1.lease``.

Addresses are text here, times are lab time. Every act is written to the log as the administrator's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dhcpkit.client.lease import ClientLease
from dhcpkit.domain.names import name_of
from dhcpkit.lab import guide
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import AdministratorActed
from dhcpkit.lab.hosts.client import ClientStatus
from dhcpkit.lab.hosts.procedures import UNCHANGED
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.hosts.status import FailoverStatus, Leases, ScopeInfo, Scopes
from dhcpkit.protocol.addresses import format_ip, parse_ip

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab

ProgressCallback = Callable[[str, str], None]
"""Called with a step's line and its outcome: empty when it begins, then ``Successful`` or ``Failed``."""

COMMAND_TIMEOUT = 20.0
"""Real seconds that a command which asks the partner may take."""

MAX_SKEW = 365 * 86_400
"""Seconds that a host's clock may be off: a year, more than any lesson needs."""

RENEWAL_PATIENCE = 60.0
"""Lab seconds after which a client has surely told whether its renewal came."""


class Host:
    """Any host of a lab."""

    def __init__(self, lab: Lab, spec: HostSpec) -> None:
        self._lab = lab
        self.spec = spec
        self.name = spec.name
        self.full_name = spec.full_name
        self.kind = spec.kind
        self.running = True

    @property
    def address(self) -> str:
        """Its IPv4 address, empty while it has none."""
        own = self.spec.interfaces[0].address
        return format_ip(own) if own else ""

    def start(self) -> None:
        """Start the service; one that runs is left alone."""
        self._lab.network.start_service(self.name)
        self.running = True

    def stop(self) -> None:
        """Stop the service in an orderly way."""
        self._acted(f"Stop the {self._service} service on {self.name}")
        self._lab.network.stop_service(self.name)
        self.running = False

    def kill(self) -> None:
        """End the service as a crash would: it gets to do nothing more."""
        self._acted(f"Kill the {self._service} service on {self.name}")
        self._lab.network.kill_service(self.name)
        self.running = False

    def set_skew(self, seconds: float) -> None:
        """Put the host's clock ahead of the lab's, or behind it when negative.

        Raises:
            LabError: it is not a number, or so large that no clock shows it.
        """
        if not isinstance(seconds, int | float) or not abs(seconds) <= MAX_SKEW:
            raise LabError(f"a clock cannot be {seconds!r} s off; give a number of seconds up to {MAX_SKEW}")
        self._acted(f"Set the clock of {self.name} {seconds:+g} s off")
        self._lab.network.set_skew(self.name, seconds)

    def run(self, *arguments: str, timeout: float = 30.0) -> str:
        """Run a program on the host and return what it prints (kernel wire).

        Raises:
            LabError: the wire cannot run programs, or the program failed; its message is in the text.
        """
        result = self._lab.network.run(self.name, arguments, timeout)
        if result.returncode:
            raise LabError(f"{arguments[0]} on {self.name} ended with {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def __repr__(self) -> str:
        return f"<{self.name}, {self.kind}>"

    @property
    def _service(self) -> str:
        return "DHCP Server" if self.kind == "server" else "DHCP Client"

    def _acted(self, what: str) -> None:
        self._lab.record(self.name, AdministratorActed(what))

    def _ask(
        self,
        command: str,
        given: dict[str, Any] | None = None,
        on_progress: ProgressCallback | None = None,
        timeout: float = COMMAND_TIMEOUT,
    ) -> Any:
        return self._lab.network.command(self.name, command, given or {}, on_progress, timeout)


class ServerHost(Host):
    """A DHCP server."""

    def start(self) -> None:
        """Start the DHCP Server service from what its database holds."""
        self._acted(f"Start the DHCP Server service on {self.name}")
        super().start()

    def scopes(self) -> Scopes:
        """List the scopes."""
        return Scopes(self._ask("scopes"))

    def add_scope(
        self,
        name: str,
        start: str,
        end: str,
        prefix_length: int,
        *,
        exclusions: Sequence[tuple[str, str]] = (),
        lease_duration: int = 691_200,
        options: dict[int, bytes] | None = None,
        active: bool = True,
    ) -> ScopeInfo:
        """Make a scope. Addresses are dotted quads, ``lease_duration`` is in seconds.

        Raises:
            LabError: the scope is wrong or overlaps another; the text says how. Nothing is changed.
        """
        arguments = {
            "name": name,
            "start": _address(start),
            "end": _address(end),
            "prefix_length": prefix_length,
            "exclusions": [_exclusion(pair) for pair in exclusions],
            "lease_duration": lease_duration,
            "options": options,
            "active": active,
        }
        info: ScopeInfo = self._ask("add_scope", arguments)
        self._acted(f"New scope {name} ({info.scope_id}) on {self.name}")
        return info

    def add_guide_scope(self) -> ScopeInfo:
        """Make the guide's Contoso-scope1, as the New Scope wizard does on DHCP2."""
        info: ScopeInfo = self._ask("add_scope", guide.scope_arguments())
        self._acted(f"New scope {info.name} ({info.scope_id}) on {self.name}")
        return info

    def remove_scope(self, scope: str) -> None:
        """Remove a scope with its leases."""
        self._ask("remove_scope", {"scope_id": scope})
        self._acted(f"Delete scope {scope} on {self.name}")

    def leases(self, scope: str | None = None) -> Leases:
        """List the leases of a scope, or of all."""
        return Leases(self._ask("leases", {"scope_id": scope}))

    def statistics(self) -> dict[str, int]:
        """Count messages, silences and malformed packets since the service started."""
        return dict(self._ask("statistics"))

    def configure_failover(
        self,
        scope: str | Sequence[str] = guide.SCOPE_ID,
        partner: str = f"dhcp1.{guide.DOMAIN}",
        *,
        name: str | None = None,
        secret: str | None = None,
        mclt: int = 3600,
        mode: str = "LoadBalance",
        percent: int = 50,
        role: str = "Active",
        reserve: int = 5,
        switch_interval: int | None = None,
        dialect: str = "windows",
        timers: dict[str, int] | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> list[str]:
        """Configure failover for scopes of this server, as the Configure Failover wizard does.

        Args:
            scope: A scope's id, or several.
            partner: The partner server's name or address.
            name: The relationship's name; None is the wizard's, both servers' names.
            secret: The shared secret; None switches message authentication off.
            mclt: Maximum client lead time in seconds.
            mode: ``LoadBalance`` or ``HotStandby``.
            percent: This server's share of the clients, for load balance.
            role: This server's role, ``Active`` or ``Standby``, for hot standby.
            reserve: Percent of the range kept for the standby's new clients, for hot standby.
            switch_interval: Seconds without contact after which the partner counts as down; None is never.
            dialect: Whose reading of the protocol is spoken: ``windows``, ``draft`` or ``isc``.
            timers: Durations of the protocol in seconds by name, as ``failover.settings.Timers`` has them.
            on_progress: Told each step.

        Returns:
            The steps done.

        Raises:
            LabError: a check failed (its text says which and what would be right) or a step did; nothing is changed.
        """
        scopes = [scope] if isinstance(scope, str) else list(scope)
        given = {
            "scopes": scopes,
            "partner": partner,
            "name": name,
            "secret": secret,
            "mclt": mclt,
            "mode": mode,
            "percent": percent,
            "role": role,
            "reserve": reserve,
            "switch_interval": switch_interval,
            "dialect": dialect,
            "timers": timers or {},
        }
        self._acted(f"Configure failover for {', '.join(scopes)} on {self.name} with {partner}")
        return list(self._ask("configure_failover", given, on_progress))

    def failover(self, name: str | None = None) -> FailoverStatus | None:
        """Return a relationship as this server sees it: the one named, or the only one; None when there is none.

        Raises:
            LabError: there are several and no name was given.
        """
        found: list[FailoverStatus] = self._ask("failover")
        if name is not None:
            found = [status for status in found if status.name == name]
        if len(found) > 1:
            raise LabError(
                f"{self.name} has several failover relationships: {', '.join(s.name for s in found)}; name one"
            )
        return found[0] if found else None

    def set_failover(
        self,
        name: str | None = None,
        *,
        mode: str = UNCHANGED,
        percent: int | str = UNCHANGED,
        reserve: int | str = UNCHANGED,
        mclt: int | str = UNCHANGED,
        switch_interval: int | str | None = UNCHANGED,
        secret: str | None = UNCHANGED,
        only_here: bool = False,
    ) -> None:
        """Edit a relationship on both servers; what is not given stays. ``percent`` is this server's share.

        Args:
            name: The relationship; None is the only one there is.
            mode: ``LoadBalance`` or ``HotStandby``.
            percent: This server's share of the clients.
            reserve: Percent of the range kept for the standby.
            mclt: Maximum client lead time in seconds.
            switch_interval: Seconds, or None for never.
            secret: The shared secret, or None for no message authentication.
            only_here: Leave the partner as it is: the two then disagree, as after a mistake.

        Raises:
            LabError: a value is wrong, or the partner cannot be reached; nothing is changed.
        """
        given = {
            "mode": mode,
            "percent": percent,
            "reserve": reserve,
            "mclt": mclt,
            "switch_interval": switch_interval,
            "secret": secret,
        }
        given = {key: value for key, value in given.items() if value != UNCHANGED}
        shown = ", ".join(f"{key} {value}" for key, value in given.items() if key != "secret") or "shared secret"
        self._acted(f"Edit failover on {self.name}: {shown}")
        self._ask("set_failover", {"name": name, "only_here": only_here, **given})

    def remove_failover(self, name: str | None = None, *, force: bool = False) -> None:
        """Deconfigure failover: the scopes stay here and vanish from the partner.

        ``force`` ends the relationship here even when the partner cannot be reached.
        """
        self._acted(f"Deconfigure failover on {self.name}")
        self._ask("remove_failover", {"name": name, "force": force})

    def replicate(self, name: str | None = None) -> list[str]:
        """Overwrite the partner's scope settings with this server's; return the scope ids."""
        self._acted(f"Replicate scopes from {self.name}")
        return list(self._ask("replicate", {"name": name}))

    def partner_down(self, name: str | None = None) -> None:
        """Declare the partner down; only a server in COMMUNICATIONS-INTERRUPTED takes this."""
        self._acted(f"Change to partner down on {self.name}")
        self._ask("partner_down", {"name": name})


class ClientHost(Host):
    """The course's own DHCP client on a host."""

    @property
    def address(self) -> str:
        """Its leased address, empty while it has none."""
        lease = self.lease
        return format_ip(lease.address) if lease else ""

    @property
    def status(self) -> ClientStatus:
        """Everything that ``ipconfig`` tells."""
        status: ClientStatus = self._ask("status")
        return status

    @property
    def lease(self) -> ClientLease | None:
        """The lease that the client holds, or None."""
        return self.status.lease if self.running else None

    @property
    def state(self) -> str:
        """The client's state of RFC 2131 figure 5, e.g. ``BOUND``; ``STOPPED`` when the client does not run."""
        return self.status.state if self.running else "STOPPED"

    @property
    def served_by(self) -> str:
        """Name of the server that gave or last renewed the lease, ``DHCP2``; empty without a lease."""
        lease = self.lease
        if lease is None:
            return ""
        names = {host.name: host.spec.interfaces[0].address for host in self._lab.servers}
        return name_of(lease.server, names)

    def renew(self, wait: bool = False) -> None:
        """Ask for a renewal now, as ``ipconfig /renew`` does; with ``wait`` return when it has come.

        Raises:
            RenewalFailed: with ``wait``, no server answered within half a minute of lab time.
        """
        self._acted(f"ipconfig /renew on {self.name}")
        patience = COMMAND_TIMEOUT + (RENEWAL_PATIENCE / (self._lab.clock.speed or 1.0) if wait else 0.0)
        self._ask("renew", {"wait": wait}, timeout=patience)

    def release(self) -> None:
        """Give the address back, as ``ipconfig /release`` does."""
        self._acted(f"ipconfig /release on {self.name}")
        self._ask("release")


def _address(text: str) -> int:
    try:
        return parse_ip(text)
    except (ValueError, AttributeError):
        raise LabError(
            f"{text!r} is not an IPv4 address; write four numbers of 0 to 255 as text, as in '10.0.0.1'"
        ) from None


def _exclusion(pair: tuple[str, str]) -> tuple[int, int]:
    try:
        first, last = pair
    except (TypeError, ValueError):
        raise LabError(f"{pair!r} is not an exclusion; give its first and last address") from None
    return _address(first), _address(last)
