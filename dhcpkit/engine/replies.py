"""A server's answers: their fields, their options, and where they go (RFC 2131 sections 4.1 and 4.3.1)."""

from __future__ import annotations

from dhcpkit.engine.requests import Request
from dhcpkit.engine.scope import MAX_LEASE_DURATION, Scope
from dhcpkit.protocol.addresses import BROADCAST, ETHERNET
from dhcpkit.protocol.datagram import CLIENT_PORT, SERVER_PORT, Datagram
from dhcpkit.protocol.dhcp import BOOTREPLY, BROADCAST_FLAG, DhcpMessage, MessageType
from dhcpkit.protocol.options import OptionCode

_TYPE = int(OptionCode.MESSAGE_TYPE)
_SERVER = int(OptionCode.SERVER_IDENTIFIER)
_LEASE_TIME = int(OptionCode.LEASE_TIME)
_T1 = int(OptionCode.RENEWAL_TIME)
_T2 = int(OptionCode.REBINDING_TIME)
_MASK = int(OptionCode.SUBNET_MASK)
_BROADCAST_ADDRESS = int(OptionCode.BROADCAST_ADDRESS)
_MESSAGE = int(OptionCode.MESSAGE)
_CLIENT_ID = int(OptionCode.CLIENT_IDENTIFIER)
_RELAY_INFO = int(OptionCode.RELAY_AGENT_INFORMATION)

_OFFER = bytes([MessageType.OFFER])
_ACK = bytes([MessageType.ACK])
_NAK = bytes([MessageType.NAK])


def offer(request: Request, scope: Scope, address: int, lease_time: int) -> Datagram:
    """Return a DHCPOFFER of an address for ``lease_time`` seconds."""
    return _lease_reply(request, scope, _OFFER, address, 0, lease_time)


def ack(request: Request, scope: Scope, address: int, lease_time: int) -> Datagram:
    """Return the DHCPACK that gives an address for ``lease_time`` seconds."""
    return _lease_reply(request, scope, _ACK, address, request.message.ciaddr, lease_time)


def inform_ack(request: Request, scope: Scope) -> Datagram:
    """Return the DHCPACK to a DHCPINFORM: options and no lease, to the client's own address (section 4.3.5)."""
    ciaddr = request.message.ciaddr
    options = {_TYPE: _ACK, _SERVER: request.server.to_bytes(4, "big")}
    _add_scope_options(options, request, scope)
    payload = _encode(request, 0, ciaddr, request.message.flags, options)
    return Datagram(payload, request.server, SERVER_PORT, ciaddr, CLIENT_PORT, interface=request.interface)


def nak(request: Request, text: str) -> Datagram:
    """Return a DHCPNAK that says why in option 56.

    A relay broadcasts it to its client, which may not have the address it believes to have: hence the flag.
    """
    message = request.message
    options = {_TYPE: _NAK, _SERVER: request.server.to_bytes(4, "big"), _MESSAGE: text.encode()[:255]}
    _add_identity(options, request)
    if message.giaddr:
        payload = _encode(request, 0, 0, message.flags | BROADCAST_FLAG, options)
        return _to_relay(request, payload)
    return _broadcast(request, _encode(request, 0, 0, message.flags, options))


def _lease_reply(request: Request, scope: Scope, kind: bytes, yiaddr: int, ciaddr: int, lease_time: int) -> Datagram:
    options = {_TYPE: kind, _SERVER: request.server.to_bytes(4, "big"), _LEASE_TIME: lease_time.to_bytes(4, "big")}
    t1, t2 = lease_time // 2, lease_time * 7 // 8
    if 0 < t1 < t2 < lease_time < MAX_LEASE_DURATION:
        options[_T1] = t1.to_bytes(4, "big")
        options[_T2] = t2.to_bytes(4, "big")
    _add_scope_options(options, request, scope)
    message = request.message
    payload = _encode(request, yiaddr, ciaddr, message.flags, options)
    if message.giaddr:
        return _to_relay(request, payload)
    if message.ciaddr:
        return Datagram(payload, request.server, SERVER_PORT, message.ciaddr, CLIENT_PORT, interface=request.interface)
    if message.broadcast or message.htype != ETHERNET:
        return _broadcast(request, payload)
    # The client has no address to ask for by ARP yet, so its hardware address is given to the wire.
    return Datagram(
        payload,
        request.server,
        SERVER_PORT,
        yiaddr,
        CLIENT_PORT,
        destination_mac=message.chaddr,
        interface=request.interface,
    )


def _add_scope_options(options: dict[int, bytes], request: Request, scope: Scope) -> None:
    """Add the mask, which is always told, and what the client wants of the scope's options, the most wanted first.

    A client that sends no parameter request list gets them all (RFC 2131 section 4.3.1).
    """
    wanted = request.message.parameter_request_list
    values = scope.options
    options[_MASK] = scope.mask.to_bytes(4, "big")
    if not wanted:
        options.update(values)
    else:
        for code in wanted:
            if code in values:
                options[code] = values[code]
        if _BROADCAST_ADDRESS in wanted and _BROADCAST_ADDRESS not in values:
            options[_BROADCAST_ADDRESS] = scope.broadcast.to_bytes(4, "big")
    _add_identity(options, request)


def _add_identity(options: dict[int, bytes], request: Request) -> None:
    """Add what is echoed: the client identifier (RFC 6842) and the relay's information (RFC 3046 section 2.2)."""
    if request.client_id:
        options[_CLIENT_ID] = request.client_id
    relay_info = request.message.options.get(_RELAY_INFO)
    if relay_info is not None:
        options[_RELAY_INFO] = relay_info


def _encode(request: Request, yiaddr: int, ciaddr: int, flags: int, options: dict[int, bytes]) -> bytes:
    """Return the bytes of an answer with the fields of table 3 of RFC 2131."""
    message = request.message
    reply = DhcpMessage(
        op=BOOTREPLY,
        xid=message.xid,
        chaddr=message.chaddr,
        htype=message.htype,
        flags=flags,
        ciaddr=ciaddr,
        yiaddr=yiaddr,
        giaddr=message.giaddr,
        options=options,
    )
    return reply.encode(message.max_reply_size)


def _to_relay(request: Request, payload: bytes) -> Datagram:
    return Datagram(
        payload, request.server, SERVER_PORT, request.message.giaddr, SERVER_PORT, interface=request.interface
    )


def _broadcast(request: Request, payload: bytes) -> Datagram:
    return Datagram(payload, request.server, SERVER_PORT, BROADCAST, CLIENT_PORT, interface=request.interface)
