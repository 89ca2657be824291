"""tshark reads what we write, and we read every captured message as tshark does."""

from __future__ import annotations

import pytest

from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, Option, RejectReason, ServerState
from dhcpkit.protocol.failover.digest import HMAC_MD5
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import (
    RESERVED_FLAG,
    BindingAcknowledgement,
    BindingUpdate,
    ConnectParameters,
    PoolResponse,
    Rejection,
    StateReport,
    buckets_to_hba,
)
from tests.protocol.failover.captures import DIRECTORY, MESSAGES, raw_messages
from tests.protocol.failover.tshark import dissect, write_segments

NOW = 0x6553F100
ADDRESS = 0x0A00000B
SECRET = b"lab-secret"

TYPE_NAMES = {
    MessageType.POOLREQ: "Pool request (1)",
    MessageType.POOLRESP: "Pool response (2)",
    MessageType.BNDUPD: "Binding update (3)",
    MessageType.BNDACK: "Binding acknowledge (4)",
    MessageType.CONNECT: "Connect (5)",
    MessageType.CONNECTACK: "Connect acknowledge (6)",
    # tshark has the names of these two the wrong way round; the draft's UPDREQALL is 7 and UPDREQ is 9.
    MessageType.UPDREQALL: "Update request (7)",
    MessageType.UPDREQ: "Update request all (9)",
    MessageType.UPDDONE: "Update done (8)",
    MessageType.STATE: "State (10)",
    MessageType.CONTACT: "Contact (11)",
    MessageType.DISCONNECT: "Disconnect (12)",
}

CONNECT = ConnectParameters("Contoso-failover", 100, 180, 60, buckets_to_hba(range(128)), "dhcpkit", tls=0)
CONNECTACK = ConnectParameters("Contoso-failover", 100, 180, None, None, "dhcpkit", tls=0)
ACTIVE = BindingUpdate(
    ADDRESS,
    BindingStatus.ACTIVE,
    client_id=bytes.fromhex("01020000000011"),
    hardware=bytes.fromhex("01020000000011"),
    expires=NOW,
    potential=NOW,
    started=NOW,
    contacted=NOW,
    flags=RESERVED_FLAG,
    request_options=b"\x0c\x07client1",
    reply_options=b"\x3a\x04\x00\x00\x00\x3c",
)
REFUSED = BindingAcknowledgement(ADDRESS, Rejection(RejectReason.FATAL_CONFLICT, "leased to another client"))

SENT = {
    MessageType.POOLREQ: [],
    MessageType.POOLRESP: PoolResponse(5).to_options(),
    MessageType.BNDUPD: ACTIVE.to_options(),
    MessageType.BNDACK: REFUSED.to_options(),
    MessageType.CONNECT: CONNECT.to_options(),
    MessageType.CONNECTACK: CONNECTACK.to_options(),
    MessageType.UPDREQALL: [],
    MessageType.UPDDONE: [],
    MessageType.UPDREQ: [],
    MessageType.STATE: StateReport(ServerState.NORMAL, True, NOW).to_options(),
    MessageType.CONTACT: [],
    MessageType.DISCONNECT: Rejection(RejectReason.NO_TRAFFIC, "nothing heard for 180 s").to_options(),
}
"""A message of every type, its options as our servers send them."""

SHOWN = {
    MessageType.POOLRESP: {"addressestransferred": "5"},
    MessageType.BNDUPD: {
        "assignedipaddress": "10.0.0.11",
        "bindingstatus": "2",
        "clienthardwaretype": "0x01",
        "clienthardwareaddress": "02:00:00:00:00:11",
        "leaseexpirationtime": str(NOW),
        "potentialexpirationtime": str(NOW),
        "starttimeofstate": str(NOW),
        "clientlasttransactiontime": str(NOW),
        "ipflags": "0x0001",
    },
    MessageType.BNDACK: {
        "assignedipaddress": "10.0.0.11",
        "rejectreason": "2",
        "message": "leased to another client",
    },
    MessageType.CONNECT: {
        "relationshipname": "Contoso-failover",
        "maxunackedbndupd": "100",
        "receivetimer": "180",
        "vendorclass": "dhcpkit",
        "protocolversion": "1",
        "tls_request": "0",
        "mclt": "60",
        "hashbucketassignment": ":".join(["ff"] * 16 + ["00"] * 16),
    },
    MessageType.CONNECTACK: {
        "relationshipname": "Contoso-failover",
        "maxunackedbndupd": "100",
        "receivetimer": "180",
        "vendorclass": "dhcpkit",
        "protocolversion": "1",
        "tls_reply": "0",
    },
    MessageType.STATE: {"serverstatus": "2", "serverflag": "1", "starttimeofstate": str(NOW)},
    MessageType.DISCONNECT: {"rejectreason": "17", "message": "nothing heard for 180 s"},
}
"""What tshark says of those options, by its names of the fields."""

OTHER_OPTIONS = {
    Option.DDNS: b"\x01\x00\x07client1\x07contoso\x03com\x00",
    Option.DELAYED_SERVICE_PARAMETER: b"\x05",
    Option.VENDOR_SPECIFIC_OPTIONS: b"\x00\x01\x00\x01x",
}
"""The options of the draft that no message of ours holds, kept when a partner sends them."""


