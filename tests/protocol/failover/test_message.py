"""Headers, options, lengths: what is read, what is refused and by which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.failover.codes import MessageType, Option
from dhcpkit.protocol.failover.message import MAX_MESSAGE_SIZE, FailoverMalformed, FailoverMessage

ADDRESS = bytes([10, 0, 0, 11])
OTHER = bytes([10, 0, 0, 12])


def raw(payload: bytes = b"", *, kind: int = MessageType.CONTACT, offset: int = 12, length: int | None = None) -> bytes:
    length = 12 + len(payload) if length is None else length
    return length.to_bytes(2, "big") + bytes([kind, offset]) + bytes(4) + (5).to_bytes(4, "big") + payload


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(FailoverMalformed) as caught:
        FailoverMessage.decode(data)
    assert caught.value.detail == str(caught.value)
    return caught.value.reason, caught.value.detail


def test_header():
    message = FailoverMessage(MessageType.STATE, xid=0x01020304, time=0x6553F100, options=[(24, b"\x02")])
    assert message.encode().hex() == "00110a0c6553f10001020304" + "0018000102"
    assert FailoverMessage.decode(message.encode()) == message


def test_name():
    assert FailoverMessage(MessageType.UPDREQ).name == "UPDREQ"
    assert FailoverMessage.decode(raw(kind=7)).type is MessageType.UPDREQALL
    assert FailoverMessage(200).name == "TYPE-200"


def test_get_gives_the_first_value():
    message = FailoverMessage(MessageType.BNDUPD, options=[(2, ADDRESS), (2, OTHER)])
    assert message.get(Option.ASSIGNED_IP_ADDRESS) == ADDRESS
    assert message.get(Option.BINDING_STATUS) is None


def test_unknown_options_are_kept():
    payload = bytes.fromhex("00c8 0003 010203 001e 0000")
    message = FailoverMessage.decode(raw(payload))
    assert message.options == [(200, b"\x01\x02\x03"), (30, b"")]
    assert message.encode() == raw(payload)


def test_unknown_type_of_128_and_more_is_kept_and_below_refused():
    assert FailoverMessage.decode(raw(kind=128)).name == "TYPE-128"
    for kind in (0, 13, 127):
        assert refused(raw(kind=kind))[0] == "unknown-type"


def test_payload_offset_of_8_counts_as_12():
    payload = bytes.fromhex("0018 0001 02")
    assert FailoverMessage.decode(raw(payload, offset=8)).options == [(24, b"\x02")]


def test_greater_payload_offset_skips_what_a_later_version_may_add():
    assert FailoverMessage.decode(raw(b"????" + bytes.fromhex("0018 0001 02"), offset=16)).options == [(24, b"\x02")]
    assert FailoverMessage.decode(raw(b"????", offset=16)).options == []


@pytest.mark.parametrize("offset", [0, 4, 7, 9, 11, 13, 255])
def test_payload_offset_elsewhere_is_refused(offset):
    assert refused(raw(offset=offset))[0] == "bad-payload-offset"


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"", "a message of 0 bytes; its header alone takes 12"),
        (raw()[:11], "a message of 11 bytes; its header alone takes 12"),
        (raw(length=11), "a message claims 11 bytes; it takes 12 to 2048"),
        (raw(bytes(2037), length=2049), "a message claims 2049 bytes; it takes 12 to 2048"),
        (raw(length=13), "a message of 12 bytes claims to have 13"),
        (raw(b"\x00"), None),
    ],
)
def test_lengths_that_do_not_fit(data, detail):
    reason, said = refused(data)
    if detail is None:
        assert reason == "option-overrun"
    else:
        assert (reason, said) == ("bad-length", detail)


def test_option_past_the_end_is_named():
    assert refused(raw(bytes.fromhex("000d 0004 000000"), kind=3)) == (
        "option-overrun",
        "lease-expiration-time (13) claims 4 bytes; 3 are left in the message",
    )
    assert refused(raw(bytes.fromhex("00c8 0001")))[1].startswith("option (200) claims 1 bytes")


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_bytes_too_few_for_an_option_are_refused(cut):
    assert refused(raw(bytes(cut)))[0] == "option-overrun"


def test_repeated_option_is_refused_but_in_batches():
    twice = bytes.fromhex("0018 0001 02") * 2
    assert refused(raw(twice, kind=MessageType.STATE)) == (
        "repeated-option",
        "STATE holds server-state (24) twice; once is right",
    )
    batch = FailoverMessage(MessageType.BNDACK, options=[(2, ADDRESS), (2, OTHER)])
    assert FailoverMessage.decode(batch.encode()) == batch
    assert len(FailoverMessage.decode(raw(twice, kind=200)).options) == 2


def test_transactions_begin_at_each_address():
    message = FailoverMessage(
        MessageType.BNDUPD,
        options=[(17, b"\x02"), (99, b"x"), (2, ADDRESS), (3, b"\x02"), (99, b"y"), (2, OTHER), (3, b"\x01")],
    )
    assert message.transactions() == [{2: ADDRESS, 3: b"\x02", 99: b"y"}, {2: OTHER, 3: b"\x01"}]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "missing-option"),
        ([(17, b"\x02")], "missing-option"),
        ([(3, b"\x02"), (2, ADDRESS)], "misplaced-option"),
        ([(2, ADDRESS), (3, b"\x02"), (3, b"\x01")], "repeated-option"),
    ],
)
def test_transactions_that_cannot_be_told_apart(options, reason):
    with pytest.raises(FailoverMalformed) as caught:
        FailoverMessage(MessageType.BNDUPD, options=options).transactions()
    assert caught.value.reason == reason


def test_longest_message():
    room = MAX_MESSAGE_SIZE - 12 - 4
    longest = FailoverMessage(MessageType.DISCONNECT, options=[(16, b"x" * room)])
    assert FailoverMessage.decode(longest.encode()) == longest
    signed = FailoverMessage(MessageType.DISCONNECT, options=[(16, b"x" * (room - 37))]).encode(b"secret")
    assert len(signed) == MAX_MESSAGE_SIZE


@pytest.mark.parametrize(("size", "secret"), [(2033, b""), (2000, b"secret"), (70000, b"")])
def test_too_long_a_message_is_not_written(size, secret):
    with pytest.raises(ValueError, match=r"DISCONNECT would take \d+ bytes; a message holds at most 2048"):
        FailoverMessage(MessageType.DISCONNECT, options=[(16, b"x" * size)]).encode(secret)


@pytest.mark.parametrize(
    "message",
    [
        FailoverMessage(256),
        FailoverMessage(-1),
        FailoverMessage(MessageType.CONTACT, xid=1 << 32),
        FailoverMessage(MessageType.CONTACT, time=-1),
        FailoverMessage(MessageType.CONTACT, options=[(65536, b"")]),
    ],
)
def test_number_that_does_not_fit_is_not_written(message):
    with pytest.raises(ValueError, match="does not fit its field"):
        message.encode()


option_codes = st.integers(0, 65535)
option_lists = st.lists(st.tuples(option_codes, st.binary(max_size=60)), max_size=12)
u32 = st.integers(0, 0xFFFFFFFF)


@given(st.sampled_from([MessageType.BNDUPD, MessageType.BNDACK]), u32, u32, option_lists)
def test_what_is_written_is_read_again(kind, xid, time, options):
    message = FailoverMessage(kind, xid, time, options)
    assert FailoverMessage.decode(message.encode()) == message
