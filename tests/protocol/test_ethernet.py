from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.ethernet import (
    ARP_REPLY,
    ARP_REQUEST,
    TCP_ACK,
    TCP_PSH,
    TCP_SYN,
    Arp,
    Frame,
    TcpSegment,
    arp_frame,
    parse_frame,
    tcp_frame,
    udp_frame,
)
from tests.protocol.samples import (
    CLIENT_MAC,
    MACS,
    SERVER_MAC,
    U8,
    U16,
    U32,
    captured_frames,
    damaged,
    discover,
)

DATAGRAM = Datagram(discover().encode(), 0, 68, BROADCAST, 67)
FRAME = udp_frame(DATAGRAM, CLIENT_MAC, BROADCAST_MAC)
SEGMENT = TcpSegment(b"hello", 0x0A000001, 33207, 0x0A000002, 647, 1, 2, TCP_PSH | TCP_ACK)
TCP = tcp_frame(SEGMENT, CLIENT_MAC, SERVER_MAC)
ARP = arp_frame(Arp(ARP_REQUEST, CLIENT_MAC, 0x0A00000B, bytes(6), 0x0A000002))
IP_START, UDP_START = 14, 34


def changed(frame: bytes, position: int, new: bytes, *, fix_ip_checksum: bool = True) -> bytes:
    """Return the frame with bytes changed from ``position`` on and the IPv4 checksum put right again."""
    data = bytearray(frame)
    data[position : position + len(new)] = new
    if fix_ip_checksum:
        data[24:26] = b"\0\0"
        total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(14, 14 + (data[14] & 15) * 4, 2))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        data[24:26] = (total ^ 0xFFFF).to_bytes(2, "big")
    return bytes(data)


@given(st.binary(max_size=1500), U32, U16, U32, U16, MACS, MACS)
def test_a_datagram_is_read_as_it_was_sent(payload, source, source_port, destination, port, source_mac, mac) -> None:
    datagram = Datagram(payload, source, source_port, destination, port, source_mac, mac, "eth7")
    frame = parse_frame(udp_frame(datagram, source_mac, mac), interface="eth7")
    assert frame == Frame(source_mac, mac, 0x0800, datagram)


@given(st.builds(TcpSegment, st.binary(max_size=1460), U32, U16, U32, U16, U32, U32, U8, U16))
def test_a_segment_is_read_as_it_was_sent(segment: TcpSegment) -> None:
    assert parse_frame(tcp_frame(segment, CLIENT_MAC, SERVER_MAC)).tcp == segment


@given(st.builds(Arp, U16, MACS, U32, MACS, U32))
def test_an_arp_packet_is_read_as_it_was_sent(arp: Arp) -> None:
    assert parse_frame(arp_frame(arp)).arp == arp


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(data: bytes) -> None:
    frame = parse_frame(data)
    assert sum(part is not None for part in (frame.datagram, frame.arp, frame.tcp)) <= 1


@given(damaged(st.sampled_from([FRAME, TCP, ARP])), st.booleans())
def test_any_damaged_frame_is_taken(data: bytes, fix: bool) -> None:
    if fix and len(data) >= 34:
        data = changed(data, 0, b"")
    frame = parse_frame(data)
    if frame.problem:
        assert frame.datagram is frame.arp is frame.tcp is None


