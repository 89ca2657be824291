"""The message digest: proof that a message comes from someone who knows the shared secret, unaltered.

The digest is an HMAC with the shared secret as its key, over the whole message with the digest's own bytes set to
zero. It travels as the first option: ``00 11``, length, a type byte, the digest. Type 1 is HMAC-MD5, which
draft-ietf-dhc-failover-12 knows; type 2 is HMAC-SHA-256, which Windows uses (MS-DHCPF section 2.2). No text says how a
secret that was typed becomes a key: here its UTF-8 bytes are the key. A digest is looked for wherever it stands, since
all of the message is under it anyway.
"""

from __future__ import annotations

import hmac

from dhcpkit.protocol.failover.codes import Option, RejectReason
from dhcpkit.protocol.failover.wire import encode_option, option_spans, payload_start

HMAC_MD5 = 1
HMAC_SHA256 = 2

_ALGORITHMS = {HMAC_MD5: ("md5", 16), HMAC_SHA256: ("sha256", 32)}
"""Name and length of the digest in bytes, by type."""


def verify(raw: bytes, secret: bytes) -> RejectReason | None:
    """Return why a message is not to be trusted, or None when it is.

    Args:
        raw: A whole message as it came.
        secret: The shared secret; empty when the relationship has none, and then no digest may be there.

    Returns:
        DIGEST_MISSING, DIGEST_NOT_CONFIGURED (no secret here, yet the partner signs), DIGEST_NOT_SUPPORTED (a type that
        is not 1 or 2) or DIGEST_MISMATCH.

    Raises:
        FailoverMalformed: the message's bytes are out of order.
    """
    span = next(
        ((start, end) for code, start, end in option_spans(raw, payload_start(raw)) if code == Option.MESSAGE_DIGEST),
        None,
    )
    if span is None:
        return RejectReason.DIGEST_MISSING if secret else None
    start, end = span
    if not secret:
        return RejectReason.DIGEST_NOT_CONFIGURED
    if start == end or raw[start] not in _ALGORITHMS:
        return RejectReason.DIGEST_NOT_SUPPORTED
    algorithm, size = _ALGORITHMS[raw[start]]
    if end - start != 1 + size:
        return RejectReason.DIGEST_MISMATCH
    unsigned = raw[: start + 1] + bytes(size) + raw[end:]
    expected = hmac.digest(secret, unsigned, algorithm)
    return None if hmac.compare_digest(expected, raw[start + 1 : end]) else RejectReason.DIGEST_MISMATCH


def placeholder(digest: int) -> bytes:
    """Return the digest option with its digest still zero, to be the first option of a message to ``sign``.

    Raises:
        ValueError: the digest type is not 1 or 2.
    """
    if digest not in _ALGORITHMS:
        raise ValueError(f"{digest} is no digest type; it takes 1 (HMAC-MD5) or 2 (HMAC-SHA-256)")
    return encode_option(Option.MESSAGE_DIGEST, bytes([digest]) + bytes(_ALGORITHMS[digest][1]))


def sign(unsigned: bytes, payload: int, secret: bytes) -> bytes:
    """Return the message with its digest filled in.

    Args:
        unsigned: A whole message whose first option is a ``placeholder``.
        payload: The index of that option.
        secret: The shared secret, not empty.
    """
    start = payload + 5  # past the option's code and length and the type byte
    algorithm, size = _ALGORITHMS[unsigned[start - 1]]
    return unsigned[:start] + hmac.digest(secret, unsigned, algorithm) + unsigned[start + size :]
