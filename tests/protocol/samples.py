"""Messages that the protocol's tests share: of real clients and servers, and made by hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from dhcpkit.protocol.dhcp import DhcpMessage
from dhcpkit.protocol.ethernet import parse_frame
from dhcpkit.protocol.options import ADDRESS_LISTS, LENGTHS
from dhcpkit.protocol.pcap import read_pcap
from dhcpkit.protocol.relay import write_relay_information

CAPTURES = sorted((Path(__file__).parent.parent / "data" / "captures").glob("*.pcap"))

CLIENT_MAC = bytes.fromhex("00155d000003")
SERVER_MAC = bytes.fromhex("00155d000002")


def captured_frames() -> Iterator[bytes]:
    """Yield every frame of the captures."""
    assert len(CAPTURES) == 8
    for path in CAPTURES:
        for _, frame in read_pcap(path.read_bytes()):
            yield frame


@cache
def captured_payloads() -> tuple[bytes, ...]:
    """Return every DHCP message of the captures (clients udhcpc and perfdhcp, servers ISC dhcpd)."""
    parsed = (parse_frame(frame, verify_udp=False) for frame in captured_frames())
    payloads = tuple(frame.datagram.payload for frame in parsed if frame.datagram is not None)
    assert len(payloads) > 200
    return payloads


def discover() -> DhcpMessage:
    """Return a client's first message, as Windows would send it."""
    return DhcpMessage(
        1,
        0x3903F326,
        CLIENT_MAC,
        secs=4,
        flags=0x8000,
        options={
            53: b"\x01",
            61: b"\x01" + CLIENT_MAC,
            50: b"\x0a\x00\x00\x0b",
            12: b"Client1",
            60: b"MSFT 5.0",
            55: b"\x01\x03\x06\x0f\x1f\x21\x2b\x2c\x2e\x2f\x77\x79\xf9\xfc",
        },
    )


def offer() -> DhcpMessage:
    """Return a server's answer to it."""
    return DhcpMessage(
        2,
        0x3903F326,
        CLIENT_MAC,
        yiaddr=0x0A00000B,
        options={
            53: b"\x02",
            1: b"\xff\xff\xff\x00",
            58: b"\x00\x00\x00\x1e",
            59: b"\x00\x00\x00\x34",
            51: b"\x00\x00\x00\x3c",
            54: b"\x0a\x00\x00\x02",
            3: b"\x0a\x00\x00\xfe",
            6: b"\x0a\x00\x00\x01\x0a\x00\x00\x02",
            15: b"contoso.com",
        },
    )


def option_values(code: int) -> st.SearchStrategy[bytes]:
    """Return a strategy of values that option ``code`` may have."""
    if code == 82:
        sub_options = st.dictionaries(st.integers(1, 255), st.binary(max_size=20), max_size=4)
        return sub_options.map(lambda found: {**found, 5: b"\x0a\x01\x02\x00"}).map(write_relay_information)
    if code in LENGTHS:
        return st.binary(min_size=LENGTHS[code], max_size=LENGTHS[code])
    if code in ADDRESS_LISTS:
        return st.integers(1, 8).flatmap(lambda count: st.binary(min_size=4 * count, max_size=4 * count))
    if code in (12, 61):
        return st.binary(max_size=255)
    return st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=600))


OPTION_CODES = st.sampled_from([code for code in range(1, 255) if code != 52])
OPTIONS = st.lists(OPTION_CODES, unique=True, max_size=20).flatmap(
    lambda codes: st.fixed_dictionaries({code: option_values(code) for code in codes})
)
NAMES = st.binary(max_size=64).filter(lambda name: b"\0" not in name)
U8 = st.integers(0, 0xFF)
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
MACS = st.binary(min_size=6, max_size=6)

MESSAGES = st.builds(
    DhcpMessage,
    op=st.sampled_from([1, 2]),
    xid=U32,
    chaddr=MACS,
    htype=st.just(1),
    hops=U8,
    secs=U16,
    flags=U16,
    ciaddr=U32,
    yiaddr=U32,
    siaddr=U32,
    giaddr=U32,
    sname=NAMES,
    file=NAMES,
    options=OPTIONS,
)


@st.composite
def damaged(draw: st.DrawFn, payloads: st.SearchStrategy[bytes]) -> bytes:
    """Return bytes that are nearly right: some changed, perhaps cut short or with more behind."""
    data = bytearray(draw(payloads))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), U8), max_size=6)):
        data[position] = byte
    end = draw(st.one_of(st.none(), st.integers(0, len(data))))
    return bytes(data[:end]) + draw(st.binary(max_size=8))
