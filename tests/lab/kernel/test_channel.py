from __future__ import annotations

import os
import socket
import threading

import pytest

from dhcpkit.lab.kernel.channel import Channel, ChannelClosed


@pytest.fixture
def ends() -> tuple[Channel, Channel]:
    one, two = socket.socketpair()
    return Channel(one), Channel(two)


def received(channel: Channel, count: int) -> list[object]:
    values: list[object] = []
    while len(values) < count:
        values += [value for value, _ in channel.receive()]
    return values


def test_values_arrive_in_order_and_receiving_never_waits(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    assert two.receive() == []
    for value in (1, "two", {"three": b"3"}):
        one.send(value)
    assert received(two, 3) == [1, "two", {"three": b"3"}]
    assert two.receive() == []


def test_a_large_value_arrives_whole(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    large = os.urandom(5 << 20)
    sender = threading.Thread(target=one.send, args=(large,))
    sender.start()
    assert received(two, 1) == [large]
    sender.join()


def test_descriptors_stay_with_their_values(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    pipes = [os.pipe() for _ in range(2)]
    one.send("none")
    one.send("first", [pipes[0][0]])
    one.send("both", [pipes[1][0], pipes[0][0]])
    os.write(pipes[0][1], b"A")
    os.write(pipes[1][1], b"B")
    got = []
    while len(got) < 3:
        got += two.receive()
    assert [(value, len(descriptors)) for value, descriptors in got] == [("none", 0), ("first", 1), ("both", 2)]
    assert os.read(got[2][1][0], 1) == b"B"
    assert os.read(got[1][1][0], 1) == b"A"
    assert not any(os.get_inheritable(descriptor) for _, descriptors in got for descriptor in descriptors)
    for descriptor in [*(d for pair in pipes for d in pair), *(d for _, descriptors in got for d in descriptors)]:
        os.close(descriptor)


def test_posting_never_waits_and_loses_nothing(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    values = [bytes([number]) * 300_000 for number in range(10)]
    for value in values:
        one.post(value)
    assert one.backlog > 3_000_000
    assert not one.flush()
    got: list[object] = []
    while len(got) < 10:
        got += [value for value, _ in two.receive()]
        one.flush()
    assert got == values
    assert one.backlog == 0
    assert one.flush()


def test_the_end_of_the_other_side(ends: tuple[Channel, Channel]) -> None:
    one, two = ends
    one.send("last words")
    one.send(bytes(150_000))
    one.close()
    assert [value for value, _ in two.receive_last()] == ["last words", bytes(150_000)]
    with pytest.raises(ChannelClosed):
        two.receive()
    with pytest.raises(ChannelClosed):
        two.send("anybody?")
    two.post("anybody?")
    with pytest.raises(ChannelClosed):
        two.flush()


def test_whoever_takes_nothing_is_not_waited_for_for_ever(ends: tuple[Channel, Channel]) -> None:
    one, _ = ends
    one._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, b"\0" * 8 + (50_000).to_bytes(8, "little"))
    with pytest.raises(ChannelClosed, match="takes nothing"):
        one.send(bytes(5 << 20))
