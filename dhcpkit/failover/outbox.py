"""What one input makes an endpoint do, gathered and put in order.

The list that comes out begins with one ``Commit`` of everything that must be durable first, and all the bytes for a
stream are one ``Transmit``, however many messages they are.
"""

from __future__ import annotations

from dhcpkit.engine.actions import Action, Actions, Close, Commit, Connect, Document, Log, Transmit
from dhcpkit.engine.lease import Lease


class Outbox:
    """Actions of one input, taken out as a whole by ``take``."""

    __slots__ = ("_documents", "_leases", "_rest", "_transmits")

    def __init__(self) -> None:
        self._leases: dict[int, Lease] = {}
        self._documents: dict[tuple[str, str], Document] = {}
        self._rest: list[Action] = []
        self._transmits: dict[str, Transmit] = {}

    def commit(self, lease: Lease) -> None:
        """Make a lease durable, as it is when the list is carried out."""
        self._leases[lease.address] = lease

    def document(self, document: Document) -> None:
        """Make a document durable; of several with one name the last counts."""
        self._documents[document.kind, document.name] = document

    def log(self, event: object) -> None:
        """Write an event to the log."""
        self._rest.append(Log(event))

    def connect(self, stream: str, address: int, port: int) -> None:
        """Open a connection."""
        self._rest.append(Connect(stream, address, port))

    def transmit(self, stream: str, data: bytes) -> None:
        """Send bytes on a stream, after those that are to be sent already."""
        transmit = self._transmits.get(stream)
        if transmit is None:
            self._transmits[stream] = transmit = Transmit(stream, b"")
            self._rest.append(transmit)
        transmit.data += data

    def close(self, stream: str) -> None:
        """Close a stream once its bytes have left."""
        self._rest.append(Close(stream))

    def take(self) -> Actions:
        """Return everything gathered since the last call."""
        actions = self._rest
        if self._leases or self._documents:
            commit = Commit(tuple(self._leases.values()), tuple(self._documents.values()))
            actions = [commit, *actions]
            self._leases = {}
            self._documents = {}
        self._rest = []
        self._transmits = {}
        return actions
