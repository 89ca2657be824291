from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import PcapWriter, RawPcapReader

from dhcpkit.protocol.pcap import pcap_header, pcap_record, read_pcap
from tests.protocol.samples import CAPTURES


def test_what_was_written_is_read_back() -> None:
    data = pcap_header() + pcap_record(1359104400.25, b"first") + pcap_record(1359104401.000001, b"second")
    assert list(read_pcap(data)) == [(1359104400.25, b"first"), (1359104401.000001, b"second")]
    assert list(read_pcap(pcap_header())) == []


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_captures_are_read_as_scapy_reads_them(path: Path) -> None:
    ours = list(read_pcap(path.read_bytes()))
    with RawPcapReader(str(path)) as reader:
        theirs = [(meta.sec + meta.usec / 1_000_000, frame) for frame, meta in reader]
    assert ours == theirs
    assert pcap_header() + b"".join(pcap_record(time, frame) for time, frame in ours) == path.read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "ticks"), [(0xA1B2C3D4, 1_000_000), (0xA1B23C4D, 1_000_000_000)])
def test_both_byte_orders_and_both_resolutions(order: str, magic: int, ticks: int) -> None:
    header = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    record = struct.pack(f"{order}IIII", 1359104400, ticks // 2, 4, 4) + b"data"
    assert list(read_pcap(header + record)) == [(1359104400.5, b"data")]


@given(st.lists(st.tuples(st.floats(0, 4_000_000_000), st.binary(min_size=1, max_size=100)), max_size=5))
def test_times_keep_their_microseconds(records: list[tuple[float, bytes]]) -> None:
    data = pcap_header() + b"".join(pcap_record(time, frame) for time, frame in records)
    found = list(read_pcap(data))
    assert [frame for _, frame in found] == [frame for _, frame in records]
    for (time, _), (expected, _) in zip(found, records, strict=True):
        assert abs(time - expected) < 1e-6


@given(st.binary(max_size=100), st.booleans())
def test_any_bytes_are_a_file_or_refused(data: bytes, with_header: bool) -> None:
    try:
        list(read_pcap(pcap_header() + data if with_header else data))
    except ValueError as error:
        assert "pcap" in str(error)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize(("data", "what"), [
    (b"", "no pcap file"),
    (b"hello, this is no capture", "no pcap file"),
    (pcap_header()[:20], "no pcap file"),
    (b"\x0a\x0d\x0d\x0a" + bytes(40), "pcapng"),
    (pcap_header()[:20] + b"\x71\0\0\0", "link type 113"),
    (pcap_header() + pcap_record(0, b"frame")[:-1], "ends within the record at byte 24"),
    (pcap_header() + bytes(15), "ends within the record at byte 24"),
])  # fmt: skip
def test_what_is_refused_and_why(data: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        list(read_pcap(data))


@pytest.mark.parametrize(("time", "frame"), [(-1.0, b""), (2.0**32, b""), (0.0, bytes(262145))])
def test_what_cannot_be_written_is_said(time: float, frame: bytes) -> None:
    with pytest.raises(ValueError, match="pcap file holds"):
        pcap_record(time, frame)


def test_scapy_writes_what_we_read() -> None:
    file = io.BytesIO()
    writer = PcapWriter(file, linktype=1)
    writer.write_header(None)
    writer.write_packet(b"frame", sec=1359104400, usec=7)
    assert list(read_pcap(file.getvalue())) == [(1359104400.000007, b"frame")]
