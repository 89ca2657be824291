"""The lab at this moment, as the topology draws it: folded from the event log, with no widget in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from dhcpkit.client.events import ClientStateEntered, LeaseBound, LeaseEnded
from dhcpkit.failover.events import (
    ContactEstablished,
    ContactLost,
    PartnerStateSeen,
    RelationshipChanged,
    StateEntered,
)
from dhcpkit.failover.settings import Mode
from dhcpkit.lab.events import Event, FrameSeen, LinkChanged, ServiceStarted, ServiceStopped
from dhcpkit.lab.hosts.status import FailoverStatus
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.ui.palette import styles_of

SHOWN_PROTOCOLS = frozenset({"dhcp", "failover"})
"""Frames of other protocols are not drawn."""
_BARE_TCP = "TCP "
"""How the summary of a frame begins that carries no failover message but keeps the connection going. The summary of one
that carries on a message begun in another frame begins with a number of bytes."""


@dataclass(slots=True)
class HostView:
    """What is drawn of one host.

    Attributes:
        key: How the lab knows the host, lower case.
        name: Its name.
        kind: ``server``, ``client`` or ``bare``.
        address: Its address as a dotted quad, empty when it has none.
        service: ``running``, ``stopped``, ``killed``, ``crashed``; empty for a host without a service.
        state: The server's failover state or the client's state, empty when it has none.
        partner_state: What a server knows of its partner's state.
        share: A server's part in the relationship, ``50 % of the clients`` or ``active``.
        served_by: Key of the server that a client has its lease from.
        relationship: Name of the server's failover relationship.
        contact: The server is in contact with its partner.
        inbound: The host's cable carries traffic to it.
        outbound: The host's cable carries traffic from it.
        letter: Letter of a server.
        shape: Shape of a server's packets.
        colour: Colour of a server.
        on_colour: Colour of what is written on it.
        description: The host in a sentence, for screen readers.
    """

    key: str
    name: str
    kind: str
    address: str = ""
    service: str = ""
    state: str = ""
    partner_state: str = ""
    share: str = ""
    served_by: str = ""
    relationship: str = ""
    contact: bool = False
    inbound: bool = True
    outbound: bool = True
    letter: str = ""
    shape: str = "circle"
    colour: str = ""
    on_colour: str = ""
    description: str = ""


@dataclass(slots=True, frozen=True)
class Packet:
    """A frame on its way: from a host to a host (``*``: to all of them), with a short label and a line for people."""

    number: int
    protocol: str
    sender: str
    receiver: str
    label: str
    summary: str


@dataclass(slots=True)
class Scene:
    """The hosts, the link between the servers, and the paths that are cut.

    Attributes:
        hosts: The hosts by key, in the lab's order.
        network: The segment's address, ``10.0.0.0/24``.
        domain: The domain's name.
        paths_cut: Pairs of host keys between which the path is cut, in at least one direction.
    """

    hosts: dict[str, HostView]
    network: str = ""
    domain: str = ""
    paths_cut: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, hosts: Iterable[tuple[str, str, str]], network: str = "", domain: str = "") -> Scene:
        """Make the scene before anything has happened; ``hosts`` are (name, kind, fixed address or empty)."""
        scene = cls({}, network, domain)
        for name, kind, address in hosts:
            scene.add(name, kind, address)
        return scene

    def add(self, name: str, kind: str, address: str = "") -> None:
        """Add a host."""
        self.hosts[name.lower()] = HostView(name.lower(), name, kind, address)
        for style_of, style in styles_of(host.key for host in self.servers).items():
            host = self.hosts[style_of]
            host.letter, host.shape = style.letter, style.shape
            host.colour, host.on_colour = style.colour, style.on_colour

    @property
    def servers(self) -> list[HostView]:
        """The hosts that are servers, in order."""
        return [host for host in self.hosts.values() if host.kind == "server"]

    @property
    def clients(self) -> list[HostView]:
        """The hosts that are not servers, in order."""
        return [host for host in self.hosts.values() if host.kind != "server"]

    def feed(self, events: Iterable[Event]) -> list[Packet]:
        """Take in events in the order of the log; return the frames among them that are to be seen."""
        packets = []
        for event in events:
            what = event.what
            if isinstance(what, FrameSeen):
                if what.protocol in SHOWN_PROTOCOLS and not _carries_no_message(what.summary):
                    packets.append(_packet(event.number, what))
                continue
            handler = _HANDLERS.get(type(what))
            host = self.hosts.get(event.host.lower())
            if isinstance(what, LinkChanged):
                self._link_changed(what)
            elif handler is not None and host is not None:
                handler(self, host, what)
        return packets

    def set_relationship(self, key: str, status: FailoverStatus | None) -> None:
        """Take over what a server says of its relationship: its share and the states (None: it has none)."""
        host = self.hosts[key]
        host.share = share_in_words(status) if status is not None else ""
        host.relationship = status.name if status is not None else ""
        if status is None:
            host.state = host.partner_state = ""
            host.contact = False
        elif host.service == "running":
            host.state = status.state.label
            host.partner_state = status.partner_state.label if status.partner_state is not None else ""
            host.contact = status.in_contact

    def document(self) -> dict[str, Any]:
        """Return the scene as JSON can hold it, for the topology's script."""
        for host in self.hosts.values():
            host.description = self.describe(host)
        return {
            "network": self.network,
            "domain": self.domain,
            "hosts": [asdict(host) for host in self.hosts.values()],
            "link": self._link(),
            "cuts": [list(pair) for pair in sorted(self.paths_cut)],
        }

    def describe(self, host: HostView) -> str:
        """Return a host in a sentence."""
        parts = [f"{host.name}, {'DHCP server' if host.kind == 'server' else 'client'}"]
        parts.append(f"address {host.address}" if host.address else "no address")
        if host.kind == "server":
            parts.append(f"service {host.service or 'not started'}")
            if host.relationship and host.service == "running":
                parts += [f"failover state {host.state or 'unknown'}", host.share]
                parts.append("in contact with its partner" if host.contact else "no contact with its partner")
            elif not host.relationship:
                parts.append("no failover relationship")
        elif host.state:
            parts.append(f"state {host.state}")
            if host.served_by in self.hosts:
                parts.append(f"lease from {self.hosts[host.served_by].name}")
        if not (host.inbound and host.outbound):
            parts.append("cable cut" if not (host.inbound or host.outbound) else "cable cut one way")
        return ", ".join(part for part in parts if part) + "."

    def table(self) -> str:
        """Return the scene as lines of text, one per host."""
        return "\n".join(self.describe(host) for host in self.hosts.values())

    def _link(self) -> dict[str, Any]:
        related = [host for host in self.servers if host.relationship]
        if not related:
            return {"exists": False, "contact": False, "cut": False, "text": "no failover relationship"}
        pair = tuple(host.key for host in related[:2])
        contact = len(related) == 2 and all(host.contact and host.service == "running" for host in related)
        cut = pair in self.paths_cut or pair[::-1] in self.paths_cut
        text = "failover: in contact" if contact else "failover: no contact"
        return {"exists": True, "contact": contact, "cut": cut, "text": text}

    def _link_changed(self, link: LinkChanged) -> None:
        host, peer = link.host.lower(), link.peer.lower()
        if peer:
            pair = (min(host, peer), max(host, peer))
            if link.inbound and link.outbound:
                self.paths_cut.discard(pair)
            else:
                self.paths_cut.add(pair)
        elif host in self.hosts:
            self.hosts[host].inbound, self.hosts[host].outbound = link.inbound, link.outbound

    def _started(self, host: HostView, what: ServiceStarted) -> None:
        host.service = "running"

    def _stopped(self, host: HostView, what: ServiceStopped) -> None:
        host.service = what.how
        host.state = host.partner_state = ""
        host.contact = False

    def _state_entered(self, host: HostView, what: StateEntered) -> None:
        host.relationship, host.state = what.relationship, what.state.label

    def _partner_seen(self, host: HostView, what: PartnerStateSeen) -> None:
        host.partner_state = "STARTUP" if what.startup else what.state.label

    def _contact_established(self, host: HostView, what: ContactEstablished) -> None:
        host.contact = True

    def _contact_lost(self, host: HostView, what: ContactLost) -> None:
        host.contact = False

    def _relationship_changed(self, host: HostView, what: RelationshipChanged) -> None:
        if what.what == "deleted":
            self.set_relationship(host.key, None)
        else:
            host.relationship = what.relationship

    def _client_state(self, host: HostView, what: ClientStateEntered) -> None:
        host.state = what.state

    def _bound(self, host: HostView, what: LeaseBound) -> None:
        host.address = format_ip(what.address)
        host.served_by = self._key_of(format_ip(what.server))

    def _ended(self, host: HostView, what: LeaseEnded) -> None:
        host.address = host.served_by = ""

    def _key_of(self, server: str) -> str:
        return next((host.key for host in self.servers if host.address == server), server)


