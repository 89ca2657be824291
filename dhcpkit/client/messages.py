"""The messages a client sends, with the fields that RFC 2131 table 5 gives each of them."""

from __future__ import annotations

from dhcpkit.client.lease import ClientLease
from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC
from dhcpkit.protocol.datagram import CLIENT_PORT, SERVER_PORT, Datagram
from dhcpkit.protocol.dhcp import BOOTREQUEST, DhcpMessage, MessageType
from dhcpkit.protocol.options import OptionCode, write_u32

PARAMETERS = bytes([1, 3, 6, 15, 28, 51, 58, 59])
"""Options that the client asks for (option 55): mask, router, DNS, domain, broadcast address, lease time, T1, T2."""

VENDOR_CLASS = b"MSFT 5.0"
"""Option 60 as Windows sends it since Windows 2000."""

LONGEST_SECS = 0xFFFF


class Messages:
    """Writes one client's messages.

    Args:
        hardware: Ethernet address, six bytes.
        hostname: Option 12, in ASCII, 1 to 63 characters.
        client_id: Option 61 with its type byte.

    Raises:
        ValueError: one of them is not like that.
    """

    def __init__(self, hardware: bytes, hostname: str, client_id: bytes) -> None:
        if len(hardware) != 6:
            raise ValueError(f"a client needs an Ethernet address of 6 bytes, not {len(hardware)}")
        if not hostname.isascii() or not hostname.isprintable() or not 1 <= len(hostname) <= 63:
            raise ValueError(f"{hostname!r} cannot be a client's host name; write 1 to 63 ASCII characters")
        if not 2 <= len(client_id) <= 255:
            raise ValueError(f"a client identifier has 2 to 255 bytes, not {len(client_id)} (RFC 2132 section 9.14)")
        self.hardware = hardware
        self.client_id = client_id
        self._description: dict[int, bytes] = {
            OptionCode.HOST_NAME: hostname.encode("ascii"),
            OptionCode.VENDOR_CLASS: VENDOR_CLASS,
            OptionCode.PARAMETER_REQUEST_LIST: PARAMETERS,
        }

    def discover(self, xid: int, secs: float, wanted: int) -> Datagram:
        """Return a DHCPDISCOVER; ``wanted`` is the address the client would like again, 0 for any."""
        message = self._message(MessageType.DISCOVER, xid, secs)
        if wanted:
            message.options[OptionCode.REQUESTED_ADDRESS] = write_u32(wanted)
        message.options |= self._description
        return self._broadcast(message)

    def request_offered(self, xid: int, secs: float, offer: ClientLease) -> Datagram:
        """Return the DHCPREQUEST of SELECTING: it takes one server's offer and turns down all the others."""
        message = self._message(MessageType.REQUEST, xid, secs)
        message.options[OptionCode.REQUESTED_ADDRESS] = write_u32(offer.address)
        message.options[OptionCode.SERVER_IDENTIFIER] = write_u32(offer.server)
        message.options |= self._description
        return self._broadcast(message)

    def request_remembered(self, xid: int, secs: float, address: int) -> Datagram:
        """Return the DHCPREQUEST of INIT-REBOOT: it asks whether the address is still the client's."""
        message = self._message(MessageType.REQUEST, xid, secs)
        message.options[OptionCode.REQUESTED_ADDRESS] = write_u32(address)
        message.options |= self._description
        return self._broadcast(message)

    def renew(self, xid: int, secs: float, lease: ClientLease) -> Datagram:
        """Return the DHCPREQUEST of RENEWING, to the server that gave the lease."""
        return self._to_server(self._extension(xid, secs, lease), lease)

    def rebind(self, xid: int, secs: float, lease: ClientLease) -> Datagram:
        """Return the DHCPREQUEST of REBINDING, to every server."""
        return self._broadcast(self._extension(xid, secs, lease), lease.address)

    def decline(self, xid: int, offer: ClientLease) -> Datagram:
        """Return a DHCPDECLINE: somebody else uses the address that was given."""
        message = self._message(MessageType.DECLINE, xid)
        message.options[OptionCode.REQUESTED_ADDRESS] = write_u32(offer.address)
        message.options[OptionCode.SERVER_IDENTIFIER] = write_u32(offer.server)
        return self._broadcast(message)

    def release(self, xid: int, lease: ClientLease) -> Datagram:
        """Return a DHCPRELEASE: the client no longer needs its address."""
        message = self._message(MessageType.RELEASE, xid)
        message.ciaddr = lease.address
        message.options[OptionCode.SERVER_IDENTIFIER] = write_u32(lease.server)
        return self._to_server(message, lease)

    def _extension(self, xid: int, secs: float, lease: ClientLease) -> DhcpMessage:
        """Return the DHCPREQUEST that RENEWING and REBINDING share: neither option 50 nor 54."""
        message = self._message(MessageType.REQUEST, xid, secs)
        message.ciaddr = lease.address
        message.options |= self._description
        return message

    def _message(self, kind: MessageType, xid: int, secs: float = 0) -> DhcpMessage:
        options: dict[int, bytes] = {
            OptionCode.MESSAGE_TYPE: bytes([kind]),
            OptionCode.CLIENT_IDENTIFIER: self.client_id,
        }
        secs_field = min(max(int(secs), 0), LONGEST_SECS)
        return DhcpMessage(BOOTREQUEST, xid, self.hardware, secs=secs_field, options=options)

    def _broadcast(self, message: DhcpMessage, source: int = 0) -> Datagram:
        return Datagram(message.encode(), source, CLIENT_PORT, BROADCAST, SERVER_PORT, self.hardware, BROADCAST_MAC)

    def _to_server(self, message: DhcpMessage, lease: ClientLease) -> Datagram:
        return Datagram(message.encode(), lease.address, CLIENT_PORT, lease.server, SERVER_PORT, self.hardware)
