"""A host's TCP: its connections by their ends, and the streams of its node by name."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

from dhcpkit.lab.memory.connection import Connection, Ends, Owner
from dhcpkit.lab.memory.queue import EventQueue
from dhcpkit.protocol.ethernet import TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TcpSegment

_FIRST_PORT, _LAST_PORT = 49152, 65535


class StreamEvents(Protocol):
    """What a host's node is told of its streams."""

    def listens(self, port: int) -> bool:
        """Say whether the node takes connections to a port now."""

    def stream_accepted(self, stream: str, port: int, peer: int) -> None:
        """Tell of a connection that ``peer`` opened."""

    def stream_opened(self, stream: str) -> None:
        """Tell that a connection asked for is open."""

    def stream_data(self, stream: str, data: bytes) -> None:
        """Tell of bytes that arrived."""

    def stream_closed(self, stream: str, because: str) -> None:
        """Tell that a stream is over."""


class TcpStack:
    """Connections outlive the node that opened them, as they do in a kernel: they still say good-bye."""

    def __init__(
        self, queue: EventQueue, generator: random.Random, emit: Callable[[TcpSegment], None], node: StreamEvents
    ) -> None:
        """Make a stack without connections.

        Args:
            queue: The lab's virtual time.
            generator: Draws the initial sequence numbers.
            emit: Sends a segment.
            node: Who is told of streams.
        """
        self._queue = queue
        self._random = generator
        self._emit = emit
        self._node = node
        self._connections: dict[Ends, Connection] = {}
        self._streams: dict[str, Connection] = {}
        self._accepted = 0
        self._port = _FIRST_PORT - 1

    def connect(self, stream: str, address: int, peer: int, port: int) -> None:
        """Open a connection from one of this host's addresses; a stream of that name that still is there is closed."""
        self.close(stream)
        own_port = self._free_port(peer, port)
        if own_port is None:
            self._queue.after(0, partial(self._node.stream_closed, stream, "no port is free for another connection"))
            return
        ends = Ends(address, own_port, peer, port)
        opened = partial(self._node.stream_opened, stream)
        connection = self._connections[ends] = self._streams[stream] = self._connection(ends, stream, opened)
        connection.dial()

    def transmit(self, stream: str, data: bytes) -> None:
        """Send bytes on a stream; for one that is gone they are dropped."""
        if stream in self._streams:
            self._streams[stream].transmit(data)

    def close(self, stream: str) -> None:
        """Close a stream after what was transmitted has left."""
        connection = self._streams.pop(stream, None)
        if connection is not None:
            connection.close()

    def close_all(self) -> None:
        """Close every stream of a service that has stopped."""
        for stream in list(self._streams):
            self.close(stream)

    def abort_all(self) -> None:
        """Reset every connection of a service that was killed."""
        self._streams.clear()
        for connection in list(self._connections.values()):
            connection.abort()

    def unreachable(self, address: int) -> None:
        """Give up the connections that are being opened to an address which cannot be reached."""
        for ends, connection in list(self._connections.items()):
            if ends.peer == address and not connection.is_open:
                connection.fail("no route: nobody has that address on the network")

    def receive(self, segment: TcpSegment) -> None:
        """Take a segment for this host."""
        ends = Ends(segment.destination, segment.destination_port, segment.source, segment.source_port)
        connection = self._connections.get(ends)
        if connection is not None:
            connection.receive(segment)
        elif segment.flags & TCP_RST:
            return
        elif segment.flags & TCP_SYN and not segment.flags & TCP_ACK and self._node.listens(ends.port):
            self._accept(ends, segment)
        else:
            self._refuse(segment)

    def _accept(self, ends: Ends, segment: TcpSegment) -> None:
        self._accepted += 1
        stream = f"accepted-{self._accepted}"
        opened = partial(self._node.stream_accepted, stream, ends.port, ends.peer)
        connection = self._connections[ends] = self._streams[stream] = self._connection(ends, stream, opened)
        connection.answer(segment)

    def _refuse(self, segment: TcpSegment) -> None:
        """Answer a segment of no connection with a reset (RFC 9293 section 3.10.7.1)."""
        taken = len(segment.payload) + (1 if segment.flags & (TCP_SYN | TCP_FIN) else 0)
        self._emit(
            TcpSegment(
                b"",
                segment.destination,
                segment.destination_port,
                segment.source,
                segment.source_port,
                segment.acknowledgement if segment.flags & TCP_ACK else 0,
                (segment.sequence + taken) % (1 << 32),
                TCP_RST | TCP_ACK,
                0,
            )
        )

    def _connection(self, ends: Ends, stream: str, opened: Callable[[], None]) -> Connection:
        owner = Owner(
            opened,
            partial(self._node.stream_data, stream),
            partial(self._closed, stream),
            partial(self._forget, ends),
        )
        return Connection(ends, self._random.getrandbits(32), self._queue, self._emit, owner)

    def _closed(self, stream: str, because: str) -> None:
        connection = self._streams.pop(stream)
        if connection.dialled or connection.is_open:
            self._node.stream_closed(stream, because)

    def _forget(self, ends: Ends) -> None:
        self._connections.pop(ends, None)

    def _free_port(self, peer: int, peer_port: int) -> int | None:
        """Return the next port that no connection to the same peer uses, None when all are used."""
        used = {ends.port for ends in self._connections if (ends.peer, ends.peer_port) == (peer, peer_port)}
        for _ in range(_FIRST_PORT, _LAST_PORT + 1):
            self._port = self._port + 1 if self._port < _LAST_PORT else _FIRST_PORT
            if self._port not in used:
                return self._port
        return None
