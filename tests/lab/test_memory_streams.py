from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dhcpkit.engine.actions import (
    Close,
    Connect,
    Send,
    Transmit,
)
from dhcpkit.lab.clock import LAB_START
from dhcpkit.lab.events import (
    FrameSeen,
    LinkChanged,
)
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import MessageType
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.pcap import pcap_header, pcap_record
from tests.lab.world import NOBODY, ONE, TWO, World, datagram
from tests.protocol.failover.tshark import dissect
from tests.tools import require


class TestStreams:
    def test_a_stream_opens_carries_bytes_both_ways_and_closes(self, world: World) -> None:
        world.streams()
        assert [(stream, port, peer) for stream, port, peer, _ in world.nodes["H2"].of("stream_accepted")] == [
            ("accepted-1", 647, ONE)
        ]
        world.do("H1", Transmit("s", b"ping"))
        world.do("H2", Transmit("accepted-1", b"pong"))
        world.wire.advance(0.01)
        assert (world.received("H1"), world.received("H2")) == (b"pong", b"ping")
        world.do("H1", Transmit("s", b"last words"), Close("s"))
        world.wire.advance(0.01)
        assert world.received("H2") == b"pinglast words"
        assert [event[:2] for event in world.nodes["H2"].of("stream_closed")] == [
            ("accepted-1", "closed by the other side")
        ]
        assert world.nodes["H1"].of("stream_closed") == []
        assert world.wire.step() is None, "a closed connection leaves nothing to do"

    def test_bytes_handed_over_before_the_stream_is_open_arrive(self, world: World) -> None:
        world.do("H1", Connect("s", TWO, 647), Transmit("s", b"early"))
        world.wire.advance(1)
        assert world.received("H2") == b"early"

    def test_a_port_where_nobody_listens_refuses(self, world: World) -> None:
        world.do("H1", Connect("s", TWO, 648))
        world.wire.advance(1)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "refused")]

    def test_a_stopped_service_refuses(self, world: World) -> None:
        world.wire.stop_service("H2")
        world.do("H1", Connect("s", TWO, 647))
        world.wire.advance(1)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "refused")]

    def test_a_peer_that_is_not_there_cannot_be_reached(self, world: World) -> None:
        world.do("H1", Connect("s", NOBODY, 647), Connect("t", parse_ip("192.168.9.9"), 647))
        world.wire.advance(10)
        closed = world.nodes["H1"].of("stream_closed")
        assert [stream for stream, *_ in closed] == ["t", "s"]
        assert all(because.startswith("no route") for _, because, _ in closed)

    def test_a_peer_that_goes_silent_while_the_stream_opens_times_out(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        world.wire.set_link("H2", None, inbound=True, outbound=False)
        world.do("H1", Connect("s", TWO, 647))
        world.wire.advance(20)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "timed out")]
        assert world.nodes["H2"].of("stream_accepted") == []
        world.wire.advance(20)
        assert world.nodes["H2"].of("stream_closed") == []

    def test_much_data_arrives_in_order(self, world: World) -> None:
        world.streams()
        data = bytes(range(256)) * 1000
        world.do("H1", Transmit("s", data), Close("s"))
        world.wire.advance(10)
        assert world.received("H2") == data

    @pytest.mark.parametrize(
        ("peer", "inbound", "outbound"), [(None, False, False), ("H1", False, False), (None, True, False)]
    )
    def test_what_is_sent_while_a_link_is_cut_arrives_after_mending(
        self, world: World, peer: str | None, inbound: bool, outbound: bool
    ) -> None:
        world.streams()
        world.wire.set_link("H2", peer, inbound, outbound)
        world.do("H1", Transmit("s", b"one"))
        world.do("H2", Transmit("accepted-1", b"two"))
        world.wire.advance(300)
        assert world.received("H1") == b""
        assert world.received("H2") == (b"one" if inbound else b"")
        world.wire.set_link("H2", peer, inbound=True, outbound=True)
        world.wire.advance(2.1)
        assert (world.received("H1"), world.received("H2")) == (b"two", b"one")
        assert [event.what for event in world.log.of(LinkChanged)] == [
            LinkChanged("H2", peer or "", inbound, outbound),
            LinkChanged("H2", peer or "", True, True),
        ]

    def test_a_stream_cut_for_long_is_given_up(self, world: World) -> None:
        world.streams()
        world.wire.set_link("H2", None, inbound=False, outbound=False)
        world.do("H1", Transmit("s", b"one"))
        world.wire.advance(1000)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "timed out")]

    def test_a_killed_peer_resets_the_stream(self, world: World) -> None:
        world.streams()
        world.wire.kill_service("H2")
        world.wire.advance(0.01)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "reset by the other side")]
        assert "stop" not in world.nodes["H2"].names()

    def test_a_peer_killed_behind_a_cut_link_is_noticed_when_something_is_sent_after_mending(
        self, world: World
    ) -> None:
        world.streams()
        world.wire.set_link("H2", None, inbound=False, outbound=False)
        world.wire.kill_service("H2")
        world.wire.advance(60)
        world.wire.set_link("H2", None, inbound=True, outbound=True)
        world.wire.advance(60)
        assert world.nodes["H1"].of("stream_closed") == []
        world.do("H1", Transmit("s", b"still there?"))
        world.wire.advance(3)
        assert [event[:2] for event in world.nodes["H1"].of("stream_closed")] == [("s", "reset by the other side")]

    def test_a_stopped_service_says_its_last_words_and_closes(self, world: World) -> None:
        world.streams()
        world.nodes["H1"].answers["stop"] = [Transmit("s", b"good-bye")]
        world.wire.stop_service("H1")
        world.wire.advance(0.01)
        assert world.received("H2") == b"good-bye"
        assert [because for _, because, _ in world.nodes["H2"].of("stream_closed")] == ["closed by the other side"]

    def test_a_service_started_again_can_be_connected_to_again(self, world: World) -> None:
        world.streams()
        world.wire.kill_service("H1")
        world.wire.start_service("H1")
        world.streams()
        world.do("H1", Transmit("s", b"again"))
        world.wire.advance(0.01)
        assert world.received("H2") == b"again"


