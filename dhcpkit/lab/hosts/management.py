"""Calls that one DHCP server makes to another for an administrator, as Windows' remote management does.

They travel over TCP between the two hosts, so a cut link stops them as it stops everything else. A message is four
bytes of length and JSON, ``{"body": ..., "mac": ...}``; the MAC is HMAC-SHA256 under the key that the lab's servers
share, so another host on the wire cannot manage a server.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

MANAGEMENT_PORT = 5985
CALLER_PATIENCE = 60.0
"""Seconds after which a connection without a call on it is closed."""
MAX_MESSAGE = 1 << 20
"""Bytes; a longer message is refused unread."""


class ManagementError(ValueError):
    """A management message is not one, or was not sealed with the lab's key."""


def seal(body: dict[str, Any], key: bytes) -> bytes:
    """Return the bytes of one message."""
    text = json.dumps(body, separators=(",", ":"), sort_keys=True)
    message = json.dumps({"body": text, "mac": _mac(text, key)}).encode()
    return len(message).to_bytes(4, "big") + message


class Reader:
    """Takes the bytes of a stream and gives the messages in them."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Return the bodies of the messages completed by ``data``.

        Raises:
            ManagementError: a message is too long, no JSON, or its MAC is wrong.
        """
        self._buffer += data
        bodies = []
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > MAX_MESSAGE:
                raise ManagementError(f"a management message of {length} bytes is over the limit of {MAX_MESSAGE}")
            if len(self._buffer) < 4 + length:
                break
            bodies.append(self._open(bytes(self._buffer[4 : 4 + length])))
            del self._buffer[: 4 + length]
        return bodies

    def _open(self, message: bytes) -> dict[str, Any]:
        try:
            envelope = json.loads(message)
            text, mac = envelope["body"], envelope["mac"]
            genuine = hmac.compare_digest(mac, _mac(text, self._key))
            body = json.loads(text)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ManagementError(f"not a management message: {error}") from None
        if not genuine:
            raise ManagementError("a management message was not sealed with this lab's key")
        if not isinstance(body, dict):
            raise ManagementError("a management message holds no call and no answer")
        return body


class Caller:
    """Somebody who opened a connection to the management port. One who makes no call is hung up on at ``deadline``."""

    def __init__(self, key: bytes, now: float) -> None:
        self._reader = Reader(key)
        self.deadline = now + CALLER_PATIENCE

    def feed(self, data: bytes, now: float) -> list[dict[str, Any]]:
        """Return the calls completed by ``data``; raises what ``Reader.feed`` does."""
        calls = self._reader.feed(data)
        if calls:
            self.deadline = now + CALLER_PATIENCE
        return calls


def _mac(text: str, key: bytes) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
