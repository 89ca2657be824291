"""What a client asks: read once from its message, then used by everything that decides."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.engine.authority import Situation
from dhcpkit.engine.events import RequestReceived
from dhcpkit.engine.lease import client_key
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.dhcp import DhcpMessage, Malformed, MessageType

_HIGHEST_HOST = 0xDFFFFFFF
"""The last address before the multicast ones."""


@dataclass(slots=True)
class Request:
    """A client's message with what follows from its fields.

    Attributes:
        message: The message.
        name: Its name, ``DHCPREQUEST``.
        situation: What the client is doing; None for messages that ask for no lease, and for a DHCPREQUEST that
            names no address.
        situation_name: The situation as events name it: that of a DHCPREQUEST, else empty.
        client_id: Option 61; empty when not sent.
        hardware: Hardware type byte and hardware address.
        client: The key that tells clients apart (``client_key``).
        hostname: Option 12 as text; empty when not sent.
        address: The address asked for or held, 0 for none.
        server: The address by which this server answers.
        interface: Where the message came in and the answer goes out.
        link: An address of the network that the client is on, as far as the way the message came tells.
        unicast: The message was sent to this server alone, and by no relay.
    """

    message: DhcpMessage
    name: str
    situation: Situation | None
    situation_name: str
    client_id: bytes
    hardware: bytes
    client: bytes
    hostname: str
    address: int
    server: int
    interface: str
    link: int
    unicast: bool

    def received(self) -> RequestReceived:
        """Return the event that says that the message reached the server."""
        message = self.message
        return RequestReceived(
            self.name,
            self.situation_name,
            message.xid,
            self.client_id,
            self.hardware,
            self.hostname,
            self.address,
            message.secs,
            message.giaddr,
        )


def read_request(message: DhcpMessage, server: int, interface: str, interface_address: int, unicast: bool) -> Request:
    """Return what a client's message asks.

    Args:
        message: The message, a BOOTREQUEST.
        server: This server's address that the message was sent to, or that of the interface for a broadcast.
        interface: The interface it came in on.
        interface_address: This server's address there.
        unicast: It was sent to an address of this server.

    Raises:
        Malformed: the relay's address is no host's.
    """
    client_id = message.client_id
    hardware = message.hardware
    giaddr = message.giaddr
    link = interface_address
    if giaddr:
        if giaddr > _HIGHEST_HOST:
            raise Malformed("bad-giaddr", f"the relay's address {format_ip(giaddr)} is no host's")
        link = message.link_selection or giaddr
        unicast = False
    situation = situation_of(message, unicast)
    return Request(
        message,
        message.name,
        situation,
        "" if situation is None or situation is Situation.DISCOVER else situation.value,
        client_id,
        hardware,
        client_key(client_id, hardware),
        message.hostname,
        message.requested_address or message.ciaddr,
        server,
        interface,
        link,
        unicast,
    )


def situation_of(message: DhcpMessage, unicast: bool) -> Situation | None:
    """Tell from its fields what a client is doing (RFC 2131 section 4.3.2, table 4).

    RENEWING and REBINDING differ only in how the message was sent: to this server, or to all.
    """
    kind = message.message_type
    if kind is MessageType.DISCOVER:
        return Situation.DISCOVER
    if kind is not MessageType.REQUEST:
        return None
    if message.server_identifier:
        return Situation.SELECTING
    if message.ciaddr:
        return Situation.RENEWING if unicast else Situation.REBINDING
    return Situation.INIT_REBOOT if message.requested_address else None
