"""What a decision maker asks of the world around it.

Every decision maker (server, failover endpoint, client) is given an input and the time and returns a list of actions.
Whoever runs it carries them out **in order**, with one rule: *nothing of a list that holds a ``Commit`` is carried
out before that commit is on disk*. When a commit fails, the whole list is dropped and the failure logged: the client
was told nothing, so nothing was promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dhcpkit.protocol.datagram import Datagram

if TYPE_CHECKING:
    from dhcpkit.engine.lease import Lease


@dataclass(slots=True)
class Send:
    """Send a UDP datagram."""

    datagram: Datagram


@dataclass(slots=True)
class Document:
    """A piece of configuration or state to keep, by kind and name; ``value`` None forgets it.

    ``value`` holds only what JSON can hold.
    """

    kind: str
    name: str
    value: dict[str, Any] | None


@dataclass(slots=True)
class Commit:
    """Make these leases and documents durable before anything else of the same list happens.

    The leases are written as they are when the commit is carried out, so one object may be in several commits.
    """

    leases: tuple[Lease, ...] = ()
    documents: tuple[Document, ...] = ()


@dataclass(slots=True)
class Log:
    """Write a typed event (a value of an ``events.py``) to the lab's event log."""

    event: object


@dataclass(slots=True)
class Connect:
    """Open a TCP connection; answered later by ``stream_opened`` or ``stream_closed`` for this stream name."""

    stream: str
    address: int
    port: int


@dataclass(slots=True)
class Transmit:
    """Send bytes on an open stream."""

    stream: str
    data: bytes


@dataclass(slots=True)
class Close:
    """Close a stream after what was transmitted has left. No ``stream_closed`` follows."""

    stream: str


@dataclass(slots=True)
class Configure:
    """Give the host's interface this address (a client's lease), or none when ``address`` is 0."""

    address: int
    prefix_length: int = 0
    router: int = 0
    interface: str = "eth0"


@dataclass(slots=True)
class Probe:
    """Ask by ARP whether anyone uses an address; an answer comes back as ``address_in_use``."""

    address: int
    interface: str = "eth0"


@dataclass(slots=True)
class Reply:
    """Answer a command (``lab/node.py``) by ``value``, or by ``error``, which says what is wrong (else None)."""

    command: int
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Progress:
    """Tell who gave a command which step is done; ``outcome`` is ``"Successful"``, ``"Failed"`` or ``""`` (begun)."""

    command: int
    step: str
    outcome: str = ""


Action = Send | Commit | Log | Connect | Transmit | Close | Configure | Probe | Reply | Progress
Actions = list[Action]
