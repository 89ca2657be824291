"""A plain netlink socket that speaks pyroute2's messages: send one request, wait for the kernel's answer.

pyroute2's own sockets run an asyncio loop each and importing its package loads every subsystem (0.3 s). A lab has to
be up sooner than that, and its processes fork, which loops do not survive; so only the message classes are used.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import struct
import sys
from typing import Any

NETLINK_ROUTE = 0
NETLINK_NETFILTER = 12

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400
NLM_F_APPEND = 0x800

_NLM_F_DUMP = 0x300
_TIMEOUT = 5.0  # seconds; the kernel answers within the call
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
_ACKNOWLEDGED = struct.Struct("=iIHHI")  # error, then the header of the request it answers
_ACKNOWLEDGED_TYPE, _ACKNOWLEDGED_SEQUENCE = 2, 4


def import_messages_only() -> None:
    """Let ``pyroute2.x.y`` be imported later without ``pyroute2/__init__.py``, which imports everything.

    Only for processes of the lab; it does nothing where pyroute2 is imported already.

    Raises:
        ModuleNotFoundError: pyroute2 is not installed.
    """
    if "pyroute2" in sys.modules:
        return
    spec = importlib.util.find_spec("pyroute2")
    if spec is None:
        sentence = "pyroute2 is not installed; the kernel wire needs it: pip install pyroute2"
        raise ModuleNotFoundError(sentence, name="pyroute2")
    sys.modules["pyroute2"] = importlib.util.module_from_spec(spec)


class Netlink:
    """One netlink socket in the network namespace in which it was made."""

    def __init__(self, family: int = NETLINK_ROUTE) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        self._socket.bind((0, 0))
        self._socket.settimeout(_TIMEOUT)
        self._sequence = 0

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def request(self, message: Any, kind: int, flags: int = 0, what: str = "netlink") -> None:
        """Send one of pyroute2's messages and wait until the kernel has carried it out.

        Args:
            message: An instance of a message class of pyroute2, filled in.
            kind: The message's type, such as ``RTM_NEWLINK``.
            flags: ``NLM_F_CREATE`` and the like; REQUEST and ACK are added.
            what: What is being done, for the error.

        Raises:
            OSError: the kernel refused; ``errno`` says why.
        """
        self._carry_out([self._encoded(message, kind, flags | NLM_F_ACK)], what)

    def dump(self, message: Any, kind: int) -> list[bytes]:
        """Ask for a list, such as all addresses; return the kernel's messages, undecoded.

        Raises:
            OSError: the kernel refused.
        """
        self._socket.send(self._encoded(message, kind, _NLM_F_DUMP))
        found: list[bytes] = []
        while True:
            data = self._socket.recv(65536)
            position = 0
            while position < len(data):
                length, answer, _, _, _ = _HEADER.unpack_from(data, position)
                if answer == _NLMSG_DONE:
                    return found
                if answer == _NLMSG_ERROR:
                    number = -_ACKNOWLEDGED.unpack_from(data, position + _HEADER.size)[0]
                    raise OSError(number, f"netlink dump: {os.strerror(number)}")
                found.append(data[position : position + length])
                position += length + 3 & ~3

    def batch(self, begin: Any, messages: list[tuple[Any, int, int]], end: Any, what: str = "netlink") -> None:
        """Send messages (with type and flags) as one transaction between ``begin`` and ``end``: all or none happen.

        Raises:
            OSError: the kernel refused one of them.
        """
        parts = [self._encoded(begin, 0x10, 0)]
        parts += [self._encoded(message, kind, flags | NLM_F_ACK) for message, kind, flags in messages]
        parts.append(self._encoded(end, 0x11, 0))
        self._carry_out(parts, what, answers=len(messages))

    def _encoded(self, message: Any, kind: int, flags: int) -> bytes:
        self._sequence += 1
        message["header"]["type"] = kind
        message["header"]["flags"] = flags | NLM_F_REQUEST
        message["header"]["sequence_number"] = self._sequence
        message.encode()
        return bytes(message.data)

    def _carry_out(self, parts: list[bytes], what: str, answers: int = 1) -> None:
        """Send, and take an answer for each message; the last ``answers`` numbers before a batch's end are asked."""
        self._socket.send(b"".join(parts))
        refused = 0
        while answers:
            data = self._socket.recv(65536)
            position = 0
            while position < len(data):
                length, kind, _, _, _ = _HEADER.unpack_from(data, position)
                if kind == _NLMSG_ERROR:
                    error = _ACKNOWLEDGED.unpack_from(data, position + _HEADER.size)
                    refused = refused or -error[0]
                    answers -= 1
                    if error[0] and error[_ACKNOWLEDGED_TYPE] in (0x10, 0x11):
                        answers = 0  # the transaction as a whole was refused: nothing else is answered
                position += length + 3 & ~3
        if refused:
            raise OSError(refused, f"{what}: {os.strerror(refused)}")
