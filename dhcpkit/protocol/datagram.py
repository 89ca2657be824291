"""A UDP datagram as hosts hand it to each other: the one value that goes in and out of every decision maker."""

from __future__ import annotations

from typing import NamedTuple

SERVER_PORT = 67
CLIENT_PORT = 68


class Datagram(NamedTuple):
    """A UDP payload with where it comes from and where it goes.

    ``destination_mac`` is set by a sender that must reach a host which has no address yet (RFC 2131 section 4.1):
    the wire then uses it and asks nobody by ARP. Empty means that the wire finds the hardware address.
    """

    payload: bytes
    source: int
    source_port: int
    destination: int
    destination_port: int
    source_mac: bytes = b""
    destination_mac: bytes = b""
    interface: str = "eth0"
