"""Ethernet frames with IPv4 and UDP, TCP or ARP inside: built, and read.

Frames are built here because a DHCP server answers hosts that have no address yet (RFC 2131 section 4.1), which the
system's UDP cannot do, and because the memory wire's packets are to be the same as the kernel's. Reading takes a frame
apart only when every length and checksum is right; nothing that a frame holds makes it fail.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from dhcpkit.protocol.addresses import BROADCAST_MAC
from dhcpkit.protocol.datagram import Datagram

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
PROTOCOL_TCP = 6
PROTOCOL_UDP = 17

ARP_REQUEST = 1
ARP_REPLY = 2

TCP_FIN = 0x01
TCP_SYN = 0x02
TCP_RST = 0x04
TCP_PSH = 0x08
TCP_ACK = 0x10

_ETHERNET = struct.Struct("!6s6sH")
_IPV4 = struct.Struct("!BBHHHBBHII")
_UDP = struct.Struct("!HHHH")
_TCP = struct.Struct("!HHIIBBHHH")
_ARP = struct.Struct("!HHBBH6sI6sI")
_ETHERNET_IPV4_UDP = struct.Struct("!6s6sHBBHHHBBHIIHHHH")

_NO_FRAGMENT = 0x4000
_FRAGMENT_BITS = 0x3FFF  # "more fragments" and the offset
_TTL = 64
_LARGEST_PACKET = 0xFFFF


class Arp(NamedTuple):
    """An ARP packet for IPv4 on Ethernet (RFC 826)."""

    operation: int
    sender_mac: bytes
    sender_address: int
    target_mac: bytes
    target_address: int


class TcpSegment(NamedTuple):
    """A TCP segment with the addresses of its IP packet (RFC 9293); ``flags`` is a sum of ``TCP_SYN`` and the like."""

    payload: bytes
    source: int
    source_port: int
    destination: int
    destination_port: int
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = TCP_ACK
    window: int = 0xFFFF


class Frame(NamedTuple):
    """A frame taken apart. At most one of ``datagram``, ``arp`` and ``tcp`` is set.

    None is set when the frame holds something else or is not right; ``problem`` then says in a few words what is
    wrong, and stays empty for what is merely something else.
    """

    source_mac: bytes
    destination_mac: bytes
    ethertype: int
    datagram: Datagram | None = None
    arp: Arp | None = None
    tcp: TcpSegment | None = None
    problem: str = ""


def udp_frame(datagram: Datagram, source_mac: bytes, destination_mac: bytes) -> bytes:
    """Return the frame that carries a datagram from one hardware address to another, in one piece.

    Raises:
        ValueError: the payload has more than 65507 bytes, or an address, port or hardware address is none.
    """
    payload = datagram.payload
    udp_length = 8 + len(payload)
    total = 20 + udp_length
    if total > _LARGEST_PACKET:
        raise ValueError(f"a UDP datagram carries at most 65507 bytes, not {len(payload)}")
    source, destination = datagram.source, datagram.destination
    addresses = source + destination
    ports = datagram.source_port + datagram.destination_port
    udp_sum = addresses + PROTOCOL_UDP + udp_length + ports + udp_length + _words(payload)
    ip_sum = 0x4500 + total + _NO_FRAGMENT + (_TTL << 8 | PROTOCOL_UDP) + addresses
    _check_macs(source_mac, destination_mac)
    try:
        headers = _ETHERNET_IPV4_UDP.pack(
            destination_mac,
            source_mac,
            ETHERTYPE_IPV4,
            0x45,
            0,
            total,
            0,
            _NO_FRAGMENT,
            _TTL,
            PROTOCOL_UDP,
            _complement(ip_sum),
            source,
            destination,
            datagram.source_port,
            datagram.destination_port,
            udp_length,
            _complement(udp_sum) or 0xFFFF,  # 0 would say "no checksum" (RFC 768)
        )
    except struct.error as error:
        raise ValueError(f"a field of the datagram does not fit its place: {error}") from None
    return headers + payload


def tcp_frame(segment: TcpSegment, source_mac: bytes, destination_mac: bytes) -> bytes:
    """Return the frame that carries a TCP segment (without TCP options) from one hardware address to another.

    Raises:
        ValueError: the payload has more than 65495 bytes, or a field does not fit its place.
    """
    tcp_length = 20 + len(segment.payload)
    if 20 + tcp_length > _LARGEST_PACKET:
        raise ValueError(f"a TCP segment carries at most 65495 bytes, not {len(segment.payload)}")
    fields = (
        segment.source_port,
        segment.destination_port,
        segment.sequence,
        segment.acknowledgement,
        5 << 4,
        segment.flags,
        segment.window,
    )
    pseudo_header = segment.source + segment.destination + PROTOCOL_TCP + tcp_length
    try:
        unsummed = _TCP.pack(*fields, 0, 0)
        header = _TCP.pack(*fields, _complement(pseudo_header + _words(unsummed) + _words(segment.payload)), 0)
        packet = _ip_header(PROTOCOL_TCP, tcp_length, segment.source, segment.destination)
    except struct.error as error:
        raise ValueError(f"a field of the TCP segment does not fit its place: {error}") from None
    _check_macs(source_mac, destination_mac)
    return _ETHERNET.pack(destination_mac, source_mac, ETHERTYPE_IPV4) + packet + header + segment.payload


def arp_frame(arp: Arp, destination_mac: bytes = b"") -> bytes:
    """Return the frame that carries an ARP packet.

    Without ``destination_mac`` a reply goes to the packet's target and everything else to everybody.

    Raises:
        ValueError: a field does not fit its place.
    """
    destination_mac = destination_mac or (arp.target_mac if arp.operation == ARP_REPLY else BROADCAST_MAC)
    _check_macs(arp.sender_mac, destination_mac, arp.target_mac)
    try:
        return _ETHERNET.pack(destination_mac, arp.sender_mac, ETHERTYPE_ARP) + _ARP.pack(1, ETHERTYPE_IPV4, 6, 4, *arp)
    except struct.error as error:
        raise ValueError(f"a field of the ARP packet does not fit its place: {error}") from None


def parse_frame(frame: bytes, *, interface: str = "eth0", verify_udp: bool = True) -> Frame:
    """Take a frame apart.

    Args:
        frame: The frame from its destination address on, without frame check sequence; padding at its end is ignored.
        interface: What the datagram is to say about where it arrived.
        verify_udp: Refuse a datagram with a wrong UDP checksum. To be False for frames that a kernel sent over a
            virtual cable: it leaves the checksum to a card that is not there. TCP checksums are not looked at, for
            the same reason.
    """
    if len(frame) < 14:
        return Frame(b"", b"", 0, problem="shorter than an Ethernet header")
    destination_mac, source_mac, ethertype = _ETHERNET.unpack_from(frame)
    if ethertype == ETHERTYPE_IPV4:
        return _parse_ipv4(frame, source_mac, destination_mac, interface, verify_udp)
    if ethertype == ETHERTYPE_ARP:
        return _parse_arp(frame, source_mac, destination_mac)
    return Frame(source_mac, destination_mac, ethertype)


def _parse_ipv4(frame: bytes, source_mac: bytes, destination_mac: bytes, interface: str, verify_udp: bool) -> Frame:
    def refuse(problem: str) -> Frame:
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem=problem)

    if len(frame) < 34:
        return refuse("shorter than an IPv4 header")
    version, _, total, _, fragment, _, protocol, _, source, destination = _IPV4.unpack_from(frame, 14)
    header_end = 14 + (version & 15) * 4
    end = 14 + total
    if version >> 4 != 4 or not 34 <= header_end <= end <= len(frame):
        return refuse("wrong version or length in the IPv4 header")
    if _words(frame[14:header_end]) % 0xFFFF:
        return refuse("wrong IPv4 checksum")
    if fragment & _FRAGMENT_BITS:
        return refuse("fragment")
    payload = frame[header_end:end]
    if protocol == PROTOCOL_UDP:
        return _parse_udp(payload, source, destination, source_mac, destination_mac, interface, verify_udp)
    if protocol == PROTOCOL_TCP:
        return _parse_tcp(payload, source, destination, source_mac, destination_mac)
    return Frame(source_mac, destination_mac, ETHERTYPE_IPV4)


def _parse_udp(
    packet: bytes,
    source: int,
    destination: int,
    source_mac: bytes,
    destination_mac: bytes,
    interface: str,
    verify: bool,
) -> Frame:
    if len(packet) < 8:
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem="shorter than a UDP header")
    source_port, destination_port, length, checksum = _UDP.unpack_from(packet)
    if not 8 <= length <= len(packet):
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem="wrong length in the UDP header")
    packet = packet[:length]
    if verify and checksum and (_words(packet) + source + destination + PROTOCOL_UDP + length) % 0xFFFF:
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem="wrong UDP checksum")
    datagram = Datagram(
        packet[8:], source, source_port, destination, destination_port, source_mac, destination_mac, interface
    )
    return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, datagram)


def _parse_tcp(packet: bytes, source: int, destination: int, source_mac: bytes, destination_mac: bytes) -> Frame:
    if len(packet) < 20:
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem="shorter than a TCP header")
    source_port, destination_port, sequence, acknowledgement, offset, flags, window, _, _ = _TCP.unpack_from(packet)
    start = (offset >> 4) * 4
    if not 20 <= start <= len(packet):
        return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, problem="wrong length in the TCP header")
    segment = TcpSegment(
        packet[start:], source, source_port, destination, destination_port, sequence, acknowledgement, flags, window
    )
    return Frame(source_mac, destination_mac, ETHERTYPE_IPV4, tcp=segment)


def _parse_arp(frame: bytes, source_mac: bytes, destination_mac: bytes) -> Frame:
    if len(frame) < 14 + _ARP.size:
        return Frame(source_mac, destination_mac, ETHERTYPE_ARP, problem="shorter than an ARP packet")
    hardware, protocol, hardware_length, protocol_length, *fields = _ARP.unpack_from(frame, 14)
    if (hardware, protocol, hardware_length, protocol_length) != (1, ETHERTYPE_IPV4, 6, 4):
        return Frame(source_mac, destination_mac, ETHERTYPE_ARP, problem="ARP for other than IPv4 on Ethernet")
    return Frame(source_mac, destination_mac, ETHERTYPE_ARP, arp=Arp(*fields))


def _ip_header(protocol: int, length: int, source: int, destination: int) -> bytes:
    total = 20 + length
    checksum = _complement(0x4500 + total + _NO_FRAGMENT + (_TTL << 8 | protocol) + source + destination)
    return _IPV4.pack(0x45, 0, total, 0, _NO_FRAGMENT, _TTL, protocol, checksum, source, destination)


def _words(data: bytes) -> int:
    """Return a number that is the sum of the data's 16-bit words modulo 65535.

    The words are the number's digits in base 65536, and 65536 is 1 modulo 65535, so the number itself will do; so
    does an address of two words. One division of a long number is far quicker than adding words one by one.
    """
    number = int.from_bytes(data, "big")
    return number << 8 if len(data) & 1 else number


def _complement(total: int) -> int:
    """Return the Internet checksum (RFC 1071) of words whose sum is ``total`` modulo 65535."""
    remainder = total % 0xFFFF
    return 0xFFFF - remainder if remainder else 0


def _check_macs(*macs: bytes) -> None:
    for mac in macs:
        if len(mac) != 6:
            raise ValueError(f"a hardware address of Ethernet has 6 bytes, not {len(mac)}")
