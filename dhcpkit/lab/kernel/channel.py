"""The control channel between the processes of a lab: Python values, and descriptors with them, over a socket pair.

Both ends are processes of one lab that one person started, so values travel as pickles. A value is preceded by its
length; descriptors go with the first bytes of the value they belong to.
"""

from __future__ import annotations

import array
import os
import pickle
import socket
import struct
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

_LENGTH = struct.Struct("=II")  # bytes that follow, descriptors that came along
_MAX_DESCRIPTORS = 8
_READ_SIZE = 1 << 18
_RECEIVE_FLAGS = socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC
_DESCRIPTOR = array.array("i")
_NOTHING_YET, _READ, _ENDED = range(3)
_SEND_TIMEOUT = struct.pack("ll", 5, 0)  # seconds: a process that reads nothing for so long is stuck


class ChannelClosed(Exception):
    """The process at the other end is gone, or takes nothing any more."""


class Channel:
    """One end of a control channel. Any thread may send; one thread receives.

    ``receive`` never waits. ``send`` waits until the other side has taken what was sent, at most five seconds; a
    process that must not wait uses ``post`` and ``flush`` instead, and never ``send``.
    """

    def __init__(self, end: socket.socket) -> None:
        """Take over one end of a pair of stream sockets."""
        self._socket = end
        self._sending = threading.Lock()
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        self._posted: deque[memoryview] = deque()
        self.backlog = 0
        """Bytes posted that the other side has not taken yet."""
        end.setblocking(True)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIMEOUT)

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this end; the other side receives ``ChannelClosed``. Descriptors nobody took are closed too."""
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def send(self, value: object, descriptors: Sequence[int] = ()) -> None:
        """Send a value, and copies of descriptors with it.

        Raises:
            ChannelClosed: the other side is gone or stuck.
        """
        data = memoryview(_encoded(value, len(descriptors)))
        try:
            with self._sending:
                sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else self._socket.send(data)
                if sent < len(data):
                    self._socket.sendall(data[sent:])
        except BlockingIOError:
            raise ChannelClosed("the process at the other end of a control channel takes nothing") from None
        except OSError as error:
            raise ChannelClosed(f"the process at the other end of a control channel is gone ({error})") from None

    def post(self, value: object) -> None:
        """Have a value sent by the next calls of ``flush``."""
        data = memoryview(_encoded(value, 0))
        self._posted.append(data)
        self.backlog += len(data)

    def flush(self) -> bool:
        """Send what the socket takes of what was posted, without waiting; return whether all of it is sent.

        Raises:
            ChannelClosed: the other side is gone.
        """
        while self._posted:
            data = self._posted[0]
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False
            except OSError as error:
                raise ChannelClosed(f"the process at the other end of a control channel is gone ({error})") from None
            self.backlog -= sent
            if sent < len(data):
                self._posted[0] = data[sent:]
            else:
                self._posted.popleft()
        return True

    def receive(self) -> list[tuple[Any, list[int]]]:
        """Return the values that have arrived, each with its descriptors, which are the caller's to close.

        Raises:
            ChannelClosed: the other side is gone, and all it sent has been returned before.
        """
        if self._read() == _ENDED:
            raise ChannelClosed("the process at the other end of a control channel is gone")
        return self._values()

    def receive_last(self) -> list[tuple[Any, list[int]]]:
        """Return all that a process which is gone has sent and nobody has received yet."""
        while self._read() == _READ:
            pass
        return self._values()

    def _read(self) -> int:
        space = socket.CMSG_SPACE(_MAX_DESCRIPTORS * _DESCRIPTOR.itemsize)
        try:
            # Not socket.recv_fds: it does not pass its flags on, and would wait.
            data, ancillary, _, _ = self._socket.recvmsg(_READ_SIZE, space, _RECEIVE_FLAGS)
        except BlockingIOError:
            return _NOTHING_YET
        except OSError:
            return _ENDED
        for _, _, packed in ancillary:
            self._descriptors += array.array("i", packed[: len(packed) // _DESCRIPTOR.itemsize * _DESCRIPTOR.itemsize])
        self._received += data
        return _READ if data else _ENDED

    def _values(self) -> list[tuple[Any, list[int]]]:
        values = []
        position = 0
        while len(self._received) - position >= _LENGTH.size:
            length, count = _LENGTH.unpack_from(self._received, position)
            end = position + _LENGTH.size + length
            if end > len(self._received):
                break
            with memoryview(self._received) as view:
                value = pickle.loads(view[position + _LENGTH.size : end])
            values.append((value, [self._descriptors.popleft() for _ in range(count)]))
            position = end
        del self._received[:position]
        return values


def _encoded(value: object, descriptors: int) -> bytes:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data), descriptors) + data