def dissected(tmp_path, *segments: bytes):
    write_segments(tmp_path / "sent.pcap", segments)
    return dissect(tmp_path / "sent.pcap")


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory):
    """Each type of message, as tshark reads it."""
    messages = [FailoverMessage(kind, 1000 + kind, NOW, options) for kind, options in SENT.items()]
    found = dissected(tmp_path_factory.mktemp("tshark"), *[message.encode() for message in messages])
    return dict(zip(SENT, found, strict=True))


@pytest.mark.parametrize("kind", SENT, ids=lambda kind: kind.name)
def test_header_of_every_type(unsigned, kind):
    message = unsigned[kind]
    assert (message.type, message.type_name) == (kind, TYPE_NAMES[kind])
    assert (message.xid, message.time, message.offset) == (1000 + kind, NOW, 12)


@pytest.mark.parametrize("kind", SENT, ids=lambda kind: kind.name)
def test_options_of_every_type(unsigned, kind):
    message = unsigned[kind]
    assert not message.malformed
    assert message.complaints == []
    assert message.options == SENT[kind]


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.name)
def test_values_of_every_type(unsigned, kind):
    shown = unsigned[kind].shown
    assert {name: shown.get(f"dhcpfo.{name}") for name in SHOWN[kind]} == SHOWN[kind]


def test_every_option_of_the_draft_is_sent_here():
    sent = {code for options in SENT.values() for code, _ in options}
    assert sent | set(OTHER_OPTIONS) | {Option.MESSAGE_DIGEST} == set(Option)


def test_options_that_our_servers_only_keep(tmp_path):
    received = FailoverMessage(MessageType.BNDUPD, options=list(OTHER_OPTIONS.items())).encode()
    (message,) = dissected(tmp_path, FailoverMessage.decode(received).encode())
    assert not message.malformed
    assert message.complaints == []
    assert [code for code, _ in message.options] == list(OTHER_OPTIONS)


def test_hmac_md5_is_read_without_complaint(tmp_path):
    messages = [FailoverMessage(kind, kind, NOW, options) for kind, options in SENT.items()]
    for sent, message in zip(
        messages, dissected(tmp_path, *[m.encode(SECRET, HMAC_MD5) for m in messages]), strict=True
    ):
        assert not message.malformed
        assert message.complaints == []
        assert message.shown["dhcpfo.message_digest_type"] == "1"
        assert [code for code, _ in message.options] == [Option.MESSAGE_DIGEST, *[code for code, _ in sent.options]]
        assert message.options[1:] == sent.options


def test_hmac_sha256_is_unknown_to_tshark_and_spoils_nothing(tmp_path):
    messages = [FailoverMessage(kind, kind, NOW, options) for kind, options in SENT.items()]
    for sent, message in zip(messages, dissected(tmp_path, *[m.encode(SECRET) for m in messages]), strict=True):
        assert not message.malformed
        assert len(message.complaints) == 1
        assert "Message digest type: 2, not allowed" in message.complaints[0]
        assert message.options[1:] == sent.options


@pytest.mark.parametrize("status", BindingStatus, ids=lambda status: status.name)
@pytest.mark.parametrize("all_times", [False, True], ids=["draft", "isc"])
def test_binding_status(tmp_path, status, all_times):
    update = BindingUpdate(
        ADDRESS, status, b"\x01abc", b"\x01abcdef", NOW, NOW, NOW, NOW, RESERVED_FLAG, b"\x00", b"\x00"
    )
    (message,) = dissected(
        tmp_path, FailoverMessage(MessageType.BNDUPD, options=update.to_options(all_times=all_times)).encode()
    )
    assert not message.malformed
    assert message.complaints == []
    assert message.options[1] == (Option.BINDING_STATUS, bytes([status]))


def test_several_bindings_in_one_message(tmp_path):
    options = ACTIVE.to_options() + BindingUpdate(ADDRESS + 1, BindingStatus.FREE).to_options()
    (message,) = dissected(tmp_path, FailoverMessage(MessageType.BNDUPD, options=options).encode())
    assert not message.malformed
    assert message.complaints == []
    assert message.options == options


def test_several_messages_in_one_segment(tmp_path):
    messages = [FailoverMessage(kind, kind, NOW, options) for kind, options in SENT.items()]
    found = dissected(tmp_path, b"".join(message.encode() for message in messages))
    assert [(m.type, m.options) for m in found] == [(m.type, m.options) for m in messages]
    assert not any(m.malformed or m.complaints for m in found)


def test_message_over_several_segments(tmp_path):
    raw = FailoverMessage(MessageType.CONNECT, 1, NOW, CONNECT.to_options()).encode()
    (message,) = dissected(tmp_path, raw[:1], raw[1:40], raw[40:])
    assert not message.malformed
    assert message.options == CONNECT.to_options()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_captured_messages_are_read_as_tshark_reads_them(name):
    ours = [FailoverMessage.decode(raw) for raw in raw_messages(name)]
    theirs = dissect(DIRECTORY / f"{name}.pcap")
    assert sorted((m.type, m.xid, m.time, m.options) for m in ours) == sorted(
        (m.type, m.xid, m.time, m.options) for m in theirs
    )


def test_tshark_does_mark_what_is_wrong(tmp_path):
    """Its silence in the tests above means something."""
    right = FailoverMessage(MessageType.CONTACT).encode()
    (message,) = dissected(tmp_path, bytes([0, len(right) + 2]) + right[2:] + b"\x00\x03")
    assert message.malformed
