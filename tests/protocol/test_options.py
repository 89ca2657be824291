from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.options import (
    OptionCode,
    read_addresses,
    read_text,
    read_u16,
    read_u32,
    write_addresses,
    write_text,
    write_u16,
    write_u32,
)


def test_option_codes_are_those_of_the_registry() -> None:
    from scapy.layers.dhcp import DHCPOptions

    names = {
        "subnet_mask": OptionCode.SUBNET_MASK,
        "router": OptionCode.ROUTER,
        "name_server": OptionCode.DOMAIN_NAME_SERVER,
        "hostname": OptionCode.HOST_NAME,
        "domain": OptionCode.DOMAIN_NAME,
        "interface-mtu": OptionCode.INTERFACE_MTU,
        "broadcast_address": OptionCode.BROADCAST_ADDRESS,
        "NTP_server": OptionCode.NTP_SERVERS,
        "vendor_specific": OptionCode.VENDOR_SPECIFIC,
        "NetBIOS_server": OptionCode.NETBIOS_NAME_SERVERS,
        "requested_addr": OptionCode.REQUESTED_ADDRESS,
        "lease_time": OptionCode.LEASE_TIME,
        "dhcp-option-overload": OptionCode.OVERLOAD,
        "message-type": OptionCode.MESSAGE_TYPE,
        "server_id": OptionCode.SERVER_IDENTIFIER,
        "param_req_list": OptionCode.PARAMETER_REQUEST_LIST,
        "error_message": OptionCode.MESSAGE,
        "max_dhcp_size": OptionCode.MAX_MESSAGE_SIZE,
        "renewal_time": OptionCode.RENEWAL_TIME,
        "rebinding_time": OptionCode.REBINDING_TIME,
        "vendor_class_id": OptionCode.VENDOR_CLASS,
        "client_id": OptionCode.CLIENT_IDENTIFIER,
        "relay_agent_information": OptionCode.RELAY_AGENT_INFORMATION,
    }
    scapys = {option if isinstance(option, str) else option.name: code for code, option in DHCPOptions.items()}
    known = {name: scapys.get(name) for name in names}
    assert known == {name: int(code) for name, code in names.items()}


def test_numbers_as_the_rfc_writes_them() -> None:
    assert write_u32(691200) == b"\x00\x0a\x8c\x00"
    assert write_u16(576) == b"\x02\x40"
    assert write_addresses([0x0A000001, 0xC0A80001]) == b"\x0a\x00\x00\x01\xc0\xa8\x00\x01"


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF), st.lists(st.integers(0, 0xFFFFFFFF), min_size=1))
def test_numbers_are_read_as_written(u32: int, u16: int, addresses: list[int]) -> None:
    assert read_u32(write_u32(u32)) == u32
    assert read_u16(write_u16(u16)) == u16
    assert read_addresses(write_addresses(addresses)) == tuple(addresses)


@pytest.mark.parametrize("call", [
    lambda: write_u32(-1),
    lambda: write_u32(1 << 32),
    lambda: write_u16(1 << 16),
    lambda: write_addresses([]),
    lambda: write_addresses([1 << 32]),
    lambda: read_u32(b"\x01\x02\x03"),
    lambda: read_u16(b"\x01"),
    lambda: read_addresses(b""),
    lambda: read_addresses(b"\x0a\x00\x00\x01\x0a"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"bytes|one"):
        call()


def test_text_is_fit_to_be_shown_and_stored() -> None:
    assert read_text(b"client1\0\0") == "client1"
    assert read_text(write_text("Bürorechner")) == "Bürorechner"
    assert read_text(b"\x1b[2Jevil\n") == "\ufffd[2Jevil\ufffd"
    assert read_text(b"\xff\xfe") == "\ufffd\ufffd"


@given(st.binary(max_size=255))
def test_any_bytes_are_printable_text(value: bytes) -> None:
    text = read_text(value)
    assert text.isprintable()
    assert read_text(write_text(text)) == text
