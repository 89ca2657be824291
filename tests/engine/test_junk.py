"""Nothing that a packet holds can raise out of a server, or change what it knows without being answered."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpkit.engine.actions import Commit, Log
from dhcpkit.engine.events import MalformedDropped, RequestReceived
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import DhcpMessage

from .talk import SERVER, Outcome, Talk, ip, mac

ADDRESSES = st.sampled_from([0, SERVER, ip("10.0.0.11"), ip("10.0.0.12"), ip("10.0.0.255"), 0xFFFFFFFF]) | st.integers(
    0, 0xFFFFFFFF
)
FOUR = ADDRESSES.map(lambda address: address.to_bytes(4, "big"))
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        50: FOUR,
        51: FOUR,
        53: st.integers(0, 12).map(lambda kind: bytes([kind])),
        54: FOUR,
        57: st.binary(min_size=2, max_size=2),
        12: st.binary(max_size=255),
        55: st.binary(max_size=255),
        61: st.binary(max_size=255),
        82: st.binary(max_size=255),
        77: st.binary(max_size=300),
    },
)
MESSAGES = st.builds(
    DhcpMessage,
    op=st.sampled_from([1, 1, 1, 1, 2]),
    xid=st.integers(0, 0xFFFFFFFF),
    chaddr=st.sampled_from([mac(1), mac(2)]) | st.binary(min_size=6, max_size=6),
    htype=st.sampled_from([1, 1, 6, 32, 255]),
    hops=st.integers(0, 255),
    secs=st.integers(0, 65535),
    flags=st.integers(0, 65535),
    ciaddr=ADDRESSES,
    yiaddr=ADDRESSES,
    giaddr=st.just(0) | ADDRESSES,
    sname=st.binary(max_size=64),
    file=st.binary(max_size=128),
    options=OPTIONS,
)


def check(talk: Talk, payload: bytes, destination: int) -> None:
    """Feed a payload to a server with one lease and look at what it made of it."""
    before = {lease.address: (lease.status, lease.client, lease.expires, lease.contacted) for lease in talk.table}
    outcome = Outcome(talk.server.handle(Datagram(payload, 0, 68, destination, 67, mac(1)), talk.now))
    talk.check_order(outcome.actions)
    assert len(outcome.events(RequestReceived)) + len(outcome.events(MalformedDropped)) == 1
    assert len(outcome.of(Log)) >= 1
    if outcome.reply is not None:
        assert outcome.answer.split()[0] in ("DHCPOFFER", "DHCPACK", "DHCPNAK")
        assert len(outcome.datagram.payload) <= 1472
    if not outcome.of(Commit):
        after = {lease.address: (lease.status, lease.client, lease.expires, lease.contacted) for lease in talk.table}
        assert before == after


def served() -> Talk:
    talk = Talk()
    talk.lease(1)
    talk.discover(2)
    return talk


@given(payload=st.binary(max_size=700), destination=ADDRESSES)
@settings(max_examples=200, deadline=None)
def test_any_bytes(payload, destination):
    check(served(), payload, destination)


@given(options=st.binary(max_size=400), destination=ADDRESSES)
@settings(max_examples=200, deadline=None)
def test_any_bytes_as_options(options, destination):
    message = DhcpMessage(op=1, xid=1, chaddr=mac(1), options={53: b"\x01"}).encode()
    check(served(), message[:240] + options, destination)


@given(messages=st.lists(st.tuples(MESSAGES, ADDRESSES), min_size=1, max_size=8), cut=st.integers(0, 600))
@settings(max_examples=250, deadline=None)
def test_any_messages(messages, cut):
    talk = served()
    for message, destination in messages:
        check(talk, message.encode(1472), destination)
        talk.now += 40
        talk.check_order(talk.server.tick(talk.now))
    check(talk, messages[0][0].encode(1472)[:cut], SERVER)


def test_every_byte_of_a_request_may_be_broken():
    request = DhcpMessage(
        op=1,
        xid=1,
        chaddr=mac(1),
        options={
            53: b"\x03",
            50: b"\x0a\0\0\x0b",
            54: b"\x0a\0\0\x02",
            61: b"\1" + mac(1),
            55: b"\1\3\6",
            82: b"\1\1a",
        },
    ).encode()
    talk = served()
    for position in range(len(request)):
        for value in (0, 1, 127, 255):
            broken = request[:position] + bytes([value]) + request[position + 1 :]
            check(talk, broken, SERVER)
