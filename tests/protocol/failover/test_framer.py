"""Messages cut out of a TCP stream, however the stream was cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.failover.message import FailoverMalformed, Framer
from tests.protocol.failover.captures import raw_messages


@pytest.fixture(scope="module")
def messages() -> list[bytes]:
    return raw_messages("05-recover-wait")[:30]


def test_one_byte_at_a_time(messages):
    framer = Framer()
    assert [m for byte in b"".join(messages) for m in framer.feed(bytes([byte]))] == messages


def test_split_at_every_byte(messages):
    stream = b"".join(messages)
    for cut in range(len(stream) + 1):
        framer = Framer()
        assert framer.feed(stream[:cut]) + framer.feed(stream[cut:]) == messages


def test_many_in_one_chunk(messages):
    assert Framer().feed(b"".join(messages)) == messages


def test_message_is_given_as_soon_as_it_is_whole(messages):
    framer = Framer()
    first, second = messages[:2]
    assert framer.feed(first[:-1]) == []
    assert framer.feed(first[-1:] + second[:1]) == [first]
    assert framer.feed(b"") == []
    assert framer.feed(second[1:]) == [second]


@pytest.mark.parametrize("length", [0, 1, 11, 2049, 65535])
def test_length_outside_the_protocols_is_refused_at_once_and_for_good(messages, length):
    framer = Framer()
    framer.feed(messages[0])
    assert framer.feed(length.to_bytes(2, "big")[:1]) == []
    with pytest.raises(FailoverMalformed) as caught:
        framer.feed(length.to_bytes(2, "big")[1:])
    assert caught.value.reason == "bad-length"
    assert caught.value.detail == f"a message claims {length} bytes; it takes 12 to 2048"
    with pytest.raises(FailoverMalformed):
        framer.feed(messages[0])


def test_shortest_and_longest_pass():
    shortest, longest = b"\x00\x0c" + bytes(10), b"\x08\x00" + bytes(2046)
    assert Framer().feed(shortest + longest) == [shortest, longest]


@given(st.lists(st.integers(1, 40), max_size=60), st.data())
def test_any_cutting_gives_the_same_messages(cuts, data):
    bodies = data.draw(st.lists(st.binary(min_size=10, max_size=80), max_size=8))
    whole = [(len(body) + 2).to_bytes(2, "big") + body for body in bodies]
    stream, framer, got = b"".join(whole), Framer(), []
    for cut in cuts:
        got += framer.feed(stream[:cut])
        stream = stream[cut:]
    assert got + framer.feed(stream) == whole
