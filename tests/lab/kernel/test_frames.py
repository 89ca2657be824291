from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from dhcpkit.lab.events import FrameSeen
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.ethernet import parse_frame
from tests.lab.kernel.labs import TriedLab, address, host
from tests.tools import require

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


def test_every_frame_is_in_the_log_with_who_sent_it_and_when(lab: Labs) -> None:
    tried = lab(speed=100).open(host(1, "server"), host(2, "client", addressed=False))
    before = tried.clock.now()
    tried.command("H2", "send", datagram=Datagram(b"hello", 0, 68, BROADCAST, 67))
    tried.wait_for(lambda: tried.told("H1", "datagram") and tried.log.of(FrameSeen))
    (seen,) = tried.log.of(FrameSeen)
    assert (seen.what.sender, seen.what.receiver, seen.host) == ("H2", "*", "")
    (heard,) = [event for event in tried.log.of(tuple, host="H1") if event.what[0] == "datagram"]
    assert before <= seen.time <= heard.time <= tried.clock.now()
    assert seen.number < heard.number
    parsed = parse_frame(seen.what.frame)
    assert parsed.datagram is not None
    assert parsed.datagram.payload == b"hello"


def test_frames_are_as_on_a_real_cable(lab: Labs) -> None:
    """Checksums are there (tcpdump -vv judges), nothing is longer than the MTU, and nothing speaks IPv6."""
    tcpdump = require("tcpdump", "tcpdump")
    tried = lab().open(host(1, "server"), host(2, "server"))
    listening = tried.wire.spawn("H2", [tcpdump, "-Z", "root", "-i", "eth0", "-n", "-vv", "-U", "-c", "12"])
    tried.written(listening, "listening on")
    tried.command("H1", "connect", stream="s", address=address(2))
    tried.command("H1", "transmit", stream="s", data=bytes(20_000))
    tried.command("H1", "send", datagram=Datagram(b"by udp", address(1), 67, address(2), 67))
    assert listening.wait() == 0
    assert "10.0.0.1.67 > 10.0.0.2.67" in listening.output or ".647: Flags [S]" in listening.output
    assert "correct" in listening.output
    assert "incorrect" not in listening.output
    assert "bad " not in listening.output
    tried.wait_for(lambda: len(tried.log.of(FrameSeen)) >= 12)
    frames = [event.what.frame for event in tried.log.of(FrameSeen)]
    assert max(map(len, frames)) <= 1514
    assert {struct.unpack_from("!H", frame, 12)[0] for frame in frames} <= {0x0800, 0x0806}
    assert tried.wire.frames_lost == 0


def test_a_lab_may_go_without_capture(lab: Labs) -> None:
    tried = lab(capture=False).open(host(1), host(2))
    assert tried.pings("H1", 2)
    assert not tried.log.of(FrameSeen)
