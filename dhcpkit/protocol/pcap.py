"""Classic pcap files, which Wireshark and tcpdump read and write: bytes of a file to frames and back.

The format is that of libpcap's ``pcap-savefile``; pcapng is another one and is refused by name.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

ETHERNET_LINK = 1
"""LINKTYPE_ETHERNET."""

SNAPSHOT_LENGTH = 262144
"""Longest frame that a file may hold, in bytes; libpcap refuses files that claim more."""

_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")


def pcap_header() -> bytes:
    """Return the beginning of a file of Ethernet frames with times in microseconds."""
    return _HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, SNAPSHOT_LENGTH, ETHERNET_LINK)


def pcap_record(time: float, frame: bytes) -> bytes:
    """Return what is to be added to a file for a frame seen at ``time``, in seconds since the epoch.

    Raises:
        ValueError: the frame is longer than ``SNAPSHOT_LENGTH``, or the time is before 1970 or after 2106.
    """
    seconds, microseconds = divmod(round(time * 1_000_000), 1_000_000)
    if len(frame) > SNAPSHOT_LENGTH:
        raise ValueError(f"a pcap file holds frames of at most {SNAPSHOT_LENGTH} bytes, not {len(frame)}")
    if not 0 <= seconds <= 0xFFFFFFFF:
        raise ValueError(f"a pcap file holds times from 1970 to 2106; {time} is none of them")
    return _RECORD.pack(seconds, microseconds, len(frame), len(frame)) + frame


def read_pcap(data: bytes) -> Iterator[tuple[float, bytes]]:
    """Yield time (seconds since the epoch) and frame of each record of a file's bytes.

    Raises:
        ValueError: the bytes are no pcap file of Ethernet frames, or the file ends within a record.
    """
    if data[:4] == _PCAPNG_MAGIC:
        raise ValueError("this is a pcapng file; save it as classic pcap (editcap -F pcap)")
    if data[:4] not in _MAGICS or len(data) < _HEADER.size:
        raise ValueError("this is no pcap file: it does not begin with a pcap header")
    order, ticks = _MAGICS[data[:4]]
    link = struct.unpack_from(f"{order}I", data, 20)[0]
    if link != ETHERNET_LINK:
        raise ValueError(f"the file's frames are of link type {link}; only Ethernet (1) can be read")
    record = struct.Struct(f"{order}IIII")
    position = _HEADER.size
    while position < len(data):
        start = position + record.size
        if start > len(data):
            raise ValueError(f"the pcap file ends within the record at byte {position}")
        seconds, fraction, captured, _ = record.unpack_from(data, position)
        if start + captured > len(data):
            raise ValueError(f"the pcap file ends within the record at byte {position}")
        yield seconds + fraction / ticks, data[start : start + captured]
        position = start + captured
