"""What a relay says about where a client is: the sub-options of option 82 (RFC 3046).

A server echoes the option byte for byte and reads in it only which network the client is on.
"""

from __future__ import annotations

from enum import IntEnum


class RelaySubOption(IntEnum):
    """Sub-option codes, by the names of the IANA registry."""

    CIRCUIT_ID = 1
    REMOTE_ID = 2
    LINK_SELECTION = 5
    SUBSCRIBER_ID = 6
    SERVER_IDENTIFIER_OVERRIDE = 11


def read_relay_information(value: bytes) -> dict[int, bytes]:
    """Return the sub-options of an option 82 by code, in their order.

    Raises:
        ValueError: a sub-option overruns the option, comes twice, or link selection is no address.
    """
    sub_options: dict[int, bytes] = {}
    position = 0
    while position < len(value):
        start = position + 2
        code = value[position]
        if start > len(value) or start + value[position + 1] > len(value):
            raise ValueError(f"sub-option {code} overruns option 82")
        if code in sub_options:
            raise ValueError(f"sub-option {code} comes twice in option 82")
        position = start + value[start - 1]
        sub_options[code] = value[start:position]
    link = sub_options.get(RelaySubOption.LINK_SELECTION)
    if link is not None and len(link) != 4:
        raise ValueError(f"sub-option 5 of option 82 (link selection) has {len(link)} bytes; right is 4")
    return sub_options


def write_relay_information(sub_options: dict[int, bytes]) -> bytes:
    """Return the value of option 82 that holds these sub-options.

    Raises:
        ValueError: a code or a length is more than 255, or all together have more than 255 bytes.
    """
    value = bytearray()
    for code, content in sub_options.items():
        if not 0 <= code <= 255 or len(content) > 255:
            raise ValueError(f"sub-option {code} with {len(content)} bytes cannot be written; both are 0 to 255")
        value += bytes((code, len(content))) + content
    if len(value) > 255:
        raise ValueError(f"option 82 has at most 255 bytes, not {len(value)}")
    return bytes(value)


def link_selection(value: bytes) -> int:
    """Return the address that selects the client's network in place of ``giaddr`` (RFC 3527), 0 when there is none.

    Raises:
        ValueError: the option is malformed.
    """
    return int.from_bytes(read_relay_information(value).get(RelaySubOption.LINK_SELECTION, b""), "big")