@given(st.integers(14, len(FRAME) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(position: int, flip: int) -> None:
    # The Internet checksum finds every change within 16 bits, except of 0x0000 to 0xffff, which sum up alike.
    data = bytearray(FRAME)
    data[position] ^= flip
    word = position & ~1
    assume({bytes(data[word : word + 2]), FRAME[word : word + 2]} != {b"\0\0", b"\xff\xff"})
    frame = parse_frame(bytes(data))
    assert frame.datagram is None
    assert frame.problem


def test_every_captured_frame_is_read() -> None:
    frames = [parse_frame(frame, verify_udp=False) for frame in captured_frames()]
    assert not [frame for frame in frames if frame.problem]
    assert all(frame.datagram or frame.tcp for frame in frames)
    # The kernel left some UDP checksums to a card that was not there; those of ISC's own frames are right.
    checked = [parse_frame(frame) for frame in captured_frames()]
    assert {frame.problem for frame in checked} == {"", "wrong UDP checksum"}
    assert sum(frame.datagram is not None for frame in checked) > 50


def test_padding_is_no_part_of_a_datagram() -> None:
    datagram = Datagram(b"x", 1, 2, 3, 4, CLIENT_MAC, SERVER_MAC)
    assert parse_frame(udp_frame(datagram, CLIENT_MAC, SERVER_MAC).ljust(60, b"\0")).datagram == datagram


def test_a_datagram_without_checksum_is_taken() -> None:
    frame = parse_frame(changed(FRAME, UDP_START + 6, b"\0\0"))
    assert frame.datagram is not None
    assert frame.datagram.payload == DATAGRAM.payload


def test_ip_options_are_stepped_over() -> None:
    options = b"\x01\x01\x01\x00"
    longer = FRAME[:UDP_START] + options + FRAME[UDP_START:]
    longer = changed(longer, IP_START, b"\x46\x00" + (len(longer) - 14).to_bytes(2, "big"))
    datagram = parse_frame(longer).datagram
    assert datagram is not None
    assert datagram.payload == DATAGRAM.payload


def test_a_checksum_that_comes_out_as_zero_is_sent_as_ones() -> None:
    # RFC 768: zero would mean "no checksum". The last word is chosen so that the sum is 0xffff.
    plain = udp_frame(Datagram(b"\0\0", 0, 68, BROADCAST, 67), CLIENT_MAC, SERVER_MAC)
    word = plain[40:42]
    frame = udp_frame(Datagram(word, 0, 68, BROADCAST, 67), CLIENT_MAC, SERVER_MAC)
    assert frame[40:42] == b"\xff\xff"
    assert parse_frame(frame).datagram is not None


@pytest.mark.parametrize(("frame", "problem"), [
    (b"", "shorter than an Ethernet header"),
    (FRAME[:13], "shorter than an Ethernet header"),
    (FRAME[:33], "shorter than an IPv4 header"),
    (changed(FRAME, IP_START, b"\x65"), "wrong version or length in the IPv4 header"),
    (changed(FRAME, IP_START, b"\x44"), "wrong version or length in the IPv4 header"),
    (changed(FRAME, IP_START + 2, b"\x00\x13"), "wrong version or length in the IPv4 header"),
    (changed(FRAME, IP_START + 2, b"\x7f\xff"), "wrong version or length in the IPv4 header"),
    (FRAME[:-1], "wrong version or length in the IPv4 header"),
    (changed(FRAME, IP_START + 8, b"\x01", fix_ip_checksum=False), "wrong IPv4 checksum"),
    (changed(FRAME, IP_START + 6, b"\x20\x00"), "fragment"),
    (changed(FRAME, IP_START + 6, b"\x00\x01"), "fragment"),
    (changed(FRAME, IP_START + 2, b"\x00\x1b"), "shorter than a UDP header"),
    (changed(FRAME, UDP_START + 4, b"\x00\x07"), "wrong length in the UDP header"),
    (changed(FRAME, UDP_START + 4, b"\x7f\xff"), "wrong length in the UDP header"),
    (changed(FRAME, 60, b"\x55"), "wrong UDP checksum"),
    (changed(TCP, IP_START + 2, b"\x00\x27"), "shorter than a TCP header"),
    (changed(TCP, 46, b"\x40"), "wrong length in the TCP header"),
    (changed(TCP, 46, b"\xf0"), "wrong length in the TCP header"),
    (ARP[:41], "shorter than an ARP packet"),
    (ARP.replace(b"\x08\x00\x06\x04", b"\x08\x00\x08\x04"),
     "ARP for other than IPv4 on Ethernet"),
])  # fmt: skip
def test_what_is_wrong_with_a_frame(frame: bytes, problem: str) -> None:
    parsed = parse_frame(frame)
    assert parsed.problem == problem
    assert parsed.datagram is parsed.arp is parsed.tcp is None


@pytest.mark.parametrize("frame", [
    CLIENT_MAC + SERVER_MAC + b"\x86\xdd" + bytes(60),
    changed(FRAME, IP_START + 9, b"\x01"),
])  # fmt: skip
def test_something_else_is_no_problem(frame: bytes) -> None:
    parsed = parse_frame(frame)
    assert parsed.datagram is parsed.arp is parsed.tcp is None
    assert parsed.problem == ""
    assert parsed.ethertype


def test_arp_goes_to_whom_it_is_for() -> None:
    request = Arp(ARP_REQUEST, CLIENT_MAC, 1, bytes(6), 2)
    reply = Arp(ARP_REPLY, SERVER_MAC, 2, CLIENT_MAC, 1)
    assert parse_frame(arp_frame(request)).destination_mac == BROADCAST_MAC
    assert parse_frame(arp_frame(reply)).destination_mac == CLIENT_MAC
    assert parse_frame(arp_frame(request, SERVER_MAC)).destination_mac == SERVER_MAC


@pytest.mark.parametrize("build", [
    lambda: udp_frame(DATAGRAM._replace(payload=bytes(65508)), CLIENT_MAC, SERVER_MAC),
    lambda: udp_frame(DATAGRAM._replace(source_port=65536), CLIENT_MAC, SERVER_MAC),
    lambda: udp_frame(DATAGRAM._replace(destination=-1), CLIENT_MAC, SERVER_MAC),
    lambda: udp_frame(DATAGRAM, CLIENT_MAC, b""),
    lambda: tcp_frame(SEGMENT._replace(payload=bytes(65496)), CLIENT_MAC, SERVER_MAC),
    lambda: tcp_frame(SEGMENT._replace(sequence=1 << 32), CLIENT_MAC, SERVER_MAC),
    lambda: tcp_frame(SEGMENT, CLIENT_MAC[:5], SERVER_MAC),
    lambda: arp_frame(Arp(1, b"", 1, bytes(6), 2)),
    lambda: arp_frame(Arp(1, CLIENT_MAC, 1 << 32, bytes(6), 2)),
])  # fmt: skip
def test_what_cannot_be_built_is_said(build) -> None:
    with pytest.raises(ValueError, match=r"carries at most|does not fit|6 bytes"):
        build()


def test_largest_datagram() -> None:
    datagram = DATAGRAM._replace(payload=bytes(65507), source_mac=CLIENT_MAC, destination_mac=SERVER_MAC)
    assert parse_frame(udp_frame(datagram, CLIENT_MAC, SERVER_MAC)).datagram == datagram


def test_flags_of_a_new_connection() -> None:
    frame = parse_frame(tcp_frame(SEGMENT._replace(payload=b"", flags=TCP_SYN), CLIENT_MAC, SERVER_MAC))
    assert frame.tcp is not None
    assert frame.tcp.flags == TCP_SYN
