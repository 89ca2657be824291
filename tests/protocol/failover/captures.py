"""The failover messages of the captures in ``tests/data/captures``, put together by scapy and the code below.

Nothing of the package has a part in it, so that the package can be held against it.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether  # noqa: F401 - scapy reads Ethernet frames only when it knows them
from scapy.utils import rdpcap

DIRECTORY = Path(__file__).parents[2] / "data" / "captures"
FAILOVER_PORT = 647

MESSAGES = {
    "01-connect-normal-balance": Counter(
        BNDUPD=50, BNDACK=50, CONNECT=1, CONNECTACK=1, UPDREQALL=4, UPDDONE=2, STATE=8, CONTACT=18
    ),
    "02-leases-renew-release": Counter(BNDUPD=23, BNDACK=23, CONTACT=70),
    "03-comm-interrupted-return": Counter(BNDUPD=17, BNDACK=17, CONNECT=1, CONNECTACK=1, STATE=4, CONTACT=12),
    "04-partner-down-recover": Counter(
        BNDUPD=34, BNDACK=34, CONNECT=1, CONNECTACK=1, UPDREQALL=1, UPDDONE=1, STATE=6, CONTACT=10
    ),
    "05-recover-wait": Counter(
        BNDUPD=31, BNDACK=31, CONNECT=1, CONNECTACK=1, UPDREQALL=1, UPDDONE=1, STATE=7, CONTACT=14
    ),
    "06-poolreq": Counter(
        POOLREQ=1,
        POOLRESP=1,
        BNDUPD=90,
        BNDACK=89,
        CONNECT=1,
        CONNECTACK=1,
        UPDREQALL=4,
        UPDDONE=2,
        STATE=8,
        CONTACT=36,
    ),
    "07-potential-conflict": Counter(
        BNDUPD=82, BNDACK=82, CONNECT=3, CONNECTACK=2, UPDREQALL=4, UPDREQ=2, UPDDONE=4, STATE=15, CONTACT=51
    ),
    "08-reserved-ipflags": Counter(BNDUPD=5, BNDACK=5, CONTACT=16),
}
"""How many messages of which name tshark found in each capture (its names of types 7 and 9 put right)."""


class Stream(NamedTuple):
    """One direction of one TCP connection: who sent it, the segments as they came, and the bytes put together."""

    source: str
    segments: list[bytes]
    data: bytes


@cache
def streams(name: str) -> list[Stream]:
    """Return every direction of every failover connection in a capture, in the order of their first frame."""
    found: dict[tuple[str, int, str, int], list[tuple[int, bytes]]] = {}
    for frame in rdpcap(str(DIRECTORY / f"{name}.pcap")):
        if TCP not in frame or FAILOVER_PORT not in (frame[TCP].sport, frame[TCP].dport):
            continue
        ip, tcp = frame[IP], frame[TCP]
        # The IP header says where the segment ends; what follows in a short frame is Ethernet's padding.
        length = ip.len - 4 * ip.ihl - 4 * tcp.dataofs
        if length:
            way = (ip.src, tcp.sport, ip.dst, tcp.dport)
            found.setdefault(way, []).append((tcp.seq, bytes(tcp.payload)[:length]))
    return [_put_together(source, parts) for (source, *_), parts in found.items()]


def _put_together(source: str, parts: list[tuple[int, bytes]]) -> Stream:
    """Return the bytes once each: of a segment that was sent again only what is new. A hole is an error."""
    expected = parts[0][0]
    segments = []
    for sequence, payload in parts:
        known = expected - sequence
        assert known >= 0, f"{source}: {-known} bytes are missing in the capture"
        if known < len(payload):
            segments.append(payload[known:])
            expected = sequence + len(payload)
    return Stream(source, segments, b"".join(segments))


def raw_messages(name: str) -> list[bytes]:
    """Return the bytes of every message of a capture, cut by the length each begins with."""
    messages = []
    for stream in streams(name):
        data = stream.data
        while data:
            length = int.from_bytes(data[:2], "big")
            assert 12 <= length <= len(data), f"{name}: the capture ends within a message of {stream.source}"
            messages.append(data[:length])
            data = data[length:]
    return messages
