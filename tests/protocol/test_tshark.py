"""Wireshark's dissector reads what the package builds, and finds nothing wrong with it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.ethernet import TCP_ACK, TCP_PSH, TCP_SYN, Arp, TcpSegment, arp_frame, tcp_frame, udp_frame
from dhcpkit.protocol.failover.codes import MessageType, Option
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.pcap import pcap_header, pcap_record
from dhcpkit.protocol.relay import RelaySubOption, write_relay_information
from tests.protocol.samples import CLIENT_MAC, SERVER_MAC, discover, offer
from tests.tools import require

CHECKSUMS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
WRONG = "_ws.malformed || _ws.expert.severity >= 6291456"  # malformed, or an expert note of warning or error
RELAY = write_relay_information(
    {
        RelaySubOption.CIRCUIT_ID: b"eth0",
        RelaySubOption.REMOTE_ID: CLIENT_MAC,
        RelaySubOption.LINK_SELECTION: b"\x0a\x01\0\0",
    }
)
DOMAINS = b"".join(b"\x04lab%d\x07contoso\x03com\0" % number for number in range(10, 16))


def tshark(frames: list[bytes], path: Path, *arguments: str) -> list[str]:
    path.write_bytes(pcap_header() + b"".join(pcap_record(1359104400 + n, frame) for n, frame in enumerate(frames)))
    command = [require("tshark", "tshark"), "-n", "-r", str(path), *CHECKSUMS, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()


def request(message) -> bytes:
    return udp_frame(Datagram(message.encode(1472), 0, 68, BROADCAST, 67), CLIENT_MAC, BROADCAST_MAC)


def reply(message, size: int = 548) -> bytes:
    return udp_frame(Datagram(message.encode(size), 0x0A000002, 67, 0x0A00000B, 68), SERVER_MAC, CLIENT_MAC)


def with_options(options: dict[int, bytes]) -> bytes:
    return reply(replace(offer(), options=offer().options | options))


CONTACT = FailoverMessage(MessageType.CONTACT, 7, 1359104400, []).encode()
STATE = FailoverMessage(MessageType.STATE, 8, 1359104400, [
    (Option.SERVER_STATE, b"\x02"), (Option.SERVER_FLAGS, b"\0"), (Option.START_TIME_OF_STATE, bytes(4)),
]).encode()  # fmt: skip


def segment(payload: bytes, sequence: int, flags: int = TCP_ACK | TCP_PSH) -> bytes:
    return tcp_frame(
        TcpSegment(payload, 0x0A000001, 40000, 0x0A000002, 647, sequence, 1, flags), SERVER_MAC, CLIENT_MAC
    )


@pytest.fixture
def frames() -> list[bytes]:
    return [
        request(discover()),
        request(replace(discover(), giaddr=0x0A010001, hops=1, options=discover().options | {82: RELAY})),
        reply(offer()),
        with_options({82: RELAY}),
        with_options({100: b"UTC", 43: bytes([1, 4, 0, 0, 0, 1]), 119: DOMAINS, 61: b"\xff" + bytes(200)}),
        # A value for local use: tshark reads each piece of a split option by itself, and would stumble over a name
        # that goes on in the next piece.
        reply(replace(offer(), options=offer().options | {224: bytes(600)}), 1472),
        reply(replace(offer(), yiaddr=0, options={53: b"\x06", 54: b"\x0a\0\0\x02", 56: b"wrong network"})),
        arp_frame(Arp(1, CLIENT_MAC, 0, bytes(6), 0x0A00000B)),
        arp_frame(Arp(2, CLIENT_MAC, 0x0A00000B, SERVER_MAC, 0x0A000002)),
        segment(b"", 1, TCP_SYN),
        segment(CONTACT + STATE, 2),
    ]


def test_nothing_is_malformed_and_every_checksum_is_right(frames: list[bytes], tmp_path: Path) -> None:
    assert tshark(frames, tmp_path / "frames.pcap", "-Y", WRONG) == []


@pytest.mark.parametrize("position", [24, 40, 40 + 14 + 200])
def test_a_wrong_byte_would_be_found(position: int, tmp_path: Path) -> None:
    frame = bytearray(request(discover()))
    frame[position] ^= 1
    assert len(tshark([bytes(frame)], tmp_path / "frames.pcap", "-Y", WRONG)) == 1


def test_fields_are_read_as_they_were_meant(frames: list[bytes], tmp_path: Path) -> None:
    names = [
        "dhcp.option.dhcp",
        "dhcp.hw.mac_addr",
        "dhcp.ip.your",
        "dhcp.option.ip_address_lease_time",
        "dhcp.option.dhcp_server_id",
        "dhcp.option.hostname",
        "dhcp.option.agent_information_option.link_selection",
        "dhcp.option.option_overload",
        "dhcp.option.message",
        "arp.opcode",
        "dhcpfo.type",
    ]
    columns = [argument for name in names for argument in ("-e", name)]
    lines = [line.split("\t") for line in tshark(frames, tmp_path / "frames.pcap", "-T", "fields", *columns)]
    mac = "00:15:5d:00:00:03"
    offered = ["2", mac, "10.0.0.11", "60", "10.0.0.2"]
    assert lines == [
        # The client's hardware address stands in chaddr and again in the client identifier.
        ["1", f"{mac},{mac}", "0.0.0.0", "", "", "Client1", "", "", "", "", ""],
        ["1", f"{mac},{mac}", "0.0.0.0", "", "", "Client1", "10.1.0.0", "", "", "", ""],
        [*offered, "", "", "", "", "", ""],
        [*offered, "", "10.1.0.0", "", "", "", ""],
        [*offered, "", "", "1", "", "", ""],
        [*offered, "", "", "", "", "", ""],
        ["6", mac, "0.0.0.0", "", "10.0.0.2", "", "", "", "wrong network", "", ""],
        ["", "", "", "", "", "", "", "", "", "1", ""],
        ["", "", "", "", "", "", "", "", "", "2", ""],
        ["", "", "", "", "", "", "", "", "", "", ""],
        ["", "", "", "", "", "", "", "", "", "", "11,10"],
    ]
