"""DHCP options: their codes (RFC 2132 and later) and how their values are written.

A message keeps an option's value as the bytes on the wire; these small functions turn the bytes into what they mean
and back. ``dhcp.py`` checks the lengths when it decodes, so reading an option that came in a decoded message does not
fail for those whose length is laid down in ``LENGTHS`` and ``ADDRESS_LISTS``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import IntEnum


class OptionCode(IntEnum):
    """Option codes, by the names of the IANA registry."""

    PAD = 0
    SUBNET_MASK = 1
    ROUTER = 3
    DOMAIN_NAME_SERVER = 6
    HOST_NAME = 12
    DOMAIN_NAME = 15
    INTERFACE_MTU = 26
    BROADCAST_ADDRESS = 28
    NTP_SERVERS = 42
    VENDOR_SPECIFIC = 43
    NETBIOS_NAME_SERVERS = 44
    NETBIOS_NODE_TYPE = 46
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    OVERLOAD = 52
    MESSAGE_TYPE = 53
    SERVER_IDENTIFIER = 54
    PARAMETER_REQUEST_LIST = 55
    MESSAGE = 56
    MAX_MESSAGE_SIZE = 57
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    VENDOR_CLASS = 60
    CLIENT_IDENTIFIER = 61
    USER_CLASS = 77
    CLIENT_FQDN = 81
    RELAY_AGENT_INFORMATION = 82
    DOMAIN_SEARCH = 119
    CLASSLESS_STATIC_ROUTE = 121
    END = 255


LENGTHS: dict[int, int] = {
    OptionCode.SUBNET_MASK: 4,
    OptionCode.INTERFACE_MTU: 2,
    OptionCode.BROADCAST_ADDRESS: 4,
    OptionCode.REQUESTED_ADDRESS: 4,
    OptionCode.LEASE_TIME: 4,
    OptionCode.OVERLOAD: 1,
    OptionCode.MESSAGE_TYPE: 1,
    OptionCode.SERVER_IDENTIFIER: 4,
    OptionCode.MAX_MESSAGE_SIZE: 2,
    OptionCode.RENEWAL_TIME: 4,
    OptionCode.REBINDING_TIME: 4,
}
"""Length in bytes of the options that have one length only (RFC 2132)."""

ADDRESS_LISTS = frozenset({OptionCode.ROUTER, OptionCode.DOMAIN_NAME_SERVER, OptionCode.NTP_SERVERS})
"""Options that are lists of one or more addresses (RFC 2132 sections 3.5, 3.8 and 8.3)."""

INFINITE = 0xFFFFFFFF
"""A lease time that never ends (RFC 2131 section 3.3)."""

_U16 = struct.Struct("!H")
_U32 = struct.Struct("!I")


def write_u16(number: int) -> bytes:
    """Return a number of 0 to 65535 as two bytes.

    Raises:
        ValueError: the number does not fit.
    """
    try:
        return _U16.pack(number)
    except struct.error:
        raise ValueError(f"{number} does not fit into two bytes; 0 to 65535 do") from None


def read_u16(value: bytes) -> int:
    """Return the number that two bytes hold.

    Raises:
        ValueError: the value is not two bytes long.
    """
    if len(value) != 2:
        raise ValueError(f"a 16-bit number takes 2 bytes, not {len(value)}")
    return int.from_bytes(value, "big")


def write_u32(number: int) -> bytes:
    """Return a number (seconds, or one address) as four bytes.

    Raises:
        ValueError: the number does not fit.
    """
    try:
        return _U32.pack(number)
    except struct.error:
        raise ValueError(f"{number} does not fit into four bytes; 0 to 4294967295 do") from None


def read_u32(value: bytes) -> int:
    """Return the number, or the address, that four bytes hold.

    Raises:
        ValueError: the value is not four bytes long.
    """
    if len(value) != 4:
        raise ValueError(f"a 32-bit number takes 4 bytes, not {len(value)}")
    return int.from_bytes(value, "big")


def write_addresses(addresses: Iterable[int]) -> bytes:
    """Return a list of addresses as their option's value (routers, DNS servers).

    Raises:
        ValueError: the list is empty or holds a number that is no address.
    """
    value = b"".join(map(write_u32, addresses))
    if not value:
        raise ValueError("an option that lists addresses needs at least one")
    return value


def read_addresses(value: bytes) -> tuple[int, ...]:
    """Return the addresses that an option lists.

    Raises:
        ValueError: the value is not four bytes for each of one or more addresses.
    """
    if not value or len(value) % 4:
        raise ValueError(f"a list of addresses takes 4 bytes for each, not {len(value)} in all")
    return struct.unpack(f"!{len(value) // 4}I", value)


def write_text(text: str) -> bytes:
    """Return a name or a message as an option's value, without a closing NUL (RFC 2132 section 2)."""
    return text.encode("utf-8", "replace")


def read_text(value: bytes) -> str:
    """Return an option's text as it can be shown and stored, whatever bytes a client sent.

    NULs at the end are dropped (RFC 2132 section 2); what is no printable character becomes U+FFFD.
    """
    text = value.rstrip(b"\0").decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
