"""A failover message: its header and its options, to and from bytes (draft-ietf-dhc-failover-12 section 6).

What the options of each message mean is in ``payloads.py``, the shared secret's digest in ``digest.py``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from dhcpkit.protocol.failover.codes import MessageType, Option
from dhcpkit.protocol.failover.digest import HMAC_SHA256, placeholder, sign
from dhcpkit.protocol.failover.wire import (
    HEADER,
    HEADER_SIZE,
    MAX_MESSAGE_SIZE,
    FailoverMalformed,
    Framer,
    encode_option,
    option_name,
    option_spans,
    payload_start,
)

__all__ = ["MAX_MESSAGE_SIZE", "FailoverMalformed", "FailoverMessage", "Framer"]

_KNOWN_TYPES = {message_type.value: message_type for message_type in MessageType}
_BATCHED = frozenset({MessageType.BNDUPD, MessageType.BNDACK})
_FIRST_IGNORABLE_TYPE = 128
_LAST_KNOWN_OPTION = max(Option)


@dataclass(slots=True)
class FailoverMessage:
    """One message of the failover protocol.

    Attributes:
        type: A ``MessageType`` where the number is known, else the plain number.
        xid: Matches an answer to its request on one connection.
        time: The sender's clock when it sent the message, seconds since the epoch.
        options: Code and value of each option in wire order. A code is repeated only in a BNDUPD or BNDACK that holds
            several bindings.
    """

    type: int
    xid: int = 0
    time: int = 0
    options: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The message's name, ``BNDUPD``; ``TYPE-200`` where the number has none."""
        known = _KNOWN_TYPES.get(self.type)
        return known.name if known is not None else f"TYPE-{self.type}"

    def get(self, option: int) -> bytes | None:
        """Return the first value of an option, None when the message does not hold it."""
        for code, value in self.options:
            if code == option:
                return value
        return None

    def transactions(self) -> list[dict[int, bytes]]:
        """Return the bindings of a BNDUPD or BNDACK, each a dict of option and value.

        Each begins with its assigned-IP-address option; a digest and unknown options ahead of the first belong to none.

        Raises:
            FailoverMalformed: no binding is there, one holds an option twice, or an option stands ahead of the first
                assigned-IP-address.
        """
        bindings: list[dict[int, bytes]] = []
        for code, value in self.options:
            if code == Option.ASSIGNED_IP_ADDRESS:
                bindings.append({code: value})
            elif bindings:
                if code in bindings[-1]:
                    raise _repeated(self.name, code)
                bindings[-1][code] = value
            elif code <= _LAST_KNOWN_OPTION and code != Option.MESSAGE_DIGEST:
                raise FailoverMalformed(
                    "misplaced-option",
                    f"{self.name}: {option_name(code)} stands ahead of the first assigned-IP-address (2)",
                )
        if not bindings:
            raise FailoverMalformed("missing-option", f"{self.name} holds no {option_name(Option.ASSIGNED_IP_ADDRESS)}")
        return bindings

    def encode(self, secret: bytes = b"", digest: int = HMAC_SHA256) -> bytes:
        """Return the message's bytes.

        Args:
            secret: The shared secret. When it is not empty, the message is signed: the digest becomes the first option
                and takes the place of one that ``options`` may hold.
            digest: The digest's type, 1 for HMAC-MD5 or 2 for HMAC-SHA-256.

        Raises:
            ValueError: the message would be longer than 2048 bytes, or a number does not fit its field.
        """
        options = self.options
        signature = b""
        if secret:
            signature = placeholder(digest)
            options = [option for option in options if option[0] != Option.MESSAGE_DIGEST]
        length = HEADER_SIZE + len(signature) + sum(4 + len(value) for _, value in options)
        if length > MAX_MESSAGE_SIZE:
            raise ValueError(f"{self.name} would take {length} bytes; a message holds at most {MAX_MESSAGE_SIZE}")
        try:
            header = HEADER.pack(length, self.type, HEADER_SIZE, self.time, self.xid)
            payload = b"".join([encode_option(code, value) for code, value in options])
        except struct.error:
            raise ValueError(
                f"{self.name}: type {self.type}, xid {self.xid}, time {self.time} or an option's code does not fit "
                "its field; type takes 8 bits, code 16, xid and time 32"
            ) from None
        data = header + signature + payload
        return sign(data, HEADER_SIZE, secret) if secret else data

    @classmethod
    def decode(cls, data: bytes) -> FailoverMessage:
        """Return the message that the bytes are. The digest is not looked at; ``digest.verify`` does that.

        A type of 128 or more that is not known is returned as it is and to be ignored; options that are not known are
        kept.

        Raises:
            FailoverMalformed: the lengths do not fit together, the type is an unknown one below 128, or an option is
                repeated in a message other than BNDUPD and BNDACK.
        """
        options = [(code, data[start:end]) for code, start, end in option_spans(data, payload_start(data))]
        _, number, _, time, xid = HEADER.unpack_from(data)
        known = _KNOWN_TYPES.get(number)
        if known is None and number < _FIRST_IGNORABLE_TYPE:
            raise FailoverMalformed("unknown-type", f"{number} is no message type; it takes 1 to {max(MessageType)}")
        message = cls(number if known is None else known, xid, time, options)
        if known is not None and known not in _BATCHED:
            _refuse_repeats(message)
        return message


def _refuse_repeats(message: FailoverMessage) -> None:
    seen: set[int] = set()
    for code, _ in message.options:
        if code in seen:
            raise _repeated(message.name, code)
        seen.add(code)


def _repeated(name: str, code: int) -> FailoverMalformed:
    return FailoverMalformed("repeated-option", f"{name} holds {option_name(code)} twice; once is right")
