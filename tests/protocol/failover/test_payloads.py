"""What each payload writes and reads, by the draft's tables; lengths are strict, unknown options are ignored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.protocol.failover.codes import BindingStatus, Option, RejectReason, ServerState
from dhcpkit.protocol.failover.message import FailoverMalformed
from dhcpkit.protocol.failover.payloads import (
    BOOTP_FLAG,
    DHCP_MAGIC,
    RESERVED_FLAG,
    BindingAcknowledgement,
    BindingUpdate,
    ConnectParameters,
    MissingOption,
    PoolResponse,
    Rejection,
    StateReport,
    buckets_to_hba,
    hba_to_buckets,
)

ADDRESS = 0x0A00000B
ON_THE_WIRE = bytes([10, 0, 0, 11])
UNKNOWN = [(30, b"\x00\x01\xa8\xc0"), (41, bytes(4)), (200, b"whatever")]


def update(status: BindingStatus, **fields) -> BindingUpdate:
    everything = {
        "client_id": b"\x01abcdef",
        "hardware": b"\x01ABCDEF",
        "expires": 1000,
        "potential": 1100,
        "started": 900,
        "contacted": 950,
        "flags": RESERVED_FLAG,
        "request_options": b"\x0c\x01x",
        "reply_options": b"\x3a\x04\x00\x00\x00\x3c",
    }
    return BindingUpdate(ADDRESS, status, **(everything | fields))


def codes(options: list[tuple[int, bytes]]) -> list[int]:
    return [code for code, _ in options]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (BindingStatus.ACTIVE, [2, 3, 4, 5, 13, 18, 25, 6, 12, 8, 7]),
        (BindingStatus.EXPIRED, [2, 3, 4, 5, 25, 6, 12]),
        (BindingStatus.RELEASED, [2, 3, 4, 5, 25, 6, 12, 8]),
        (BindingStatus.FREE, [2, 3, 4, 5, 25, 6, 12]),
        (BindingStatus.BACKUP, [2, 3, 4, 5, 25, 6, 12]),
        (BindingStatus.RESET, [2, 3, 4, 5, 25, 6, 12]),
        (BindingStatus.ABANDONED, [2, 3, 25, 6, 12]),
    ],
)
def test_options_by_status(status, expected):
    assert codes(update(status).to_options()) == expected


def test_what_is_not_known_is_not_sent():
    assert codes(BindingUpdate(ADDRESS, BindingStatus.FREE).to_options()) == [2, 3]
    assert codes(BindingUpdate(ADDRESS, BindingStatus.ACTIVE, hardware=b"\x01x").to_options()) == [2, 3, 5, 13, 18]


@pytest.mark.parametrize("status", BindingStatus)
def test_all_times_go_with_every_status_when_asked(status):
    options = dict(BindingUpdate(ADDRESS, status).to_options(all_times=True))
    assert options == {2: ON_THE_WIRE, 3: bytes([status]), 13: bytes(4), 18: bytes(4), 25: bytes(4)}


def test_active_binding_on_the_wire():
    assert update(BindingStatus.ACTIVE).to_options() == [
        (2, ON_THE_WIRE),
        (3, b"\x02"),
        (4, b"\x01abcdef"),
        (5, b"\x01ABCDEF"),
        (13, b"\x00\x00\x03\xe8"),
        (18, b"\x00\x00\x04\x4c"),
        (25, b"\x00\x00\x03\x84"),
        (6, b"\x00\x00\x03\xb6"),
        (12, b"\x00\x01"),
        (8, b"\x63\x82\x53\x63\x0c\x01x"),
        (7, b"\x63\x82\x53\x63\x3a\x04\x00\x00\x00\x3c"),
    ]


def test_what_a_status_forbids_is_read_all_the_same():
    everything = update(BindingStatus.ACTIVE).to_options()
    everything[1] = (3, bytes([BindingStatus.EXPIRED]))
    assert BindingUpdate.from_options(everything) == update(BindingStatus.EXPIRED)


def test_time_past_2106_is_sent_as_the_greatest():
    options = dict(update(BindingStatus.ACTIVE, expires=1 << 32, potential=(1 << 33) + 5).to_options())
    assert options[13] == options[18] == b"\xff\xff\xff\xff"


def test_dhcp_options_of_another_protocol_are_ignored():
    options = [*update(BindingStatus.ACTIVE).to_options()[:-2], (8, b"\x00\x00\x00\x00\x0c\x01x"), (7, DHCP_MAGIC)]
    read = BindingUpdate.from_options(options)
    assert (read.request_options, read.reply_options) == (b"", b"")


def test_unknown_options_are_ignored():
    for value in (
        update(BindingStatus.ACTIVE),
        StateReport(ServerState.NORMAL, False, 5),
        PoolResponse(3),
        Rejection(RejectReason.UNKNOWN, "why"),
        BindingAcknowledgement(ADDRESS),
        ConnectParameters("name", 10, 20, 60, bytes(32), "vendor"),
    ):
        assert type(value).from_options([*UNKNOWN, *value.to_options(), *UNKNOWN]) == value


@pytest.mark.parametrize(
    ("payload", "option", "value", "detail"),
    [
        (BindingUpdate, 2, bytes(5), "assigned-ip-address (2) is 5 bytes long; it takes exactly 4"),
        (BindingUpdate, 3, b"", "binding-status (3) is 0 bytes long; it takes exactly 1"),
        (BindingUpdate, 3, b"\x02\x00", "binding-status (3) is 2 bytes long; it takes exactly 1"),
        (BindingUpdate, 6, bytes(8), "client-last-transaction-time (6) is 8 bytes long; it takes exactly 4"),
        (BindingUpdate, 12, b"\x01", "ip-flags (12) is 1 bytes long; it takes exactly 2"),
        (BindingUpdate, 13, bytes(3), "lease-expiration-time (13) is 3 bytes long; it takes exactly 4"),
        (BindingUpdate, 18, bytes(3), "potential-expiration-time (18) is 3 bytes long; it takes exactly 4"),
        (BindingUpdate, 25, bytes(3), "start-time-of-state (25) is 3 bytes long; it takes exactly 4"),
        (BindingUpdate, 5, b"", "client-hardware-address (5) is 0 bytes long; it takes a type byte"),
        (BindingUpdate, 5, bytes(18), "client-hardware-address (5) is 18 bytes long; it takes a type byte"),
        (BindingUpdate, 7, bytes(3), "client-reply-options (7) is 3 bytes long; its magic cookie alone takes 4"),
        (BindingUpdate, 8, b"", "client-request-options (8) is 0 bytes long; its magic cookie alone takes 4"),
        (BindingAcknowledgement, 2, b"", "assigned-ip-address (2) is 0 bytes long; it takes exactly 4"),
        (BindingAcknowledgement, 21, b"", "reject-reason (21) is 0 bytes long; it takes exactly 1"),
        (Rejection, 21, bytes(2), "reject-reason (21) is 2 bytes long; it takes exactly 1"),
        (PoolResponse, 1, bytes(2), "addresses-transferred (1) is 2 bytes long; it takes exactly 4"),
        (StateReport, 24, bytes(2), "server-state (24) is 2 bytes long; it takes exactly 1"),
        (StateReport, 23, b"", "server-flags (23) is 0 bytes long; it takes exactly 1"),
        (StateReport, 25, bytes(5), "start-time-of-state (25) is 5 bytes long; it takes exactly 4"),
        (ConnectParameters, 11, bytes(31), "hash-bucket-assignment (11) is 31 bytes long; it takes exactly 32"),
        (ConnectParameters, 14, bytes(2), "max-unacked-bndupd (14) is 2 bytes long; it takes exactly 4"),
        (ConnectParameters, 15, bytes(2), "mclt (15) is 2 bytes long; it takes exactly 4"),
        (ConnectParameters, 19, bytes(2), "receive-timer (19) is 2 bytes long; it takes exactly 4"),
        (ConnectParameters, 20, bytes(4), "protocol-version (20) is 4 bytes long; it takes exactly 1"),
        (ConnectParameters, 26, b"", "tls-reply (26) is 0 bytes long; it takes exactly 1"),
        (ConnectParameters, 27, b"", "tls-request (27) is 0 bytes long; it takes exactly 1"),
    ],
)
def test_wrong_length_names_the_option_and_both_lengths(payload, option, value, detail):
    right = dict(update(BindingStatus.ACTIVE).to_options() + StateReport(ServerState.NORMAL, False, 5).to_options())
    with pytest.raises(FailoverMalformed) as caught:
        payload.from_options(right | {option: value})
    assert caught.value.reason == "option-length"
    assert caught.value.detail.startswith(detail)


@pytest.mark.parametrize(
    ("payload", "options", "missing"),
    [
        (BindingUpdate, [(3, b"\x02")], Option.ASSIGNED_IP_ADDRESS),
        (BindingUpdate, [(2, ON_THE_WIRE)], Option.BINDING_STATUS),
        (BindingAcknowledgement, [], Option.ASSIGNED_IP_ADDRESS),
        (PoolResponse, [], Option.ADDRESSES_TRANSFERRED),
        (StateReport, [(23, b"\x00"), (25, bytes(4))], Option.SERVER_STATE),
        (StateReport, [(24, b"\x02"), (25, bytes(4))], Option.SERVER_FLAGS),
        (StateReport, [(24, b"\x02"), (23, b"\x00")], Option.START_TIME_OF_STATE),
    ],
)
def test_missing_option_is_named(payload, options, missing):
    with pytest.raises(MissingOption) as caught:
        payload.from_options(options)
    assert (caught.value.reason, caught.value.option) == ("missing-option", missing)
    assert f"({int(missing)})" in caught.value.detail


@pytest.mark.parametrize("number", [0, 8, 9, 255])
def test_unknown_binding_status_is_malformed(number):
    with pytest.raises(FailoverMalformed, match=rf"binding-status \(3\) is {number}; it takes 1 to 7") as caught:
        BindingUpdate.from_options([(2, ON_THE_WIRE), (3, bytes([number]))])
    assert caught.value.reason == "bad-value"


@pytest.mark.parametrize("number", [0, 1, 12, 253, 255])
def test_state_that_is_never_sent_is_malformed(number):
    with pytest.raises(FailoverMalformed, match=rf"server-state \(24\) is {number}; it takes 2 to 11") as caught:
        StateReport.from_options([(24, bytes([number])), (23, b"\x00"), (25, bytes(4))])
    assert caught.value.reason == "bad-value"


@pytest.mark.parametrize("state", [state for state in ServerState if state is not ServerState.STARTUP])
@pytest.mark.parametrize("startup", [False, True])
def test_state_report(state, startup):
    report = StateReport(state, startup, 0x6553F100)
    assert report.to_options() == [(24, bytes([state])), (23, bytes([startup])), (25, b"\x65\x53\xf1\x00")]
    assert StateReport.from_options(report.to_options()) == report


def test_other_server_flags_are_ignored():
    assert StateReport.from_options([(24, b"\x02"), (23, b"\xfe"), (25, bytes(4))]).startup is False
    assert StateReport.from_options([(24, b"\x02"), (23, b"\xff"), (25, bytes(4))]).startup is True


def test_startup_is_never_sent_as_a_state():
    with pytest.raises(ValueError, match="STARTUP is no state to send"):
        StateReport(ServerState.STARTUP, True, 5).to_options()


def test_connect_and_connectack():
    connect = ConnectParameters("Contoso", 100, 180, 60, bytes(32), "dhcpkit", tls=0)
    assert codes(connect.to_options()) == [22, 14, 19, 28, 20, 27, 15, 11]
    answer = ConnectParameters("Contoso", 100, 180, None, None, "dhcpkit", tls=0)
    assert codes(answer.to_options()) == [22, 14, 19, 28, 20, 26]
    for parameters in (connect, answer):
        assert ConnectParameters.from_options(parameters.to_options()) == parameters


def test_connect_without_anything_is_read_as_nothing():
    assert ConnectParameters.from_options([]) == ConnectParameters("", 0, 0, None, None, "", 0, None)


def test_relationship_name_may_be_any_text_and_any_bytes_can_be_printed():
    name = "Büro-Süd ☎"
    options = ConnectParameters(name, 1, 1, None, None, "v").to_options()
    assert dict(options)[22] == name.encode()
    assert ConnectParameters.from_options(options).relationship_name == name
    assert ConnectParameters.from_options([(22, b"a\xff\x00")]).relationship_name == "a\\xff\x00"


def test_refusal():
    refusal = Rejection(RejectReason.TIME_MISMATCH, "90 s apart")
    assert refusal.to_options() == [(21, b"\x04"), (16, b"90 s apart")]
    assert Rejection(RejectReason.TIME_MISMATCH).to_options() == [(21, b"\x04")]
    assert Rejection.from_options([(16, b"a text alone refuses nothing")]) is None
    assert Rejection.from_options([(21, b"\x63")]) == Rejection(RejectReason.UNKNOWN)


def test_acknowledgement():
    accepted = BindingAcknowledgement(ADDRESS)
    refused = BindingAcknowledgement(ADDRESS, Rejection(RejectReason.FATAL_CONFLICT, "no"))
    assert accepted.to_options() == [(2, ON_THE_WIRE)]
    assert refused.to_options() == [(2, ON_THE_WIRE), (21, b"\x02"), (16, b"no")]
    for acknowledgement in (accepted, refused):
        assert BindingAcknowledgement.from_options(dict(acknowledgement.to_options())) == acknowledgement


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (
            ConnectParameters("n", 1 << 32, 1, None, None, "v"),
            r"max-unacked-bndupd \(14\) is 4294967296; it takes 0 to",
        ),
        (ConnectParameters("n", 1, -1, None, None, "v"), r"receive-timer \(19\) is -1; it takes 0 to 4294967295"),
        (ConnectParameters("n", 1, 1, 1 << 32, None, "v"), r"mclt \(15\) is 4294967296"),
        (
            ConnectParameters("n", 1, 1, None, None, "v", version=256),
            r"protocol-version \(20\) is 256; it takes 0 to 255",
        ),
        (ConnectParameters("n", 1, 1, 60, bytes(31), "v"), "a hash bucket assignment is 32 bytes long, not 31"),
        (BindingUpdate(1 << 32, BindingStatus.FREE), r"assigned-ip-address \(2\) is 4294967296"),
        (BindingUpdate(1, BindingStatus.FREE, flags=1 << 16), r"ip-flags \(12\) is 65536; it takes 0 to 65535"),
        (BindingUpdate(1, BindingStatus.ACTIVE, expires=-1), r"lease-expiration-time \(13\) is -1"),
        (PoolResponse(-1), r"addresses-transferred \(1\) is -1"),
    ],
)
def test_number_that_does_not_fit_is_not_written(value, error):
    with pytest.raises(ValueError, match=error):
        value.to_options()


def test_bucket_is_a_bit_of_its_byte_from_the_least():
    assert buckets_to_hba([0, 9, 255]) == b"\x01\x02" + bytes(29) + b"\x80"
    assert buckets_to_hba(range(128)) == b"\xff" * 16 + bytes(16)
    assert buckets_to_hba([]) == bytes(32)
    assert hba_to_buckets(bytes(31) + b"\x81") == {248, 255}


@given(st.frozensets(st.integers(0, 255)))
def test_buckets_come_back(buckets):
    assert hba_to_buckets(buckets_to_hba(buckets)) == buckets


@pytest.mark.parametrize("bucket", [-1, 256])
def test_bucket_outside_the_hash_is_refused(bucket):
    with pytest.raises(ValueError, match="is no hash bucket; there are 256, from 0"):
        buckets_to_hba([bucket])


@pytest.mark.parametrize("size", [0, 31, 33])
def test_bucket_assignment_of_another_length_is_refused(size):
    with pytest.raises(ValueError, match=f"32 bytes long, not {size}"):
        hba_to_buckets(bytes(size))


u32 = st.integers(0, 0xFFFFFFFF)


@given(
    st.builds(
        BindingUpdate,
        u32,
        st.just(BindingStatus.ACTIVE),
        st.binary(max_size=255),
        st.binary(min_size=1, max_size=17),
        u32,
        u32,
        u32,
        u32,
        st.sampled_from([0, RESERVED_FLAG, BOOTP_FLAG, 0xFFFF]),
        st.binary(max_size=200),
        st.binary(max_size=200),
    )
)
def test_active_binding_comes_back_whole(binding):
    assert BindingUpdate.from_options(binding.to_options()) == binding
