"""CONNECT and CONNECTACK: how two servers agree that they are partners (draft sections 7.8, 7.9, 8.2)."""

from __future__ import annotations

from dhcpkit.failover.bindings import Refusal
from dhcpkit.failover.connection import clock_error
from dhcpkit.failover.dialect import Dialect
from dhcpkit.failover.hash import primary_buckets_to_hba
from dhcpkit.failover.settings import Settings
from dhcpkit.protocol.failover.codes import PROTOCOL_VERSION, Option, RejectReason
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import ConnectParameters, OptionList, Rejection

VENDOR = "dhcpkit-1"

TLS_NONE = 0
TLS_REQUIRED = 2

DIGEST_ERRORS = {
    RejectReason.DIGEST_MISSING: "a message is not signed; both servers need the same shared secret",
    RejectReason.DIGEST_NOT_CONFIGURED: "a message is signed, and this server has no shared secret for it",
    RejectReason.DIGEST_NOT_SUPPORTED: "a message is signed in a way that this server does not know",
    RejectReason.DIGEST_MISMATCH: "a message's signature is wrong: the two servers have different shared secrets",
}
"""What is wrong with a digest, in a sentence."""


def connect_options(settings: Settings, dialect: Dialect, buckets: frozenset[int]) -> OptionList:
    """Return the options of the primary's CONNECT; ``buckets`` are those that the primary serves."""
    return ConnectParameters(
        relationship_name=settings.name,
        max_unacked=settings.max_unacked,
        receive_timer=settings.timers.receive,
        mclt=settings.mclt,
        buckets=primary_buckets_to_hba(buckets, one_is_primary=dialect.one_is_primary),
        vendor=VENDOR,
        tls=TLS_NONE,
    ).to_options()


def connectack_options(settings: Settings, connect: FailoverMessage, refusal: Refusal | None) -> OptionList:
    """Return the options of the secondary's answer to a CONNECT; a refusal is told along with the rest."""
    options = ConnectParameters(
        relationship_name=settings.name,
        max_unacked=settings.max_unacked,
        receive_timer=settings.timers.receive,
        mclt=None,
        buckets=None,
        vendor=VENDOR,
        tls=TLS_NONE if connect.get(Option.TLS_REQUEST) is not None else None,
    ).to_options()
    return options if refusal is None else [*options, *Rejection(*refusal).to_options()]


def refuse_connect(
    message: FailoverMessage, connect: ConnectParameters, untrusted: RejectReason | None, settings: Settings, now: float
) -> Refusal | None:
    """Return why the secondary refuses a CONNECT, None when it does not; checked in the draft's order.

    Args:
        message: The CONNECT.
        connect: Its parameters.
        untrusted: What is wrong with its digest, None for nothing.
        settings: The relationship here.
        now: Seconds since the epoch.
    """
    if connect.version != PROTOCOL_VERSION:
        return _version(connect)
    if connect.tls == TLS_REQUIRED:
        return Refusal(RejectReason.TLS_NOT_SUPPORTED, "TLS is required, and this server does not speak it")
    if untrusted is not None:
        return Refusal(untrusted, DIGEST_ERRORS[untrusted])
    if connect.relationship_name != settings.name:
        return Refusal(
            RejectReason.INVALID_PARTNER,
            f"the partner means the relationship {connect.relationship_name!r}, this server has {settings.name!r}",
        )
    skew = clock_error(message.time - int(now))
    if skew:
        return Refusal(RejectReason.TIME_MISMATCH, skew)
    if not connect.mclt:
        return Refusal(RejectReason.INVALID_MCLT, "the CONNECT holds no maximum client lead time of at least 1 s")
    if connect.buckets is None:
        return Refusal(RejectReason.HASH_BUCKET_CONFLICT, "the CONNECT holds no hash bucket assignment")
    return None


def refuse_connectack(
    message: FailoverMessage, answer: ConnectParameters, settings: Settings, now: float
) -> Refusal | None:
    """Return why the primary refuses a CONNECTACK that is itself no refusal, None when it does not."""
    if answer.version != PROTOCOL_VERSION:
        return _version(answer)
    if answer.relationship_name != settings.name:
        return Refusal(
            RejectReason.INVALID_PARTNER,
            f"the partner answers for the relationship {answer.relationship_name!r}, not {settings.name!r}",
        )
    skew = clock_error(message.time - int(now))
    return Refusal(RejectReason.TIME_MISMATCH, skew) if skew else None


def _version(parameters: ConnectParameters) -> Refusal:
    return Refusal(
        RejectReason.VERSION_MISMATCH,
        f"the partner speaks version {parameters.version} of the failover protocol, this server {PROTOCOL_VERSION}",
    )
