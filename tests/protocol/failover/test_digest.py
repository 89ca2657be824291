"""The shared secret's digest: known vectors, and what each kind of wrong is called."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from dhcpkit.protocol.failover.codes import MessageType, Option, RejectReason
from dhcpkit.protocol.failover.digest import HMAC_MD5, HMAC_SHA256, verify
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage
from tests.protocol.failover.captures import raw_messages

SECRET = b"lab-secret"
CONTACT = FailoverMessage(MessageType.CONTACT, xid=7, time=1700000000)
VECTORS = {
    HMAC_MD5: "00210b0c6553f1000000000700110011017dfe79ed0e9600aed382bf8c1a05b2cf",
    HMAC_SHA256: "00310b0c6553f1000000000700110021028fd214a8c56738e2154ff18e7a30f20a49bfb1034d5a5a5e7ffc10c62a3c6d3a",
}
UPDATE = FailoverMessage(
    MessageType.BNDUPD, xid=9, time=1700000000, options=[(2, bytes([10, 0, 0, 11])), (3, b"\x02"), (200, b"unknown")]
)


@pytest.mark.parametrize("digest", [HMAC_MD5, HMAC_SHA256])
def test_vector(digest):
    signed = CONTACT.encode(SECRET, digest)
    assert signed.hex() == VECTORS[digest]
    assert verify(signed, SECRET) is None


def test_sha256_is_what_is_signed_with_unless_told_otherwise():
    assert CONTACT.encode(SECRET).hex() == VECTORS[HMAC_SHA256]


@pytest.mark.parametrize(
    ("digest", "algorithm", "size"), [(HMAC_MD5, hashlib.md5, 16), (HMAC_SHA256, hashlib.sha256, 32)]
)
def test_signature_is_an_hmac_over_the_message_with_its_digest_zeroed(digest, algorithm, size):
    signed = UPDATE.encode(SECRET, digest)
    assert signed[12:17] == bytes([0, 17, 0, 1 + size, digest])
    zeroed = signed[:17] + bytes(size) + signed[17 + size :]
    assert signed[17 : 17 + size] == hmac.new(SECRET, zeroed, algorithm).digest()


@pytest.mark.parametrize("digest", [HMAC_MD5, HMAC_SHA256])
def test_any_flipped_bit_is_noticed(digest):
    signed = UPDATE.encode(SECRET, digest)
    first = 12 + 4 + (signed[15])  # behind the digest come options of 4, 1 and 7 bytes
    lengths = {0, 1, 3, 14, 15, first + 2, first + 3, first + 10, first + 11, first + 15, first + 16}
    for position in range(8 * len(signed)):
        tampered = bytearray(signed)
        tampered[position // 8] ^= 1 << position % 8
        try:
            assert verify(bytes(tampered), SECRET) is not None, f"bit {position}"
        except FailoverMalformed:
            assert position // 8 in lengths, f"bit {position}"


def test_flipped_bit_in_a_value_is_a_mismatch():
    signed = bytearray(UPDATE.encode(SECRET))
    signed[-1] ^= 1
    assert verify(bytes(signed), SECRET) is RejectReason.DIGEST_MISMATCH


def test_other_secret_is_a_mismatch():
    assert verify(UPDATE.encode(b"another"), SECRET) is RejectReason.DIGEST_MISMATCH


def test_unsigned_message_where_a_secret_is_set():
    assert verify(UPDATE.encode(), SECRET) is RejectReason.DIGEST_MISSING


def test_signed_message_where_no_secret_is_set():
    assert verify(UPDATE.encode(SECRET), b"") is RejectReason.DIGEST_NOT_CONFIGURED


def test_unsigned_message_where_no_secret_is_set():
    assert verify(UPDATE.encode(), b"") is None


@pytest.mark.parametrize("value", [b"", b"\x00" + bytes(16), b"\x03" + bytes(32), b"\xff"])
def test_unknown_digest_type(value):
    raw = FailoverMessage(MessageType.CONTACT, options=[(Option.MESSAGE_DIGEST, value)]).encode()
    assert verify(raw, SECRET) is RejectReason.DIGEST_NOT_SUPPORTED


@pytest.mark.parametrize(
    "value", [b"\x01", b"\x01" + bytes(15), b"\x01" + bytes(32), b"\x02" + bytes(16), b"\x02" + bytes(33)]
)
def test_digest_of_the_wrong_length_is_a_mismatch(value):
    raw = FailoverMessage(MessageType.CONTACT, options=[(Option.MESSAGE_DIGEST, value)]).encode()
    assert verify(raw, SECRET) is RejectReason.DIGEST_MISMATCH


def test_digest_is_found_behind_other_options():
    """The draft's picture of a batch shows it last; all of the message is under it wherever it stands."""
    zero = (Option.MESSAGE_DIGEST, b"\x02" + bytes(32))
    unsigned = FailoverMessage(UPDATE.type, UPDATE.xid, UPDATE.time, [*UPDATE.options, zero]).encode()
    signed = unsigned[:-32] + hmac.digest(SECRET, unsigned, "sha256")
    assert verify(signed, SECRET) is None
    assert verify(signed, b"wrong") is RejectReason.DIGEST_MISMATCH


def test_signing_a_received_message_anew_replaces_its_digest():
    received = FailoverMessage.decode(UPDATE.encode(b"old secret", HMAC_MD5))
    assert received.encode(SECRET) == UPDATE.encode(SECRET)


def test_signed_message_comes_back_as_the_same_bytes():
    signed = UPDATE.encode(SECRET)
    assert FailoverMessage.decode(signed).encode() == signed


def test_signed_bindings_do_not_hold_the_digest():
    received = FailoverMessage.decode(UPDATE.encode(SECRET))
    assert received.transactions() == UPDATE.transactions()


def test_digest_type_that_is_none_is_refused():
    with pytest.raises(ValueError, match="3 is no digest type; it takes 1"):
        CONTACT.encode(SECRET, 3)


def test_bytes_out_of_order_are_malformed():
    with pytest.raises(FailoverMalformed):
        verify(UPDATE.encode(SECRET)[:-1], SECRET)


def test_isc_dhcpd_never_signs():
    for raw in raw_messages("01-connect-normal-balance"):
        assert verify(raw, b"") is None
        assert verify(raw, SECRET) is RejectReason.DIGEST_MISSING
