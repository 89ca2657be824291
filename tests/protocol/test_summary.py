from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.ethernet import (
    TCP_ACK,
    TCP_FIN,
    TCP_RST,
    TCP_SYN,
    Arp,
    TcpSegment,
    arp_frame,
    tcp_frame,
    udp_frame,
)
from dhcpkit.protocol.failover.codes import MessageType, Option
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.pcap import read_pcap
from dhcpkit.protocol.summary import summarise
from tests.protocol.samples import CAPTURES, CLIENT_MAC, SERVER_MAC, captured_frames, damaged, discover

DHCP1, DHCP2, CLIENT = 0x0A000001, 0x0A000002, 0x0A00000B


def udp(payload: bytes, source_port: int = 68, destination_port: int = 67) -> bytes:
    return udp_frame(Datagram(payload, 0, source_port, BROADCAST, destination_port), CLIENT_MAC, BROADCAST_MAC)


def tcp(payload: bytes = b"", flags: int = TCP_ACK, port: int = 647) -> bytes:
    return tcp_frame(TcpSegment(payload, DHCP1, 40000, DHCP2, port, flags=flags), SERVER_MAC, CLIENT_MAC)


def failover(kind: MessageType, *options: tuple[int, bytes]) -> bytes:
    return FailoverMessage(kind, 1, 1359104400, list(options)).encode()


BINDING = [(Option.ASSIGNED_IP_ADDRESS, b"\x0a\0\0\x0b"), (Option.BINDING_STATUS, b"\x02")]


@pytest.mark.parametrize(("frame", "protocol", "line"), [
    (udp(discover().encode()), "dhcp", "DHCPDISCOVER 10.0.0.11 from 00:15:5d:00:00:03 (Client1)"),
    (udp(b"junk"), "dhcp", "malformed DHCP message from 0.0.0.0: a DHCP message has at least 240 bytes, this one 4"),
    (udp(b"query", 5353, 53), "other", "UDP 0.0.0.0:5353 to 255.255.255.255:53, 5 bytes"),
    (arp_frame(Arp(1, SERVER_MAC, DHCP1, bytes(6), CLIENT)), "arp", "who has 10.0.0.11? asks 10.0.0.1"),
    (arp_frame(Arp(2, CLIENT_MAC, CLIENT, SERVER_MAC, DHCP1)), "arp", "10.0.0.11 is at 00:15:5d:00:00:03"),
    (arp_frame(Arp(1, CLIENT_MAC, 0, bytes(6), CLIENT)), "arp",
     "does anybody use 10.0.0.11? asks 00:15:5d:00:00:03"),
    (arp_frame(Arp(1, CLIENT_MAC, CLIENT, bytes(6), CLIENT)), "arp", "10.0.0.11 is now at 00:15:5d:00:00:03"),
    (arp_frame(Arp(9, CLIENT_MAC, CLIENT, bytes(6), CLIENT)), "arp", "ARP operation 9 from 10.0.0.11"),
    (tcp(flags=TCP_SYN), "failover", "TCP 10.0.0.1:40000 to 10.0.0.2:647, connection asked for"),
    (tcp(flags=TCP_SYN | TCP_ACK), "failover", "TCP 10.0.0.1:40000 to 10.0.0.2:647, connection accepted"),
    (tcp(flags=TCP_FIN | TCP_ACK), "failover", "TCP 10.0.0.1:40000 to 10.0.0.2:647, connection closed"),
    (tcp(flags=TCP_RST), "failover", "TCP 10.0.0.1:40000 to 10.0.0.2:647, connection reset"),
    (tcp(), "failover", "TCP 10.0.0.1:40000 to 10.0.0.2:647, acknowledgement"),
    (tcp(b"GET /", port=80), "other", "TCP 10.0.0.1:40000 to 10.0.0.2:80, 5 bytes"),
    (tcp(failover(MessageType.CONTACT)), "failover", "CONTACT"),
    (tcp(failover(MessageType.CONNECT, (Option.RELATIONSHIP_NAME, b"dhcp1-dhcp2"))), "failover",
     'CONNECT "dhcp1-dhcp2"'),
    (tcp(failover(MessageType.CONNECTACK, (Option.REJECT_REASON, b"\x14"))), "failover",
     "CONNECTACK refused: digest mismatch"),
    (tcp(failover(MessageType.STATE, (Option.SERVER_STATE, b"\x03"), (Option.SERVER_FLAGS, b"\x01"))), "failover",
     "STATE COMMUNICATIONS-INTERRUPTED (in STARTUP)"),
    (tcp(failover(MessageType.STATE, (Option.SERVER_STATE, b"\x63"))), "failover", "STATE state 99"),
    (tcp(failover(MessageType.POOLRESP, (Option.ADDRESSES_TRANSFERRED, b"\0\0\0\x7a"))), "failover",
     "POOLRESP 122 addresses"),
    (tcp(failover(MessageType.BNDUPD, *BINDING)), "failover", "BNDUPD 10.0.0.11 ACTIVE"),
    (tcp(failover(MessageType.BNDACK, BINDING[0], (Option.REJECT_REASON, b"\x0f"))), "failover",
     "BNDACK 10.0.0.11 refused: outdated binding information"),
    (tcp(failover(MessageType.BNDUPD, *BINDING * 5)), "failover",
     "BNDUPD 10.0.0.11 ACTIVE, 10.0.0.11 ACTIVE, 10.0.0.11 ACTIVE and 2 more"),
    (tcp(failover(MessageType.CONTACT) * 4), "failover", "CONTACT, CONTACT, CONTACT and 1 more"),
    (tcp(failover(MessageType.CONTACT) + b"\0\x20\x03"), "failover", "CONTACT, 3 bytes of a message that goes on"),
    (tcp(b"\xff\xffjunk"), "failover", "6 bytes that are no whole failover message"),
    (tcp(failover(MessageType.STATE, (Option.SERVER_STATE, b"\xff" * 2000))), "failover", "STATE state 4294967295"),
    (CLIENT_MAC + SERVER_MAC + b"\x86\xdd" + bytes(60), "other", "Ethernet type 0x86dd from 00:15:5d:00:00:02"),
    (udp(b"x")[:-1], "other",
     "Ethernet type 0x0800 from 00:15:5d:00:00:03: wrong version or length in the IPv4 header"),
    (b"", "other", "no Ethernet frame: shorter than an Ethernet header"),
])  # fmt: skip
def test_lines(frame: bytes, protocol: str, line: str) -> None:
    assert summarise(frame) == (protocol, line)


