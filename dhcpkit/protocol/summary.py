"""One line for people about a frame, for the lab's log and its packet view."""

from __future__ import annotations

from dhcpkit.protocol.addresses import format_ip, format_mac
from dhcpkit.protocol.datagram import CLIENT_PORT, SERVER_PORT, Datagram
from dhcpkit.protocol.dhcp import DhcpMessage, Malformed
from dhcpkit.protocol.ethernet import (
    ARP_REPLY,
    ARP_REQUEST,
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    Arp,
    Frame,
    TcpSegment,
    parse_frame,
)
from dhcpkit.protocol.failover.codes import (
    FAILOVER_PORT,
    STARTUP_FLAG,
    BindingStatus,
    MessageType,
    Option,
    RejectReason,
    ServerState,
)
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage, Framer
from dhcpkit.protocol.options import read_text

_DHCP_PORTS = (SERVER_PORT, CLIENT_PORT)
_FAILOVER_PORTS = (FAILOVER_PORT, 847)  # 847 is IANA's second port for failover
_TOLD = 3
"""How many bindings or messages of one frame are told one by one; the rest is counted."""


def summarise(frame: bytes) -> tuple[str, str]:
    """Return a frame's protocol (``dhcp``, ``failover``, ``arp`` or ``other``) and a line that says what it is.

    Any bytes will do. Checksums of UDP and TCP are not looked at (see ``parse_frame``).
    """
    parts = parse_frame(frame, verify_udp=False)
    if parts.arp is not None:
        return "arp", _arp(parts.arp)
    if parts.datagram is not None:
        return _datagram(parts.datagram)
    if parts.tcp is not None:
        return _tcp(parts.tcp)
    return "other", _unknown(parts)


def summarise_failover(message: FailoverMessage) -> str:
    """Return a line about a failover message, ``BNDUPD 10.0.0.11 ACTIVE``.

    Raises:
        FailoverMalformed: the message is a BNDUPD or BNDACK whose options are not in order.
    """
    if message.type in (MessageType.BNDUPD, MessageType.BNDACK):
        bindings = [_binding(options) for options in message.transactions()]
        return f"{message.name} {_few(bindings)}"
    detail = ""
    if message.type == MessageType.STATE:
        state = _number(message.get(Option.SERVER_STATE))
        startup = _number(message.get(Option.SERVER_FLAGS)) & STARTUP_FLAG
        detail = _STATES.get(state, f"state {state}") + (" (in STARTUP)" if startup else "")
    elif message.type == MessageType.CONNECT:
        detail = f'"{read_text(message.get(Option.RELATIONSHIP_NAME) or b"")}"'
    elif message.type == MessageType.POOLRESP:
        detail = f"{_number(message.get(Option.ADDRESSES_TRANSFERRED))} addresses"
    return " ".join(filter(None, (message.name, detail, _refusal(message.get(Option.REJECT_REASON)))))


_STATES = {state.value: state.label for state in ServerState}
_STATUSES = {status.value: status.name for status in BindingStatus}
_REASONS = {reason.value: reason.name.lower().replace("_", " ") for reason in RejectReason}


def _arp(arp: Arp) -> str:
    target, sender = format_ip(arp.target_address), format_ip(arp.sender_address)
    if arp.operation == ARP_REPLY:
        return f"{sender} is at {format_mac(arp.sender_mac)}"
    if arp.operation != ARP_REQUEST:
        return f"ARP operation {arp.operation} from {sender}"
    if not arp.sender_address:
        return f"does anybody use {target}? asks {format_mac(arp.sender_mac)}"
    if arp.sender_address == arp.target_address:
        return f"{sender} is now at {format_mac(arp.sender_mac)}"
    return f"who has {target}? asks {sender}"


def _datagram(datagram: Datagram) -> tuple[str, str]:
    if datagram.source_port not in _DHCP_PORTS and datagram.destination_port not in _DHCP_PORTS:
        return "other", f"UDP {_ends(datagram)}, {len(datagram.payload)} bytes"
    try:
        return "dhcp", DhcpMessage.decode(datagram.payload).summary()
    except Malformed as error:
        return "dhcp", f"malformed DHCP message from {format_ip(datagram.source)}: {error.detail}"


def _tcp(segment: TcpSegment) -> tuple[str, str]:
    protocol = "other"
    if segment.source_port in _FAILOVER_PORTS or segment.destination_port in _FAILOVER_PORTS:
        protocol = "failover"
        if segment.payload:
            return protocol, _stream(segment.payload)
    what = f"{len(segment.payload)} bytes" if segment.payload else _control(segment.flags)
    return protocol, f"TCP {_ends(segment)}, {what}"


def _control(flags: int) -> str:
    if flags & TCP_RST:
        return "connection reset"
    if flags & TCP_SYN:
        return "connection accepted" if flags & TCP_ACK else "connection asked for"
    return "connection closed" if flags & TCP_FIN else "acknowledgement"


def _stream(data: bytes) -> str:
    """Tell the messages of a segment; it need not begin or end where a message does."""
    try:
        messages = Framer().feed(data)
        lines = [summarise_failover(FailoverMessage.decode(message)) for message in messages]
    except FailoverMalformed:
        return f"{len(data)} bytes that are no whole failover message"
    rest = len(data) - sum(map(len, messages))
    if rest:
        lines.append(f"{rest} bytes of a message that goes on")
    return _few(lines)


def _binding(options: dict[int, bytes]) -> str:
    text = format_ip(_number(options[Option.ASSIGNED_IP_ADDRESS]))
    if Option.BINDING_STATUS in options:
        status = _number(options[Option.BINDING_STATUS])
        text += " " + _STATUSES.get(status, f"status {status}")
    refusal = _refusal(options.get(Option.REJECT_REASON))
    return f"{text} {refusal}" if refusal else text


def _refusal(reason: bytes | None) -> str:
    if reason is None:
        return ""
    number = _number(reason)
    return f"refused: {_REASONS.get(number, f'reason {number}')}"


def _number(value: bytes | None) -> int:
    # The numbers told here have 4 bytes at most; of a longer value the rest is junk, and could be too long to print.
    return int.from_bytes((value or b"")[:4], "big")


def _few(texts: list[str]) -> str:
    more = len(texts) - _TOLD
    return ", ".join(texts[:_TOLD]) + (f" and {more} more" if more > 0 else "")


def _ends(packet: Datagram | TcpSegment) -> str:
    source, destination = format_ip(packet.source), format_ip(packet.destination)
    return f"{source}:{packet.source_port} to {destination}:{packet.destination_port}"


def _unknown(parts: Frame) -> str:
    if not parts.source_mac:
        return "no Ethernet frame: " + parts.problem
    line = f"Ethernet type {parts.ethertype:#06x} from {format_mac(parts.source_mac)}"
    return f"{line}: {parts.problem}" if parts.problem else line