def share_in_words(status: FailoverStatus) -> str:
    """Say a server's part in its relationship in a few words."""
    if status.mode is Mode.LOAD_BALANCE:
        return f"{status.load_balance_percent} % of the clients"
    if status.server_role == "Standby":
        return f"standby, {status.reserve_percent} % reserve"
    return status.server_role.lower()


def picture(scene: Scene) -> str:
    """Return the topology as a drawing in plain text: names and fixed addresses only, so always the same.

    It stands where a widget cannot be shown: in a preview of the notebook, in a terminal.
    """
    wire = f"{scene.network}  {scene.domain}".rstrip()
    above = _boxes([(host.name, host.address) for host in scene.servers])
    below = _boxes([(host.name, "address by DHCP" if host.kind == "client" else "") for host in scene.clients])
    width = max([len(line) for line in above + below] + [30])
    lines = [line.center(width).rstrip() for line in above]
    lines.append("═" * width + "  " + wire)
    lines += [line.center(width).rstrip() for line in below]
    return "\n".join(lines)


def _boxes(hosts: list[tuple[str, str]]) -> list[str]:
    """Draw hosts side by side: name over address, all of the same width."""
    if not hosts:
        return []
    width = max(len(text) for host in hosts for text in host) + 2
    gap = "   "
    edge = "─" * width
    return [
        gap.join(f"┌{edge}┐" for _ in hosts),
        gap.join(f"│{name.center(width)}│" for name, _ in hosts),
        gap.join(f"│{address.center(width)}│" for _, address in hosts),
        gap.join(f"└{edge}┘" for _ in hosts),
    ]


def _carries_no_message(summary: str) -> bool:
    return summary.startswith(_BARE_TCP) or summary[:1].isdigit()


def _packet(number: int, frame: FrameSeen) -> Packet:
    label = frame.summary.split(None, 1)[0].rstrip(",:") if frame.summary else frame.protocol
    return Packet(number, frame.protocol, frame.sender.lower(), frame.receiver.lower(), label, frame.summary)


_HANDLERS: dict[type, Any] = {
    ServiceStarted: Scene._started,
    ServiceStopped: Scene._stopped,
    StateEntered: Scene._state_entered,
    PartnerStateSeen: Scene._partner_seen,
    ContactEstablished: Scene._contact_established,
    ContactLost: Scene._contact_lost,
    RelationshipChanged: Scene._relationship_changed,
    ClientStateEntered: Scene._client_state,
    LeaseBound: Scene._bound,
    LeaseEnded: Scene._ended,
}
