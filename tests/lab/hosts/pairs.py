"""The guide's two servers on the memory wire, and what they hold: for tests that look for what was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dhcpkit.engine.actions import Actions
from dhcpkit.lab.hosts.partner_calls import answer
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.memory.wire import MemoryWire
from dhcpkit.protocol.failover.codes import ServerState

SECOND = {"name": "Contoso-scope2", "start": "10.0.1.1", "end": "10.0.1.254", "prefix_length": 24}
"""A second scope for ``add_scope``."""


def configure(lab: Lab, server: str = "dhcp2", **given: Any) -> list[str]:
    """Configure failover as in the guide; ``given`` says what is different."""
    partner = "dhcp1.contoso.com" if server == "dhcp2" else "dhcp2.contoso.com"
    return lab[server].configure_failover(**{"partner": partner, "secret": "secret", "mclt": 60, **given})


def wire_of(lab: Lab) -> MemoryWire:
    assert isinstance(lab.network, MemoryWire)
    return lab.network


def kept(lab: Lab, host: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What a server has on disk besides leases."""
    return wire_of(lab)._hosts[host].store.load().documents


def holdings(lab: Lab) -> list[Any]:
    """What both servers serve, and what they have on disk, but for what their states make of it by themselves."""
    found: list[Any] = []
    for server in ("dhcp1", "dhcp2"):
        found.append({key: value for key, value in kept(lab, server).items() if key[0] != "failover-state"})
        if lab[server].running:
            found.append([(scope.scope_id, scope.active, scope.relationship) for scope in lab[server].scopes()])
    return found


def ask(lab: Lab, host: str, name: str, arguments: dict[str, Any]) -> Any:
    """Have a server carry out a management call, as its partner would ask for it; return the answer."""
    found = wire_of(lab)._hosts[host]
    answers: list[dict[str, Any]] = []

    def take(now: float) -> Actions:
        assert found._carrier is not None
        body, actions = answer(found._carrier.node.service, {"call": name, "arguments": arguments}, now)
        answers.append(body)
        return actions

    found._feed(take)
    assert "error" not in answers[0], answers[0]["error"]
    return answers[0]["value"]


def normal(lab: Lab) -> bool:
    """Both servers are in NORMAL in every relationship."""
    seen = [status for server in lab.servers for status in lab.network.command(server.name, "failover", {})]
    return bool(seen) and all(status.state is status.partner_state is ServerState.NORMAL for status in seen)


def at_step(text: str, act: Callable[[], None]) -> Callable[[str, str], None]:
    """A progress callback that does something once, when a step begins."""
    left = [act]

    def progress(step: str, outcome: str) -> None:
        if step.startswith(text) and not outcome and left:
            left.pop()()

    return progress
