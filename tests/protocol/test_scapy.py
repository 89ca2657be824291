"""The package's bytes against scapy's: each reads what the other builds, and both build the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from dhcpkit.protocol.addresses import format_ip, format_mac
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import DhcpMessage
from dhcpkit.protocol.ethernet import Arp, TcpSegment, arp_frame, parse_frame, tcp_frame, udp_frame
from dhcpkit.protocol.options import write_addresses, write_u32
from tests.protocol.samples import (
    CLIENT_MAC,
    MACS,
    SERVER_MAC,
    U8,
    U16,
    U32,
    captured_frames,
    captured_payloads,
)

NAMED = st.fixed_dictionaries(
    {"message-type": st.integers(1, 8)},
    optional={
        "requested_addr": U32,
        "server_id": U32,
        "subnet_mask": U32,
        "lease_time": U32,
        "renewal_time": U32,
        "rebinding_time": U32,
        "router": U32,
        "hostname": st.binary(min_size=1, max_size=60),
        "client_id": st.binary(min_size=2, max_size=60),
        "vendor_class_id": st.binary(min_size=1, max_size=60),
    },
)
CODES = {
    "message-type": 53,
    "requested_addr": 50,
    "server_id": 54,
    "subnet_mask": 1,
    "lease_time": 51,
    "renewal_time": 58,
    "rebinding_time": 59,
    "router": 3,
    "hostname": 12,
    "client_id": 61,
    "vendor_class_id": 60,
}
ADDRESSES = {"requested_addr", "server_id", "subnet_mask", "router"}


def value_of(name: str, value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return bytes([value]) if name == "message-type" else write_u32(value)


def scapy_message(message: DhcpMessage, named: dict[str, int | bytes]) -> bytes:
    options = [(name, format_ip(value) if name in ADDRESSES else value) for name, value in named.items()]
    options.sort(key=lambda option: option[0] != "message-type")
    fixed = BOOTP(
        op=message.op,
        htype=message.htype,
        hlen=6,
        hops=message.hops,
        xid=message.xid,
        secs=message.secs,
        flags=message.flags,
        ciaddr=format_ip(message.ciaddr),
        yiaddr=format_ip(message.yiaddr),
        siaddr=format_ip(message.siaddr),
        giaddr=format_ip(message.giaddr),
        chaddr=message.chaddr,
        sname=message.sname,
        file=message.file,
    )
    return bytes(fixed / DHCP(options=[*options, "end"]))


@given(st.sampled_from([1, 2]), U8, U32, U16, U16, st.tuples(U32, U32, U32, U32), MACS, NAMED)
def test_both_build_the_same_message(op, hops, xid, secs, flags, addresses, mac, named) -> None:
    options = {CODES[name]: value_of(name, value) for name, value in named.items()}
    message = DhcpMessage(op, xid, mac, 1, hops, secs, flags, *addresses, b"dhcp1", b"boot.efi", options)
    theirs = scapy_message(message, named)
    assert message.encode() == theirs.ljust(300, b"\0")
    assert DhcpMessage.decode(theirs) == message


def test_both_read_the_same_in_every_captured_message() -> None:
    for payload in captured_payloads():
        ours, theirs = DhcpMessage.decode(payload), BOOTP(payload)
        assert (ours.op, ours.xid, ours.secs, int(theirs.flags)) == (theirs.op, theirs.xid, theirs.secs, ours.flags)
        assert [format_ip(address) for address in (ours.ciaddr, ours.yiaddr, ours.siaddr, ours.giaddr)] == [
            theirs.ciaddr,
            theirs.yiaddr,
            theirs.siaddr,
            theirs.giaddr,
        ]
        assert ours.chaddr == theirs.chaddr[:6]
        compared = 0
        for option in theirs[DHCP].options:
            if isinstance(option, tuple) and option[0] in CODES:
                name, value = option[0], option[1]
                expected = write_addresses([parse(value)]) if name in ADDRESSES else value_of(name, value)
                assert ours.options[CODES[name]] == expected
                compared += 1
        assert compared >= 1


def parse(text: str) -> int:
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


@given(st.binary(min_size=1, max_size=1472), U32, U16, U32, U16, MACS, MACS)
def test_both_build_the_same_datagram(payload, source, source_port, destination, port, source_mac, mac) -> None:
    theirs = bytes(
        Ether(src=format_mac(source_mac), dst=format_mac(mac))
        / IP(src=format_ip(source), dst=format_ip(destination), id=0, flags="DF", ttl=64)
        / UDP(sport=source_port, dport=port)
        / Raw(payload)
    )
    datagram = Datagram(payload, source, source_port, destination, port, source_mac, mac)
    assert udp_frame(datagram, source_mac, mac) == theirs
    assert parse_frame(theirs).datagram == datagram


@given(st.binary(max_size=1460), U32, U16, U32, U16, U32, U32, U8, U16)
def test_both_build_the_same_segment(payload, source, source_port, destination, port, sequence, ack, flags, window):
    theirs = bytes(
        Ether(src=format_mac(CLIENT_MAC), dst=format_mac(SERVER_MAC))
        / IP(src=format_ip(source), dst=format_ip(destination), id=0, flags="DF", ttl=64)
        / TCP(sport=source_port, dport=port, seq=sequence, ack=ack, flags=flags, window=window)
        / Raw(payload)
    )
    segment = TcpSegment(payload, source, source_port, destination, port, sequence, ack, flags, window)
    assert tcp_frame(segment, CLIENT_MAC, SERVER_MAC) == theirs


@pytest.mark.parametrize("operation", [1, 2])
def test_both_build_the_same_arp_packet(operation: int) -> None:
    theirs = bytes(
        Ether(src=format_mac(CLIENT_MAC), dst=format_mac(SERVER_MAC))
        / ARP(
            op=operation,
            hwsrc=format_mac(CLIENT_MAC),
            psrc="10.0.0.11",
            hwdst=format_mac(SERVER_MAC),
            pdst="10.0.0.2",
        )
    )
    arp = Arp(operation, CLIENT_MAC, 0x0A00000B, SERVER_MAC, 0x0A000002)
    assert arp_frame(arp, SERVER_MAC) == theirs
    assert parse_frame(theirs).arp == arp


def test_both_read_the_same_in_every_captured_frame() -> None:
    for frame in list(captured_frames())[::4]:
        ours, theirs = parse_frame(frame, verify_udp=False), Ether(frame)
        layer = UDP if ours.datagram else TCP
        packet = ours.datagram or ours.tcp
        assert packet is not None
        assert packet.payload == bytes(theirs[layer].payload)[: len(packet.payload)]
        assert (format_ip(packet.source), packet.source_port) == (theirs[IP].src, theirs[layer].sport)
        assert (format_ip(packet.destination), packet.destination_port) == (theirs[IP].dst, theirs[layer].dport)
