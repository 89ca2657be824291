from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.dhcp import DhcpMessage
from dhcpkit.protocol.packing import KEPT
from tests.protocol.samples import CLIENT_MAC, MESSAGES, offer

PIECE = 200


def with_options(options: dict[int, bytes], **fields: bytes) -> DhcpMessage:
    return replace(offer(), options=offer().options | options, **fields)


def test_a_value_of_more_than_255_bytes_is_split() -> None:
    # RFC 3396 section 5: pieces of 255 bytes, the rest in the last.
    search = bytes(range(256)) * 2
    data = with_options({119: search}).encode(1472)
    start = data.index(b"\x77\xff")
    assert data[start : start + 2 + 255 + 2 + 255 + 2 + 2] == (
        b"\x77\xff" + search[:255] + b"\x77\xff" + search[255:510] + b"\x77\x02" + search[510:]
    )
    assert DhcpMessage.decode(data).options[119] == search


def test_options_spill_into_file_and_sname() -> None:
    message = with_options({100: b"a" * PIECE, 101: b"b" * 120, 102: b"c" * 60})
    data = message.encode()
    assert len(data) <= 548
    assert data[108:230] == b"\x65\x78" + b"b" * 120
    assert data[44:106] == b"\x66\x3c" + b"c" * 60
    assert b"\x34\x01\x03\xff" in data[240:]
    assert DhcpMessage.decode(data).options == message.options


def test_a_name_in_its_place_stays_there() -> None:
    message = with_options({100: b"a" * PIECE, 101: b"b" * 120, 102: b"c" * 60}, file=b"boot.efi")
    decoded = DhcpMessage.decode(message.encode())
    assert decoded.file == b"boot.efi"
    assert decoded.options == {code: value for code, value in message.options.items() if code != 101}


def test_the_last_of_what_can_be_missed_is_left_out_first() -> None:
    message = with_options({100: b"a" * PIECE, 101: b"b" * PIECE, 102: b"c"}, sname=b"s", file=b"f")
    decoded = DhcpMessage.decode(message.encode())
    assert 101 not in decoded.options
    assert decoded.options == {code: value for code, value in message.options.items() if code != 101}


def test_relay_information_outlives_other_options_and_stays_last_in_the_options_field() -> None:
    # RFC 3046 section 2.2: other options make room for it, and it is never put into sname or file.
    relay = b"\x01\xfd" + b"r" * 253
    message = with_options({82: relay, 100: b"a" * 250})
    data = message.encode()
    end = data.rindex(b"\xff")
    assert data[end - 257 : end] == b"\x52\xff" + relay
    decoded = DhcpMessage.decode(data)
    assert decoded.relay_info == relay
    assert 100 not in decoded.options
    assert {1, 51, 53, 54, 58, 59} <= set(decoded.options)


def test_without_room_for_all_of_it_relay_information_is_left_out_whole() -> None:
    relay, client_id = b"\x01\xfd" + b"r" * 253, b"\xff" * 255
    decoded = DhcpMessage.decode(with_options({82: relay, 61: client_id}, sname=b"s", file=b"f").encode())
    assert decoded.relay_info == b""
    assert decoded.client_id == client_id


@given(MESSAGES, st.integers(300, 900))
def test_a_message_fits_and_keeps_what_makes_it_one(message: DhcpMessage, size: int) -> None:
    data = message.encode(size)
    assert len(data) <= size
    decoded = DhcpMessage.decode(data)
    assert decoded.options.items() <= message.options.items()
    assert (set(KEPT) - {61}) & message.options.keys() <= decoded.options.keys()
    assert (decoded.sname, decoded.file) == (message.sname, message.file)
    left_out = [code for code in message.options if code not in decoded.options]
    assert not left_out or len(message.encode(65507)) > size


def test_what_cannot_fit_is_said() -> None:
    message = DhcpMessage(2, 1, CLIENT_MAC, options={53: b"\x02", 54: bytes(400)})
    with pytest.raises(ValueError, match="option 54 with 400 bytes"):
        message.encode(548)