def test_tshark_reads_the_capture_of_a_stream_as_failover_messages(world: World, tmp_path: Path) -> None:
    messages = [FailoverMessage(MessageType.CONTACT, xid, int(LAB_START)) for xid in range(3)]
    world.streams()
    for message in messages[:2]:
        world.do("H1", Transmit("s", message.encode()))
    world.wire.set_link("H2", None, inbound=False, outbound=True)
    world.do("H1", Transmit("s", messages[2].encode()))
    world.wire.advance(0.5)
    world.wire.set_link("H2", None, inbound=True, outbound=True)
    world.wire.advance(5)
    world.do("H1", Close("s"))
    world.wire.advance(1)
    capture = tmp_path / "failover.pcap"
    records = [pcap_record(event.time, event.what.frame) for event in world.log.of(FrameSeen)]
    capture.write_bytes(pcap_header() + b"".join(records))

    fields = ["tcp.flags.str", "tcp.checksum.status", "ip.checksum.status"]
    command = [require("tshark", "tshark"), "-r", str(capture), "-Y", "tcp", "-T", "fields", "-E", "separator=,"]
    command += ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    for name in fields:
        command += ["-e", name]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [line.split(",") for line in output.splitlines()]
    assert {(tcp, ip) for _, tcp, ip in rows} == {("1", "1")}
    flags = ["".join(flag for flag in row[0] if flag.isalpha()) for row in rows]
    assert flags[:3] == ["S", "AS", "A"]
    assert flags[-3:] == ["AF", "AF", "A"]
    found = dissect(capture)
    assert {(each.type_name, each.xid, each.malformed) for each in found} == {
        ("Contact (11)", xid, False) for xid in range(3)
    }
