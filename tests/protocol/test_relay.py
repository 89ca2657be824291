from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.dhcp import DhcpMessage
from dhcpkit.protocol.relay import (
    RelaySubOption,
    link_selection,
    read_relay_information,
    write_relay_information,
)
from tests.protocol.samples import CLIENT_MAC


def test_a_relays_words_are_read() -> None:
    value = b"\x01\x04eth0\x02\x06\x00\x15\x5d\x00\x00\x03\x05\x04\x0a\x01\x00\x00"
    assert read_relay_information(value) == {
        RelaySubOption.CIRCUIT_ID: b"eth0",
        RelaySubOption.REMOTE_ID: CLIENT_MAC,
        RelaySubOption.LINK_SELECTION: b"\x0a\x01\x00\x00",
    }
    assert link_selection(value) == 0x0A010000


def test_a_message_tells_its_network() -> None:
    relay = write_relay_information({RelaySubOption.LINK_SELECTION: b"\x0a\x01\x00\x00"})
    message = DhcpMessage(1, 1, CLIENT_MAC, giaddr=0x0A000032, options={53: b"\x01", 82: relay})
    assert DhcpMessage.decode(message.encode()).link_selection == 0x0A010000
    assert link_selection(b"") == 0
    assert link_selection(b"\x01\x01a") == 0


@given(st.dictionaries(st.integers(0, 255).filter(lambda code: code != 5), st.binary(max_size=30), max_size=7))
def test_sub_options_are_read_as_written(sub_options: dict[int, bytes]) -> None:
    assert read_relay_information(write_relay_information(sub_options)) == sub_options


@pytest.mark.parametrize(("value", "what"), [
    (b"\x01", "overruns"),
    (b"\x01\x05abcd", "overruns"),
    (b"\x01\x01a\x01\x01b", "twice"),
    (b"\x05\x03\x0a\x01\x00", "link selection"),
])  # fmt: skip
def test_malformed_information_is_refused(value: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        read_relay_information(value)


@pytest.mark.parametrize("sub_options", [{256: b""}, {1: bytes(256)}, {1: bytes(200), 2: bytes(60)}])
def test_what_does_not_fit_is_refused(sub_options: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="255"):
        write_relay_information(sub_options)
