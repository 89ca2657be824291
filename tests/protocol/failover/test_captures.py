"""Every message that two ISC dhcpd servers sent is read, and written again as the very same bytes."""

from __future__ import annotations

from collections import Counter

import pytest

from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, Option, RejectReason, ServerState
from dhcpkit.protocol.failover.message import FailoverMessage, Framer
from dhcpkit.protocol.failover.payloads import (
    RESERVED_FLAG,
    BindingAcknowledgement,
    BindingUpdate,
    ConnectParameters,
    PoolResponse,
    Rejection,
    StateReport,
    hba_to_buckets,
)
from tests.protocol.failover.captures import MESSAGES, raw_messages, streams

ALL = sorted(MESSAGES)


def decoded(name: str, message_type: MessageType) -> list[FailoverMessage]:
    return [m for m in map(FailoverMessage.decode, raw_messages(name)) if m.type is message_type]


@pytest.mark.parametrize("name", ALL)
def test_every_message_comes_back_as_the_same_bytes(name):
    for raw in raw_messages(name):
        assert FailoverMessage.decode(raw).encode() == raw


@pytest.mark.parametrize("name", ALL)
def test_no_message_is_missed(name):
    assert Counter(FailoverMessage.decode(raw).name for raw in raw_messages(name)) == MESSAGES[name]


@pytest.mark.parametrize("name", ALL)
def test_framer_cuts_the_segments_into_the_same_messages(name):
    framed = []
    for stream in streams(name):
        framer = Framer()
        for segment in stream.segments:
            framed += framer.feed(segment)
    assert framed == raw_messages(name)


@pytest.mark.parametrize("name", ALL)
def test_binding_updates_say_the_same_again(name):
    for message in decoded(name, MessageType.BNDUPD):
        (binding,) = message.transactions()
        assert BindingUpdate.from_options(binding).to_options(all_times=True) == message.options


@pytest.mark.parametrize("name", ALL)
def test_acknowledgements_say_the_same_again(name):
    for message in decoded(name, MessageType.BNDACK):
        (binding,) = message.transactions()
        again = BindingAcknowledgement.from_options(binding).to_options()
        # dhcpd puts the text of a refusal behind its reason, as we do
        assert again == message.options


@pytest.mark.parametrize("name", [name for name in ALL if MESSAGES[name]["CONNECT"]])
@pytest.mark.parametrize("message_type", [MessageType.CONNECT, MessageType.CONNECTACK])
def test_connections_say_the_same_again(name, message_type):
    messages = decoded(name, message_type)
    assert messages
    for message in messages:
        assert ConnectParameters.from_options(message.options).to_options() == message.options


@pytest.mark.parametrize("name", [name for name in ALL if MESSAGES[name]["STATE"]])
def test_states_say_the_same_again(name):
    for message in decoded(name, MessageType.STATE):
        assert StateReport.from_options(message.options).to_options() == message.options


def test_connect_says_what_the_primary_was_configured_with():
    (connect,) = decoded("01-connect-normal-balance", MessageType.CONNECT)
    assert ConnectParameters.from_options(connect.options) == ConnectParameters(
        relationship_name="lab-fo",
        max_unacked=10,
        receive_timer=20,
        mclt=60,
        buckets=b"\xff" * 16 + bytes(16),
        vendor="isc-4.4.3-P1",
        version=1,
        tls=0,
    )
    assert hba_to_buckets(connect.get(Option.HASH_BUCKET_ASSIGNMENT)) == frozenset(range(128))


def test_connectack_has_neither_mclt_nor_buckets():
    (answer,) = decoded("01-connect-normal-balance", MessageType.CONNECTACK)
    parameters = ConnectParameters.from_options(answer.options)
    assert (parameters.mclt, parameters.buckets, parameters.tls) == (None, None, 0)


def test_states_on_the_way_through_recover_wait():
    seen = [StateReport.from_options(m.options).state for m in decoded("05-recover-wait", MessageType.STATE)]
    assert ServerState.RECOVER_WAIT in seen
    assert set(seen) >= {ServerState.RECOVER, ServerState.RECOVER_DONE, ServerState.NORMAL}


def test_first_state_carries_the_startup_flag():
    first, *_ = decoded("01-connect-normal-balance", MessageType.STATE)
    report = StateReport.from_options(first.options)
    assert (report.state, report.startup) == (ServerState.RECOVER, True)


def test_updates_that_cross_are_refused_with_reason_and_text():
    answers = [
        BindingAcknowledgement.from_options(m.options) for m in decoded("01-connect-normal-balance", MessageType.BNDACK)
    ]
    refused = [answer.rejection for answer in answers if answer.rejection]
    assert (
        refused
        == [
            Rejection(
                RejectReason.LESS_CRITICAL_BINDING_INFORMATION, "incoming update is less critical than outgoing update"
            )
        ]
        * 20
    )


def test_never_used_address_has_no_times():
    update = decoded("01-connect-normal-balance", MessageType.BNDUPD)[0]
    binding = BindingUpdate.from_options(update.options)
    assert binding == BindingUpdate(address=binding.address, status=BindingStatus.FREE)
    assert {option: update.get(option) for option in (13, 18, 25)} == {13: bytes(4), 18: bytes(4), 25: bytes(4)}


def test_reserved_lease_has_its_flag_and_no_end():
    updates = [BindingUpdate.from_options(m.options) for m in decoded("08-reserved-ipflags", MessageType.BNDUPD)]
    assert {update.flags for update in updates} == {RESERVED_FLAG}
    assert {update.potential for update in updates if update.status is BindingStatus.ACTIVE} == {0x7FFFFFFF}


def test_abandoned_address_tells_of_no_client():
    updates = [BindingUpdate.from_options(m.options) for m in decoded("02-leases-renew-release", MessageType.BNDUPD)]
    abandoned = [update for update in updates if update.status is BindingStatus.ABANDONED]
    assert abandoned
    assert {(update.client_id, update.hardware) for update in abandoned} == {(b"", b"")}


def test_client_without_client_identifier_is_known_by_its_hardware():
    updates = [BindingUpdate.from_options(m.options) for m in decoded("02-leases-renew-release", MessageType.BNDUPD)]
    first = updates[0]
    assert first.hardware == bytes.fromhex("01020000000013")
    assert first.client_id == b""
    assert first.expires - first.started == 60
    assert first.potential - first.started == 150


def test_pool_response_counts_addresses():
    (answer,) = decoded("06-poolreq", MessageType.POOLRESP)
    response = PoolResponse.from_options(answer.options)
    assert response.to_options() == answer.options
    assert 0 < response.transferred <= 20
