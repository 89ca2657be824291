"""What the desk knows of the lab: the scene and the chart's model from the log, and what only the servers can tell.

A relationship's mode and shares, the scopes and ``ipconfig`` are asked for, and only after an event that may have
changed them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dhcpkit.client.events import ClientStateEntered, LeaseBound, LeaseEnded
from dhcpkit.engine.events import ScopeChanged
from dhcpkit.failover.events import (
    ContactEstablished,
    ContactLost,
    PartnerStateSeen,
    PoolBalanced,
    RelationshipChanged,
    StateEntered,
)
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import Event, ServiceStarted, ServiceStopped
from dhcpkit.lab.hosts.status import FailoverStatus, ScopeInfo
from dhcpkit.protocol.addresses import format_ip, mask_of
from dhcpkit.ui.scene import Packet, Scene

_CHANGES_SERVER = (
    ContactEstablished,
    ContactLost,
    PartnerStateSeen,
    PoolBalanced,
    RelationshipChanged,
    ScopeChanged,
    ServiceStarted,
    ServiceStopped,
    StateEntered,
)

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab
_CHANGES_CLIENT = (ClientStateEntered, LeaseBound, LeaseEnded, ServiceStarted, ServiceStopped)


class Readings:
    """The lab as the desk last read it. Used by one thread.

    Attributes:
        lab: The lab.
        scene: Its hosts and wires.
        statuses: Each server's relationship by the server's key; a server that does not run keeps its last.
        scopes: Each server's scopes by its key.
    """

    def __init__(self, lab: Lab) -> None:
        """Begin with the lab's hosts, before any event."""
        self.lab = lab
        first = next((card for host in lab.servers for card in host.spec.interfaces if card.address), None)
        network = format_ip(first.address & mask_of(first.prefix_length)) if first else ""
        domain = next((host.spec.domain for host in lab.hosts.values()), "")
        self.scene = Scene({}, f"{network}/{first.prefix_length}" if first else "", domain)
        self.statuses: dict[str, FailoverStatus] = {}
        self.scopes: dict[str, list[ScopeInfo]] = {}
        self._add_hosts()

    def take(self, events: Iterable[Event]) -> list[Packet]:
        """Take in events in the order of the log, ask what they may have changed, and return the packets seen."""
        events = list(events)
        self._add_hosts()
        packets = self.scene.feed(events)
        stale = {event.host.lower() for event in events if isinstance(event.what, _CHANGES_SERVER)}
        if stale:
            # A change on one server is mostly one on its partner too: both are asked.
            for server in self.lab.servers:
                self._ask(server.name.lower())
        return packets

    def concerns_clients(self, events: Iterable[Event]) -> bool:
        """Say whether what ``ipconfig`` prints may have changed."""
        return any(isinstance(event.what, _CHANGES_CLIENT) for event in events)

    def status(self) -> tuple[str, FailoverStatus] | None:
        """Return the relationship as the first server that runs and has it sees it, with that server's key."""
        for server in self.lab.servers:
            key = server.name.lower()
            if key in self.statuses and self.scene.hosts[key].service == "running":
                return key, self.statuses[key]
        return None

    def _ask(self, key: str) -> None:
        server = next(server for server in self.lab.servers if server.name.lower() == key)
        if self.scene.hosts[key].service != "running":
            return
        try:
            status, self.scopes[key] = server.failover(), server.scopes()
        except LabError:
            return  # it stopped meanwhile, which the log will tell
        if status is None:
            self.statuses.pop(key, None)
        else:
            self.statuses[key] = status
        self.scene.set_relationship(key, status)

    def _add_hosts(self) -> None:
        for key, host in list(self.lab.hosts.items()):
            if key not in self.scene.hosts:
                fixed = host.spec.interfaces[0].address
                self.scene.add(host.name, host.kind, format_ip(fixed) if fixed else "")
