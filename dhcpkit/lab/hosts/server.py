"""A DHCP server of the lab as a node: the service, its connections, and the commands an administrator gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dhcpkit.domain.names import NameNotFound, resolve
from dhcpkit.engine.actions import Actions, Close, Reply, Transmit
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts import procedures
from dhcpkit.lab.hosts.commands import COMMANDS
from dhcpkit.lab.hosts.conversation import Conversation, Procedure
from dhcpkit.lab.hosts.management import MANAGEMENT_PORT, Caller, ManagementError, seal
from dhcpkit.lab.hosts.partner_calls import answer
from dhcpkit.lab.hosts.service import DhcpService
from dhcpkit.lab.hosts.sessions import FailoverSessions
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.datagram import SERVER_PORT, Datagram
from dhcpkit.protocol.failover.codes import FAILOVER_PORT

PROCEDURES: dict[str, Callable[[DhcpService, dict[str, Any], int], Procedure]] = {
    "configure_failover": procedures.configure_failover,
    "set_failover": procedures.set_failover,
    "remove_failover": procedures.remove_failover,
    "replicate": procedures.replicate,
}


class ServerNode:
    """The decisions of one DHCP server host (``dhcpkit/lab/node.py``)."""

    udp_port = SERVER_PORT
    tcp_ports = (FAILOVER_PORT, MANAGEMENT_PORT)

    def __init__(self, spec: HostSpec, saved: Saved) -> None:
        self.service = DhcpService(spec, saved)
        self._spec = spec
        self._sessions = FailoverSessions(self.service)
        self._conversations: dict[str, Conversation] = {}
        self._callers: dict[str, Caller] = {}

    def start(self, now: float) -> Actions:
        """Start every relationship from the state it was saved in."""
        actions: Actions = []
        for endpoint in self.service.endpoints.values():
            actions += endpoint.start(now)
        return actions

    def stop(self, now: float) -> Actions:
        """Close the connections; the partners see it at once."""
        actions: Actions = []
        for endpoint in self.service.endpoints.values():
            actions += endpoint.stop(now)
        return actions

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        """Answer a client, or stay silent."""
        return self.service.dhcp.handle(datagram, now)

    def stream_accepted(self, stream: str, port: int, peer: int, now: float) -> Actions:
        """A partner calls: for failover, or to manage this server."""
        if port == MANAGEMENT_PORT:
            self._callers[stream] = Caller(self._spec.key, now)
            return []
        return self._then(self._sessions.accepted(stream, peer, now), now)

    def stream_opened(self, stream: str, now: float) -> Actions:
        """A connection this server asked for is open."""
        if stream in self._conversations:
            return self._conversations[stream].stream_opened(now)
        return self._then(self._sessions.opened(stream, now), now)

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        """Bytes for a procedure under way, for a manager's call, or for a failover session."""
        if stream in self._conversations:
            return self._then(self._conversations[stream].stream_data(data, now), now)
        if stream in self._callers:
            return self._then(self._called(stream, data, now), now)
        return self._then(self._sessions.data(stream, data, now), now)

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        """A connection ended or could not be made."""
        if stream in self._conversations:
            return self._then(self._conversations[stream].stream_closed(because, now), now)
        if self._callers.pop(stream, None) is not None:
            return []
        return self._then(self._sessions.closed(stream, because, now), now)

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        """Servers of the lab do not probe (Windows' conflict detection attempts are 0 by default)."""
        return []

    def command(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        """Carry out an administrator's command, or answer with an error that names what is wrong."""
        try:
            if name in PROCEDURES:
                return self._then(self._begin(number, name, arguments, now), now)
            handler = COMMANDS.get(name)
            if handler is None:
                known = ", ".join(sorted([*PROCEDURES, *COMMANDS]))
                raise LabError(f"a server knows no command {name!r}; it knows: {known}")
            value, actions = handler(self.service, arguments, now)
        except (LabError, ValueError, LookupError) as wrong:
            return [Reply(number, error=wrong if isinstance(wrong, LabError) else LabError(str(wrong)))]
        except (TypeError, AttributeError) as wrong:
            # A notebook may hand over anything; a server must not end because of it.
            return [Reply(number, error=LabError(f"{name} cannot take these arguments: {wrong}"))]
        return self._then([*actions, Reply(number, value)], now)

    def tick(self, now: float) -> Actions:
        """Do what has come due: leases that end, the failover protocol's timers, procedures that wait."""
        actions = self.service.dhcp.tick(now)
        for endpoint in list(self.service.endpoints.values()):
            actions += endpoint.tick(now)
        actions += self._sessions.tick(now)
        for stream in [stream for stream, caller in self._callers.items() if caller.deadline <= now]:
            del self._callers[stream]
            actions.append(Close(stream))
        return self._then(actions, now)

    def next_deadline(self) -> float | None:
        """The nearest of all deadlines."""
        deadlines = [self.service.dhcp.next_deadline(), self._sessions.next_deadline()]
        deadlines += [endpoint.next_deadline() for endpoint in self.service.endpoints.values()]
        deadlines += [conversation.deadline for conversation in self._conversations.values()]
        deadlines += [caller.deadline for caller in self._callers.values()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _begin(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        partner, typed = self._partner(name, arguments)
        procedure = PROCEDURES[name](self.service, arguments, partner)
        conversation = Conversation(number, procedure, partner, typed, self._spec.key)
        self._conversations[conversation.stream] = conversation
        return conversation.begin(now)

    def _partner(self, name: str, arguments: dict[str, Any]) -> tuple[int, str]:
        """The partner that a procedure talks to, by address and as the administrator calls it."""
        if name != "configure_failover":
            settings = self.service.endpoint(arguments.get("name")).settings
            return settings.partner, settings.partner_name
        typed = str(arguments["partner"])
        try:
            return resolve(typed, self._spec.names, self._spec.domain), typed
        except NameNotFound as wrong:
            raise LabError(f"partner server: {wrong}") from None

    def _called(self, stream: str, data: bytes, now: float) -> Actions:
        try:
            calls = self._callers[stream].feed(data, now)
        except ManagementError:
            del self._callers[stream]
            return [Close(stream)]
        actions: Actions = []
        for call in calls:
            body, done = answer(self.service, call, now)
            actions += [*done, Transmit(stream, seal(body, self._spec.key))]
        return actions

    def _then(self, actions: Actions, now: float) -> Actions:
        """After an input that may have changed a state: let the procedures look whether what they await has come."""
        for stream, conversation in list(self._conversations.items()):
            actions += conversation.tick(now)
            if conversation.finished:
                del self._conversations[stream]
        return actions
