"""IPv4 and hardware addresses as the rest of the package writes them.

An IPv4 address is an ``int`` (host order), because servers compare and index them millions of times; text appears
only at the edges. A hardware address is ``bytes``.
"""

from __future__ import annotations

BROADCAST = 0xFFFFFFFF
BROADCAST_MAC = b"\xff\xff\xff\xff\xff\xff"
ETHERNET = 1
"""ARP hardware type of Ethernet (RFC 1700)."""


def parse_ip(text: str) -> int:
    """Return the address written as a dotted quad, ``"10.0.0.1"`` -> ``0x0A000001``.

    Raises:
        ValueError: the text is not four decimal numbers of 0 to 255.
    """
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and int(part) <= 255 for part in parts):
        raise ValueError(f"{text!r} is not an IPv4 address; write four numbers of 0 to 255, as in 10.0.0.1")
    return int.from_bytes(bytes(int(part) for part in parts), "big")


def format_ip(address: int) -> str:
    """Return the dotted quad of an address, ``0x0A000001`` -> ``"10.0.0.1"``."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def format_mac(mac: bytes, separator: str = ":") -> str:
    """Return a hardware address in hexadecimal, two digits a byte."""
    return mac.hex(separator) if mac else ""


def parse_mac(text: str) -> bytes:
    """Return the bytes of a hardware address written with ``:`` or ``-`` between its bytes.

    Raises:
        ValueError: the text is not six bytes in hexadecimal.
    """
    try:
        mac = bytes.fromhex(text.replace(":", "").replace("-", ""))
    except ValueError:
        mac = b""
    if len(mac) != 6:
        raise ValueError(f"{text!r} is not a hardware address; write six bytes, as in 00-15-5D-00-00-03")
    return mac


def mask_of(prefix_length: int) -> int:
    """Return the subnet mask of a prefix length of 0 to 32 bits."""
    return 0xFFFFFFFF << (32 - prefix_length) & 0xFFFFFFFF
