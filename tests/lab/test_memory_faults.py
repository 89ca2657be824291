from __future__ import annotations

import pytest

from dhcpkit.engine.actions import (
    Close,
    Commit,
    Send,
    Transmit,
)
from dhcpkit.lab.clock import LAB_START
from dhcpkit.lab.events import (
    CommitFailed,
    FrameSeen,
)
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.memory.faults import LinkFaults
from dhcpkit.lab.store import StoreError
from dhcpkit.protocol.addresses import BROADCAST
from tests.lab.nodes import lease
from tests.lab.world import ONE, THREE, TWO, World, datagram


class TestFaults:
    def test_a_share_of_the_datagrams_is_lost(self, world: World) -> None:
        world.wire.faults.set_link(LinkFaults(loss=0.3), "h1", "h2")
        for _ in range(1000):
            world.do("H1", Send(datagram(ONE, BROADCAST)))
        world.wire.advance(1)
        assert 600 < len(world.nodes["H2"].of("datagram")) < 800
        assert len(world.nodes["H3"].of("datagram")) == 1000

    def test_datagrams_are_doubled_delayed_and_overtaken(self, world: World) -> None:
        world.wire.faults.set_link(LinkFaults(duplicate=0.2, reorder=0.2, delay=0.1))
        for number in range(200):
            world.do("H1", Send(datagram(ONE, BROADCAST, number.to_bytes(2, "big"))))
            world.wire.advance(0.001)
        world.wire.advance(1)
        numbers = [int.from_bytes(each.payload, "big") for each, _ in world.nodes["H2"].of("datagram")]
        assert 210 < len(numbers) < 280
        assert set(numbers) == set(range(200))
        assert numbers != sorted(numbers)
        first = world.nodes["H2"].of("datagram")[0]
        assert first[1] >= LAB_START + 0.1

    def test_a_stream_stands_what_a_bad_network_does(self, world: World) -> None:
        world.streams()
        world.wire.faults.set_link(LinkFaults(loss=0.2, duplicate=0.1, reorder=0.1, jitter=0.002))
        data = bytes(range(251)) * 400
        world.do("H1", Transmit("s", data))
        world.do("H2", Transmit("accepted-1", data[::-1]))
        assert world.wire.advance_until(
            lambda: len(world.received("H1")) == len(world.received("H2")) == len(data), limit=600
        )
        assert world.received("H2") == data
        assert world.received("H1") == data[::-1]
        world.do("H1", Close("s"))
        world.wire.advance(60)
        assert [because for _, because, _ in world.nodes["H2"].of("stream_closed")] == ["closed by the other side"]

    def test_a_failing_disk_lets_nothing_out(self, world: World) -> None:
        world.wire.faults.set_disk("h1", 1.0)
        with pytest.raises(StoreError, match="disk of H1"):
            world.do("H1", Commit((lease(5),)), Send(datagram(ONE, BROADCAST)))
        world.wire.advance(1)
        assert world.frames() == []
        assert len(world.log.of(CommitFailed, host="H1")) == 1
        world.wire.faults.set_disk("h1", 0.0)
        world.do("H1", Commit((lease(5),)), Send(datagram(ONE, BROADCAST)))
        world.wire.advance(1)
        assert len(world.frames()) == 1

    def test_faults_that_cannot_be_are_refused(self, world: World) -> None:
        with pytest.raises(ValueError, match="loss is a share"):
            LinkFaults(loss=30)
        with pytest.raises(ValueError, match="before it was sent"):
            LinkFaults(delay=-1)
        with pytest.raises(ValueError, match="sender and a receiver"):
            world.wire.faults.set_link(LinkFaults(), "H1")
        with pytest.raises(ValueError, match="0 to 1"):
            world.wire.faults.set_disk("H1", 2)


def story(seed: int) -> EventLog:
    world = World(seed=seed)
    world.streams()
    world.wire.faults.set_link(LinkFaults(loss=0.2, duplicate=0.1, jitter=0.01))
    for number in range(20):
        world.do("H1", Transmit("s", b"update %d" % number), Send(datagram(ONE, BROADCAST)))
        world.do("H3", Send(datagram(THREE, TWO)))
        world.wire.advance(0.05)
    world.wire.set_link("H2", "H1", inbound=False, outbound=True)
    world.wire.advance(5)
    world.wire.kill_service("H2")
    world.wire.set_link("H2", "H1", inbound=True, outbound=True)
    world.wire.start_service("H2")
    world.wire.advance(60)
    return world.log


def test_the_same_seed_gives_the_same_log_and_frames_to_the_byte() -> None:
    first, second, other = story(1), story(1), story(2)
    assert len(first.of(FrameSeen)) > 100
    assert list(first) == list(second)
    assert list(first) != list(other)
