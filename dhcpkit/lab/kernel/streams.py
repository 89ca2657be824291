"""A host's TCP connections: opened, accepted, read and written without ever waiting."""

from __future__ import annotations

import errno
import os
import selectors
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from dhcpkit.engine.actions import Actions
from dhcpkit.lab.node import Node
from dhcpkit.protocol.addresses import format_ip

MAX_QUEUED = 4 << 20
"""Bytes that may wait to be sent on one stream; a partner that lets more pile up is cut off."""

_READ_SIZE = 1 << 16
_BACKLOG = 16

Input = Callable[[float], Actions]


@dataclass(slots=True, eq=False)
class _Stream:
    name: str
    socket: socket.socket
    connecting: bool = False
    closing: bool = False
    queue: bytearray = field(default_factory=bytearray)


class Streams:
    """All TCP connections of a host.

    What happens is given to ``tell`` as inputs for the node. Callbacks for the loop are registered with ``selector``
    as the key's data.
    """

    def __init__(
        self, node: Node, selector: selectors.BaseSelector, tell: Callable[[Input], None], ports: Iterable[int]
    ) -> None:
        """Listen on ``ports``.

        Raises:
            OSError: a port is taken.
        """
        self._node = node
        self._selector = selector
        self._tell = tell
        self._streams: dict[str, _Stream] = {}
        self._accepted = 0
        self._closing: set[_Stream] = set()
        self._listeners = [self._listen(port) for port in ports]

    def connect(self, name: str, address: int, port: int) -> None:
        """Begin to open a connection; the node is told when it is open, or why it could not be opened."""
        if name in self._streams:
            raise ValueError(f"there is a stream {name!r} already")
        stream = _Stream(name, _stream_socket(), connecting=True)
        self._streams[name] = stream
        self._selector.register(stream.socket, selectors.EVENT_WRITE, partial(self._ready, stream))
        number = stream.socket.connect_ex((format_ip(address), port))
        if number not in (0, errno.EINPROGRESS):
            self._lost(stream, os.strerror(number))

    def transmit(self, name: str, data: bytes) -> None:
        """Send bytes on a stream, after what is waiting; dropped when the stream is gone."""
        stream = self._streams.get(name)
        if stream is None:
            return
        stream.queue += data
        if len(stream.queue) > MAX_QUEUED:
            self._lost(stream, f"the other side takes nothing; {len(stream.queue)} bytes were waiting for it")
        elif not stream.connecting:
            self._write(stream)

    def close(self, name: str) -> None:
        """Close a stream after what waits has been sent; the node hears no more of it."""
        stream = self._streams.pop(name, None)
        if stream is None:
            return
        if stream.connecting or not stream.queue:
            self._forget(stream)
        else:
            stream.closing = True
            self._closing.add(stream)
            self._selector.modify(stream.socket, selectors.EVENT_WRITE, partial(self._ready, stream))

    def close_all(self) -> None:
        """Take no more connections and close those there are, as ``close`` does."""
        for listener in self._listeners:
            self._selector.unregister(listener)
            listener.close()
        self._listeners = []
        for name in list(self._streams):
            self.close(name)

    @property
    def draining(self) -> bool:
        """Closed streams still have bytes to send."""
        return bool(self._closing)

    def _listen(self, port: int) -> socket.socket:
        listener = _stream_socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        listener.listen(_BACKLOG)
        self._selector.register(listener, selectors.EVENT_READ, partial(self._accept, listener, port))
        return listener

    def _accept(self, listener: socket.socket, port: int, events: int) -> None:
        try:
            accepted, (peer, _) = listener.accept()
        except OSError:
            return  # whoever called has hung up before we answered
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accepted += 1
        stream = _Stream(f"accepted-{self._accepted}", accepted)
        self._streams[stream.name] = stream
        self._selector.register(accepted, selectors.EVENT_READ, partial(self._ready, stream))
        address = int.from_bytes(socket.inet_aton(peer), "big")
        self._tell(partial(self._node.stream_accepted, stream.name, port, address))

    def _ready(self, stream: _Stream, events: int) -> None:
        if stream.connecting:
            self._opened(stream)
            return
        if events & selectors.EVENT_WRITE:
            self._write(stream)
        if events & selectors.EVENT_READ and self._streams.get(stream.name) is stream:
            self._read(stream)

    def _opened(self, stream: _Stream) -> None:
        number = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._lost(stream, os.strerror(number))
            return
        stream.connecting = False
        self._selector.modify(stream.socket, selectors.EVENT_READ, partial(self._ready, stream))
        self._tell(partial(self._node.stream_opened, stream.name))
        self._write(stream)

    def _read(self, stream: _Stream) -> None:
        try:
            data = stream.socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(stream, error.strerror or str(error))
            return
        if data:
            self._tell(partial(self._node.stream_data, stream.name, data))
        else:
            self._lost(stream, "the other side closed the connection")

    def _write(self, stream: _Stream) -> None:
        try:
            while stream.queue:
                del stream.queue[: stream.socket.send(stream.queue)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._lost(stream, error.strerror or str(error))
            return
        if stream.closing:
            if not stream.queue:
                self._forget(stream)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.queue else 0)
        self._selector.modify(stream.socket, events, partial(self._ready, stream))

    def _lost(self, stream: _Stream, because: str) -> None:
        told = self._streams.get(stream.name) is stream
        if told:
            del self._streams[stream.name]
        self._forget(stream)
        if told:
            self._tell(partial(self._node.stream_closed, stream.name, because))

    def _forget(self, stream: _Stream) -> None:
        self._closing.discard(stream)
        self._selector.unregister(stream.socket)
        stream.socket.close()


def _stream_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