def test_a_clients_name_cannot_break_the_line() -> None:
    message = replace(discover(), options={53: b"\x01", 12: b"evil\r\n\x1b[31m"})
    assert summarise(udp(message.encode()))[1].isprintable()


def test_captures_are_told_as_they_are() -> None:
    counts = Counter()
    for frame in captured_frames():
        protocol, line = summarise(frame)
        counts[protocol] += 1
        assert "malformed" not in line
        assert "no whole" not in line
        assert line.isprintable()
    # Nothing but DHCP and failover was captured.
    assert counts == {"dhcp": 255, "failover": 908}


def test_a_capture_told_line_by_line() -> None:
    lines = [summarise(frame)[1] for _, frame in read_pcap(CAPTURES[1].read_bytes())]
    assert lines[:1] + lines[4:10] == [
        "DHCPDISCOVER from 02:00:00:00:00:13",
        "DHCPOFFER 10.0.0.110 from 10.0.0.1, 60 s",
        "DHCPOFFER 10.0.0.109 from 10.0.0.2, 60 s",
        "DHCPREQUEST 10.0.0.110 from 02:00:00:00:00:13 to 10.0.0.1",
        "DHCPOFFER 10.0.0.108 from 10.0.0.2, 60 s",
        "DHCPACK 10.0.0.110 from 10.0.0.1, 60 s",
        "BNDUPD 10.0.0.110 ACTIVE",
    ]


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(tcp), st.binary(max_size=300).map(udp)))
def test_any_bytes_are_told(frame: bytes) -> None:
    protocol, line = summarise(frame)
    assert protocol in {"dhcp", "failover", "arp", "other"}
    assert line.isprintable()


@given(damaged(st.sampled_from([failover(kind, *BINDING) for kind in MessageType])))
def test_any_damaged_failover_message_is_told(data: bytes) -> None:
    assert summarise(tcp(data))[1].isprintable()
