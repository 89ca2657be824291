"""Whatever bytes arrive, they are a message or malformed: nothing else is raised, nothing hangs."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.failover.codes import MessageType, Option, RejectReason
from dhcpkit.protocol.failover.digest import verify
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage, Framer
from dhcpkit.protocol.failover.payloads import (
    BindingAcknowledgement,
    BindingUpdate,
    ConnectParameters,
    PoolResponse,
    Rejection,
    StateReport,
)
from tests.protocol.failover.captures import MESSAGES, raw_messages

PAYLOADS = [BindingAcknowledgement, BindingUpdate, ConnectParameters, PoolResponse, Rejection, StateReport]
SEEDS = [raw for name in MESSAGES for raw in raw_messages(name)[:25]]


def read(data: bytes) -> None:
    """Do with a message all that a receiver does, and with its options all that they could be taken for."""
    try:
        message = FailoverMessage.decode(data)
        outcome = verify(data, b"secret")
    except FailoverMalformed:
        return
    assert outcome is None or isinstance(outcome, RejectReason)
    assert FailoverMessage.decode(message.encode()) == message
    candidates = [message.options]
    with contextlib.suppress(FailoverMalformed):
        candidates += message.transactions()
    for options in candidates:
        for payload in PAYLOADS:
            try:
                value = payload.from_options(options)
            except FailoverMalformed:
                continue
            if value is not None:
                str(value).encode()  # what a partner sends can be written to a log


@given(st.binary(max_size=2100))
def test_any_bytes_as_a_message(data):
    read(data)


@given(
    kind=st.integers(0, 255) | st.sampled_from(list(MessageType)),
    offset=st.sampled_from([8, 12, 16]) | st.integers(0, 255),
    payload=st.binary(max_size=200),
)
def test_any_payload_behind_a_header(kind, offset, payload):
    read((12 + len(payload)).to_bytes(2, "big") + bytes([kind, offset]) + bytes(8) + payload)


@given(
    kind=st.sampled_from(list(MessageType)),
    options=st.lists(
        st.tuples(st.sampled_from(list(Option)) | st.integers(0, 65535), st.binary(max_size=40)), max_size=15
    ),
)
def test_any_options(kind, options):
    read(FailoverMessage(kind, options=options).encode())


@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_damaged_messages(seed, data):
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(damaged))
    read(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_any_bytes_as_a_stream(chunks):
    framer = Framer()
    stream = b"".join(chunks)
    got = b""
    try:
        for chunk in chunks:
            for message in framer.feed(chunk):
                assert 12 <= len(message) == int.from_bytes(message[:2], "big") <= 2048
                got += message
    except FailoverMalformed:
        with pytest.raises(FailoverMalformed):
            framer.feed(b"")
    assert stream.startswith(got)
