from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.dhcp import DhcpMessage, Malformed, MessageType
from tests.protocol.samples import CLIENT_MAC, MESSAGES, captured_payloads, damaged, discover, offer

REASONS = {
    "",
    "too-short",
    "bad-op",
    "bad-hlen",
    "bad-cookie",
    "option-overrun",
    "option-length",
    "bad-overload",
    "bad-relay-info",
    "no-identity",
}


def raw(options: bytes, *, header: bytes = b"\x01\x01\x06\x00", names: bytes = bytes(192)) -> bytes:
    return header + bytes(24) + CLIENT_MAC.ljust(16, b"\0") + names + b"\x63\x82\x53\x63" + options


def use(message: DhcpMessage) -> None:
    for name in dir(DhcpMessage):
        if isinstance(getattr(DhcpMessage, name), property):
            getattr(message, name)
    assert "\n" not in message.summary()
    assert 300 <= len(message.encode()) <= 548


def use_if_it_decodes(data: bytes) -> str:
    """Return why the data was refused, empty when it is a message; that one is then used in every way."""
    try:
        message = DhcpMessage.decode(data)
    except Malformed as error:
        return error.reason
    use(message)
    return ""


def test_every_captured_message_is_written_as_it_was_read() -> None:
    for payload in captured_payloads():
        message = DhcpMessage.decode(payload)
        assert message.message_type is not None
        # perfdhcp does not pad its messages to 300 bytes; all else is the same to the byte.
        assert message.encode() == payload.ljust(300, b"\0")


@given(MESSAGES)
def test_what_was_written_is_read_back(message: DhcpMessage) -> None:
    data = message.encode(max_size=65507)
    assert DhcpMessage.decode(data) == message
    assert len(data) >= 300


@given(st.binary(max_size=700))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    assert use_if_it_decodes(data) in REASONS


@given(st.binary(max_size=200), st.binary(min_size=192, max_size=192))
def test_any_options_are_read_or_malformed(options: bytes, names: bytes) -> None:
    reason = use_if_it_decodes(raw(b"\x34\x01\x03" + options, names=names))
    assert reason in {"", "option-overrun", "option-length", "bad-overload", "bad-relay-info"}


@given(damaged(st.sampled_from([discover().encode(), offer().encode(), *captured_payloads()[:40]])))
def test_a_damaged_message_is_a_message_or_malformed(data: bytes) -> None:
    assert use_if_it_decodes(data) in REASONS


def test_properties_of_a_request() -> None:
    message = DhcpMessage.decode(discover().encode())
    assert message.message_type is MessageType.DISCOVER
    assert message.name == "DHCPDISCOVER"
    assert message.client_id == b"\x01" + CLIENT_MAC
    assert message.hardware == b"\x01" + CLIENT_MAC
    assert message.requested_address == 0x0A00000B
    assert message.server_identifier == 0
    assert message.lease_time is None
    assert message.renewal_time is None
    assert message.rebinding_time is None
    assert message.hostname == "Client1"
    assert message.parameter_request_list[:3] == b"\x01\x03\x06"
    assert message.relay_info == b""
    assert message.link_selection == 0
    assert message.broadcast
    assert message.summary() == "DHCPDISCOVER 10.0.0.11 from 00:15:5d:00:00:03 (Client1)"


def test_properties_of_a_reply() -> None:
    message = DhcpMessage.decode(offer().encode())
    assert message.message_type is MessageType.OFFER
    assert message.server_identifier == 0x0A000002
    assert (message.lease_time, message.renewal_time, message.rebinding_time) == (60, 30, 52)
    assert not message.broadcast
    assert message.summary() == "DHCPOFFER 10.0.0.11 from 10.0.0.2, 60 s"


def test_summaries() -> None:
    nak = DhcpMessage(2, 1, CLIENT_MAC, options={53: b"\x06", 54: b"\x0a\0\0\x01", 56: b"wrong\x1bnetwork"})
    assert nak.summary() == "DHCPNAK from 10.0.0.1: wrong\ufffdnetwork"
    for_ever = replace(offer(), options={53: b"\x05", 51: b"\xff" * 4})
    assert for_ever.summary() == "DHCPACK 10.0.0.11, for ever"
    release = DhcpMessage(1, 1, CLIENT_MAC, ciaddr=0x0A00000B, options={53: b"\x07", 54: b"\x0a\0\0\x02"})
    assert release.summary() == "DHCPRELEASE 10.0.0.11 from 00:15:5d:00:00:03 to 10.0.0.2"


@pytest.mark.parametrize(("options", "op", "name"), [
    ({}, 1, "BOOTREQUEST"),
    ({}, 2, "BOOTREPLY"),
    ({53: b"\x09"}, 2, "DHCP message type 9"),
])  # fmt: skip
def test_messages_of_other_kinds_have_a_name_and_no_type(options: dict[int, bytes], op: int, name: str) -> None:
    message = DhcpMessage.decode(DhcpMessage(op, 1, CLIENT_MAC, options=options).encode())
    assert message.message_type is None
    assert message.name == name


@pytest.mark.parametrize(("option", "size"), [
    (None, 548), (b"\x02\x40", 548), (b"\x00\x00", 548), (b"\x04\x00", 996), (b"\xff\xff", 1472),
])  # fmt: skip
def test_room_for_a_reply(option: bytes | None, size: int) -> None:
    message = DhcpMessage(1, 1, CLIENT_MAC, options={} if option is None else {57: option})
    assert message.max_reply_size == size


