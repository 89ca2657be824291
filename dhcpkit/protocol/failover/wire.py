"""Where a failover message begins and ends in a stream of bytes, and where its options lie in it.

A message is a header of 12 bytes and options of the form ``code(2) length(2) value(length)``, all big-endian, without
padding or end mark; the first two bytes are the length of the whole (draft-ietf-dhc-failover-12 section 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from dhcpkit.protocol.failover.codes import Option

HEADER = Struct("!HBBII")
"""Length, type, payload offset, time, xid."""
HEADER_SIZE = 12
MAX_MESSAGE_SIZE = 2048
"""Bytes of the longest message."""

_CODE_AND_LENGTH = Struct("!HH")
_OPTION_NAMES = {option.value: option.name.lower().replace("_", "-") for option in Option}
_WINDOWS_OFFSET = 8


class FailoverMalformed(ValueError):
    """Bytes that are no proper failover message; the connection they came from is to be closed.

    Attributes:
        reason: A short code to count by, e.g. ``bad-length``, ``option-overrun``, ``missing-option``.
        detail: A sentence that says what is wrong and what would be right.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Framer:
    """Cuts a TCP stream into messages: several may come in one chunk, and one may come in several."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the messages that are now whole, in order.

        Raises:
            FailoverMalformed: a message claims a length outside 12 to 2048 bytes. Where the next message would begin
                is then unknown, so every later call raises too.
        """
        buffer = self._buffer
        buffer += data
        messages = []
        start = 0
        while len(buffer) - start >= 2:
            length = buffer[start] << 8 | buffer[start + 1]
            check_message_size(length)
            if len(buffer) - start < length:
                break
            messages.append(bytes(buffer[start : start + length]))
            start += length
        del buffer[:start]
        return messages


def check_message_size(length: int) -> None:
    """Refuse a message length that the protocol does not know.

    Raises:
        FailoverMalformed: the length is not 12 to 2048 bytes.
    """
    if not HEADER_SIZE <= length <= MAX_MESSAGE_SIZE:
        raise FailoverMalformed(
            "bad-length", f"a message claims {length} bytes; it takes {HEADER_SIZE} to {MAX_MESSAGE_SIZE}"
        )


def payload_start(data: bytes) -> int:
    """Return the index of the first option of a whole message.

    A payload offset of 8 counts as 12: some senders count it from the end of the first four bytes. A greater one skips
    header fields that a later version may have added.

    Raises:
        FailoverMalformed: the message is not as long as its header says, or the offset points outside it.
    """
    if len(data) < HEADER_SIZE:
        raise FailoverMalformed("bad-length", f"a message of {len(data)} bytes; its header alone takes {HEADER_SIZE}")
    length = data[0] << 8 | data[1]
    check_message_size(length)
    if length != len(data):
        raise FailoverMalformed("bad-length", f"a message of {len(data)} bytes claims to have {length}")
    offset = data[3]
    if offset == _WINDOWS_OFFSET:
        return HEADER_SIZE
    if not HEADER_SIZE <= offset <= length:
        raise FailoverMalformed(
            "bad-payload-offset",
            f"the payload offset is {offset} in a message of {length} bytes; {HEADER_SIZE} is usual",
        )
    return offset


def option_spans(data: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield code, first index and end index of each option's value, in wire order.

    Raises:
        FailoverMalformed: an option reaches past the end of the message.
    """
    end = len(data)
    while start < end:
        if end - start < 4:
            raise FailoverMalformed(
                "option-overrun", f"{end - start} bytes are left at the end; an option's code and length take 4"
            )
        code, length = _CODE_AND_LENGTH.unpack_from(data, start)
        start += 4
        if length > end - start:
            raise FailoverMalformed(
                "option-overrun", f"{option_name(code)} claims {length} bytes; {end - start} are left in the message"
            )
        yield code, start, start + length
        start += length


def encode_option(code: int, value: bytes) -> bytes:
    """Return an option's bytes on the wire. The value is of at most 65535 bytes (2048 bounds the whole message)."""
    return _CODE_AND_LENGTH.pack(code, len(value)) + value


def option_name(code: int) -> str:
    """Return an option's name and number as errors give them, ``binding-status (3)``."""
    return f"{_OPTION_NAMES.get(code, 'option')} ({code})"
