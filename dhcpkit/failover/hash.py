"""Which of 256 buckets a client falls into (RFC 3074), and which server the buckets belong to.

The hash is Pearson's, over the client identifier when the client sent one, else over its hardware address. The same
client always falls into the same bucket, on both servers, so they can share the clients without a word.
"""

from __future__ import annotations

from dhcpkit.protocol.failover.payloads import BUCKETS, buckets_to_hba, hba_to_buckets

MIXING_TABLE = bytes.fromhex(
    "fbaf77d7510e4fbf6731b58fba9d00e81f20373c983a11edae46a090dc5a39df"
    "3b03128c6fa6cbc486f37c5fdeb3c541b430240f6b2ee982a51e7ba1d1176110"
    "285bdb3d640ad26dfa7f168a1d6cf443cf09b2cc4a627ef9a774224dc1c87905"
    "14714723800db65e19e2e3c74b1b29f5e6e02be1b11a9b96d48eda73f1495869"
    "27723effc0c991d6a89edd949a7a0c5452a32c8be4eccdf2d90bbb929f4056ef"
    "c32a6ac67670b8ac5702ad75b0e5f7fd89b963a466932d42e7348dd3c2cef6ee"
    "386e4ef83ff0bd5d5c3335b713ab48322168654508fc53784c875536ca7dbcd5"
    "60eb88d0a281be849c262f0107fe1804d88359151c8525999550aa4406a9ea97"
)
"""A permutation of 0 to 255, mandated by RFC 3074 section 6."""


def pearson(key: bytes) -> int:
    """Return the bucket, 0 to 255, of a key (RFC 3074 section 6)."""
    bucket = len(key) & 255
    for byte in reversed(key):
        bucket = MIXING_TABLE[bucket ^ byte]
    return bucket


def bucket_of(client_id: bytes, hardware: bytes) -> int:
    """Return a client's bucket, 0 to 255.

    Args:
        client_id: Option 61 as the client sent it, type byte included; empty when it sent none.
        hardware: Hardware type byte and hardware address; the type byte is not hashed.
    """
    return pearson(client_id or hardware[1:])


def buckets_of_percent(percent: int) -> frozenset[int]:
    """Return the primary's buckets when it serves this share of the clients (0 to 100): always the low ones."""
    return frozenset(range(BUCKETS * percent // 100))


def primary_buckets_to_hba(buckets: frozenset[int], *, one_is_primary: bool) -> bytes:
    """Return the hash bucket assignment of a CONNECT.

    Args:
        buckets: The buckets that the primary serves.
        one_is_primary: A bit of 1 gives the bucket to the primary (ISC), else to the secondary (the draft).
    """
    return buckets_to_hba(buckets if one_is_primary else frozenset(range(BUCKETS)) - buckets)


def hba_to_primary_buckets(hba: bytes, *, one_is_primary: bool) -> frozenset[int]:
    """Return the buckets that the primary serves by a hash bucket assignment of 32 bytes.

    Raises:
        ValueError: the length is another.
    """
    marked = hba_to_buckets(hba)
    return marked if one_is_primary else frozenset(range(BUCKETS)) - marked
