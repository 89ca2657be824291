"""What passes a network's bridge: a packet socket that is made inside the lab and read outside of it."""

from __future__ import annotations

import socket
import struct
import time
from typing import NamedTuple

_ETH_P_ALL = 3
_SOL_PACKET = 263
_PACKET_ADD_MEMBERSHIP = 1
_PACKET_STATISTICS = 6
_PACKET_MR_PROMISC = 1
_SO_TIMESTAMPNS = 35
_RECEIVE_BUFFER = 8 << 20
_MAX_FRAME = 65535
_BATCH = 256
_TIMESTAMP = struct.Struct("@ll")
_STATISTICS = struct.Struct("=II")


class Captured(NamedTuple):
    """A frame, and when it passed, in seconds of ``time.monotonic()``."""

    monotonic: float
    frame: bytes


def open_capture(bridge: str) -> socket.socket:
    """Return a socket that hears every frame that passes a bridge.

    Raises:
        OSError: the kernel refused.
    """
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        made.bind((bridge, _ETH_P_ALL))
        membership = struct.pack("=iHH8x", socket.if_nametoindex(bridge), _PACKET_MR_PROMISC, 0)
        made.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
    except BaseException:
        made.close()
        raise
    return made


def read_frames(capture: socket.socket) -> list[Captured]:
    """Return the frames that have passed, at most 256 at a time, without waiting."""
    # The kernel stamps packets with the time of day, which may be set; only how long ago that was is taken from it.
    behind = time.time() - time.monotonic()
    found: list[Captured] = []
    while len(found) < _BATCH:
        try:
            frame, ancillary, _, _ = capture.recvmsg(_MAX_FRAME, 128)
        except BlockingIOError:
            break
        seconds, nanoseconds = _TIMESTAMP.unpack(ancillary[0][2])
        found.append(Captured(seconds + nanoseconds * 1e-9 - behind, frame))
    return found


def frames_lost(capture: socket.socket) -> int:
    """Return how many frames passed unseen since the last call, because nobody read them in time."""
    statistics = capture.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
    return int(_STATISTICS.unpack(statistics)[1])