@pytest.mark.parametrize(("data", "reason"), [
    (b"", "too-short"),
    (raw(b"")[:239], "too-short"),
    (raw(b"").replace(b"\x63\x82\x53\x63", b"\x63\x82\x53\x64"), "bad-cookie"),
    (raw(b"", header=b"\x00\x01\x06\x00"), "bad-op"),
    (raw(b"", header=b"\x03\x01\x06\x00"), "bad-op"),
    (raw(b"", header=b"\x01\x01\x05\x00"), "bad-hlen"),
    (raw(b"", header=b"\x01\x01\x00\x00"), "bad-hlen"),
    (raw(b"", header=b"\x01\x07\x11\x00"), "bad-hlen"),
    (raw(b"", header=b"\x01\x20\x00\x00"), "no-identity"),
    (raw(b"\x35"), "option-overrun"),
    (raw(b"\x35\x01"), "option-overrun"),
    (raw(b"\x0c\x05abcd"), "option-overrun"),
    (raw(b"\x35\x02\x01\x01\xff"), "option-length"),
    (raw(b"\x35\x01\x01\x35\x01\x01\xff"), "option-length"),
    (raw(b"\x35\x00\xff"), "option-length"),
    (raw(b"\x33\x03\x00\x00\x01\xff"), "option-length"),
    (raw(b"\x03\x05\x00\x00\x01\x01\x01\xff"), "option-length"),
    (raw(b"\x06\x00\xff"), "option-length"),
    (raw(b"\x3d\xff" + bytes(255) + b"\x3d\x01\x00\xff"), "option-length"),
    (raw(b"\x34\x01\x04\xff"), "bad-overload"),
    (raw(b"\x34\x01\x00\xff"), "bad-overload"),
    (raw(b"\x34\x01\x01\xff", names=bytes(64) + b"\x34\x01\x01\xff".ljust(128, b"\0")), "bad-overload"),
    (raw(b"\x34\x01\x01\xff", names=bytes(64) + b"\x0c\x7f".ljust(128, b"a")), "option-overrun"),
    (raw(b"\x52\x02\x01\x05\xff"), "bad-relay-info"),
    (raw(b"\x52\x03\x05\x01\x0a\xff"), "bad-relay-info"),
])  # fmt: skip
def test_what_is_refused_and_why(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        DhcpMessage.decode(data)
    assert caught.value.reason == reason


def test_what_is_tolerated() -> None:
    no_end = DhcpMessage.decode(raw(b"\x35\x01\x01"))
    padded = DhcpMessage.decode(raw(b"\x00\x00\x35\x01\x01\x00\x00\xff" + b"\x07" * 50))
    empty_value = DhcpMessage.decode(raw(b"\x35\x01\x01\x50\x00\xff"))
    assert no_end.message_type is padded.message_type is empty_value.message_type is MessageType.DISCOVER
    assert empty_value.options[80] == b""


def test_infiniband_client_is_known_by_its_identifier() -> None:
    # RFC 4390: no hardware address, but a client identifier.
    message = DhcpMessage.decode(raw(b"\x35\x01\x01\x3d\x03\xffab\xff", header=b"\x01\x20\x00\x00"))
    assert message.chaddr == b""
    assert message.client_id == b"\xffab"
    assert message.summary() == "DHCPDISCOVER from ff:61:62"


def test_split_options_are_joined_across_the_fields() -> None:
    # RFC 3396 section 5: options field, then file, then sname, whatever their order in the packet.
    sname = b"\x77\x01C\xff".ljust(64, b"\0")
    file = b"\x77\x01B\xff".ljust(128, b"\0")
    message = DhcpMessage.decode(raw(b"\x77\x01A\x34\x01\x03\x0f\x01x\x77\x01a\xff", names=sname + file))
    assert message.options == {119: b"AaBC", 15: b"x"}
    assert list(message.options) == [119, 15]
    assert message.sname == message.file == b""


def test_names_end_at_their_nul() -> None:
    names = b"boot.contoso.com\0junk".ljust(64, b"\0") + b"x" * 128
    message = DhcpMessage.decode(raw(b"\x35\x01\x02\xff", names=names))
    assert message.sname == b"boot.contoso.com"
    assert message.file == b"x" * 128


def test_type_goes_first_and_relay_information_last() -> None:
    message = DhcpMessage(
        2, 1, CLIENT_MAC, options={82: b"\x01\x01a", 1: b"\xff\xff\xff\0", 53: b"\x02", 6: b"\x0a\0\0\1"}
    )
    assert list(DhcpMessage.decode(message.encode()).options) == [53, 1, 6, 82]


@pytest.mark.parametrize(("changes", "size", "what"), [
    ({"chaddr": bytes(17)}, 548, "chaddr"),
    ({"sname": bytes(65)}, 548, "sname"),
    ({"file": bytes(129)}, 548, "file"),
    ({"secs": 65536}, 548, "field"),
    ({"yiaddr": -1}, 548, "field"),
    ({"options": {52: b"\x01"}}, 548, "encoder"),
    ({"options": {255: b""}}, 548, "encoder"),
    ({"options": {0: b""}}, 548, "encoder"),
    ({}, 299, "300"),
])  # fmt: skip
def test_what_cannot_be_written_is_said(changes: dict[str, object], size: int, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        replace(discover(), **changes).encode(size)
