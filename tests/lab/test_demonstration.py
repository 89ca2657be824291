"""The guide's demonstration on both wires, as it comes out and as tshark reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dhcpkit.engine.events import RequestAnswered
from dhcpkit.failover.events import FailoverMessageReceived, FailoverMessageSent
from dhcpkit.lab.events import ActionFailed, CommitFailed, ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.waiting import settle
from dhcpkit.protocol.failover.codes import MessageType, Option, ServerState
from tests.lab.demonstration import AS_IN_THE_GUIDE, play
from tests.protocol.failover.tshark import Dissected, dissect
from tests.tools import require, require_kernel_wire

UNKNOWN_DIGEST = "Message digest type: 2, not allowed"
"""tshark's complaint of HMAC-SHA-256, which is newer than its dissector."""


class Played:
    """A lab in which the demonstration was played to its end."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.served = play(lab)
        lab.pause()
        assert settle(lab.events, lambda: self.told(FailoverMessageSent) == self.told(FailoverMessageReceived), 5)
        self.states = [status.state for server in lab.servers if (status := server.failover())]

    def told(self, kind: type) -> Counter[str]:
        """Failover messages by name, as the servers tell that they sent or received them."""
        return Counter(event.what.message for event in self.lab.events.of(kind))


@pytest.fixture(scope="module", params=["memory", pytest.param("kernel", marks=pytest.mark.kernel)])
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    if request.param == "kernel":
        require_kernel_wire()
    with Lab(wire=request.param, speed=60 if request.param == "kernel" else 0) as lab:
        yield Played(lab)


@pytest.fixture
def messages(played: Played, tmp_path: Path) -> list[Dissected]:
    """Every failover message of it, in tshark's words."""
    require("tshark", "tshark")
    played.lab.save_capture(tmp_path / "demonstration.pcap")
    return dissect(tmp_path / "demonstration.pcap")


def test_it_comes_out_as_in_the_guide(played: Played) -> None:
    assert played.served == AS_IN_THE_GUIDE
    assert played.states == [ServerState.NORMAL] * 2
    events = played.lab.events
    assert [event.what.how for event in events.of(ServiceStopped)] == ["stopped"]
    assert not events.of(ActionFailed, CommitFailed)
    assert {event.host for event in events.of(RequestAnswered)} == {"DHCP1", "DHCP2"}


def test_tshark_reads_every_failover_message(played: Played, messages: list[Dissected]) -> None:
    """What the servers say that they sent and got is what tshark finds on the wire."""
    on_the_wire = Counter(MessageType(message.type).name for message in messages)
    assert on_the_wire == played.told(FailoverMessageSent)
    assert {"CONNECT", "CONNECTACK", "STATE", "UPDREQALL", "UPDDONE", "BNDUPD", "BNDACK"} <= set(on_the_wire)


def test_tshark_finds_nothing_wrong_with_them(messages: list[Dissected]) -> None:
    assert not [message for message in messages if message.malformed]
    complaints = {note for message in messages for note in message.complaints}
    assert [note for note in complaints if UNKNOWN_DIGEST not in note] == []
    for message in messages:
        codes = [code for code, _ in message.options]
        assert codes[0] == Option.MESSAGE_DIGEST
        assert set(codes) <= set(Option)
        assert message.offset == 12
