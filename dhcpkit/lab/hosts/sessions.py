"""Which failover connection belongs to which relationship of a server."""

from __future__ import annotations

from dhcpkit.engine.actions import Actions, Close
from dhcpkit.failover.endpoint import Endpoint
from dhcpkit.lab.hosts.service import DhcpService
from dhcpkit.protocol.failover.codes import Option
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage, Framer

PATIENCE = 15.0
"""Seconds that a caller may take to say which relationship it means."""


class _Caller:
    """A partner in several relationships that has not said yet which one it means."""

    def __init__(self, candidates: list[Endpoint], now: float) -> None:
        self.candidates = candidates
        self.deadline = now + PATIENCE
        self.data = b""
        self._framer = Framer()

    def relationship_name(self, data: bytes) -> str | None:
        """Return the name in the CONNECT, None while it is not complete.

        Raises:
            FailoverMalformed: the bytes are no failover message.
        """
        self.data += data
        for raw in self._framer.feed(data):
            return (FailoverMessage.decode(raw).get(Option.RELATIONSHIP_NAME) or b"").decode(errors="replace")
        return None


class FailoverSessions:
    """Hands each connection on the failover port to the relationship it belongs to.

    A partner is known by its address. When it shares several relationships with this server, the name in its CONNECT
    decides; a host that is nobody's partner is hung up on.
    """

    def __init__(self, service: DhcpService) -> None:
        self._service = service
        self._owners: dict[str, Endpoint] = {}
        self._callers: dict[str, _Caller] = {}

    def accepted(self, stream: str, peer: int, now: float) -> Actions:
        """A host opened a connection to the failover port."""
        candidates = [end for end in self._service.endpoints.values() if end.settings.partner == peer]
        if not candidates:
            return [Close(stream)]
        if len(candidates) == 1:
            self._owners[stream] = candidates[0]
            return candidates[0].stream_accepted(stream, peer, now)
        self._callers[stream] = _Caller(candidates, now)
        return [action for endpoint in candidates if not endpoint.in_contact for action in endpoint.nudged(now)]

    def opened(self, stream: str, now: float) -> Actions:
        """A connection that a relationship asked for is open."""
        endpoint = self._owner(stream)
        return endpoint.stream_opened(stream, now) if endpoint else [Close(stream)]

    def data(self, stream: str, data: bytes, now: float) -> Actions:
        """Bytes from a partner."""
        caller = self._callers.get(stream)
        if caller is None:
            endpoint = self._owner(stream)
            return endpoint.stream_data(stream, data, now) if endpoint else [Close(stream)]
        try:
            name = caller.relationship_name(data)
        except FailoverMalformed:
            del self._callers[stream]
            return [Close(stream)]
        if name is None:
            return []
        del self._callers[stream]
        endpoint = next((end for end in caller.candidates if end.settings.name == name), caller.candidates[0])
        self._owners[stream] = endpoint
        actions = endpoint.stream_accepted(stream, endpoint.settings.partner, now)
        return actions + endpoint.stream_data(stream, caller.data, now)

    def closed(self, stream: str, because: str, now: float) -> Actions:
        """A connection ended or could not be opened."""
        if self._callers.pop(stream, None) is not None:
            return []
        endpoint = self._owner(stream)
        self._owners.pop(stream, None)
        return endpoint.stream_closed(stream, because, now) if endpoint else []

    def tick(self, now: float) -> Actions:
        """Hang up on callers that do not say which relationship they mean."""
        late = [stream for stream, caller in self._callers.items() if caller.deadline <= now]
        for stream in late:
            del self._callers[stream]
        return [Close(stream) for stream in late]

    def next_deadline(self) -> float | None:
        """When the next caller's time is over."""
        return min((caller.deadline for caller in self._callers.values()), default=None)

    def _owner(self, stream: str) -> Endpoint | None:
        """The relationship of a stream: the one that took it, or that asked for it (its name is in the stream's)."""
        endpoint = self._owners.get(stream)
        if endpoint is None and stream.startswith("failover/"):
            endpoint = self._service.endpoints.get(stream[len("failover/") :].rpartition("/")[0])
        return endpoint
