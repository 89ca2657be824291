"""What the options of each message say: parameters of a connection, states, bindings, refusals.

The messages and their options are those of draft-ietf-dhc-failover-12.

Every class here has ``to_options`` for a message to send and ``from_options`` for one received, which takes the
options of a message or one of its ``transactions()``. Options that a class does not know are ignored; one that it
knows and whose length is wrong is refused. BNDUPD, BNDACK and refusals are in ``binding_options.py``; UPDREQ,
UPDREQALL, UPDDONE, POOLREQ and CONTACT hold no options.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dhcpkit.protocol.failover.binding_options import (
    BOOTP_FLAG,
    DHCP_MAGIC,
    RESERVED_FLAG,
    BindingAcknowledgement,
    BindingUpdate,
    Rejection,
)
from dhcpkit.protocol.failover.codes import PROTOCOL_VERSION, STARTUP_FLAG, Option, ServerState
from dhcpkit.protocol.failover.fields import (
    MissingOption,
    OptionList,
    Options,
    decode_number,
    decode_text,
    encode_number,
    encode_time,
    fixed_value,
    required_number,
)
from dhcpkit.protocol.failover.wire import FailoverMalformed, option_name

__all__ = [
    "BOOTP_FLAG",
    "BUCKETS",
    "DHCP_MAGIC",
    "RESERVED_FLAG",
    "BindingAcknowledgement",
    "BindingUpdate",
    "ConnectParameters",
    "MissingOption",
    "OptionList",
    "Options",
    "PoolResponse",
    "Rejection",
    "StateReport",
    "buckets_to_hba",
    "hba_to_buckets",
]

BUCKETS = 256
"""Hash buckets that clients fall into (RFC 3074)."""

_HBA_SIZE = BUCKETS // 8
_STATES = {state.value: state for state in ServerState if state is not ServerState.STARTUP}


@dataclass(slots=True)
class ConnectParameters:
    r"""The options of CONNECT and CONNECTACK.

    Attributes:
        relationship_name: The relationship's name, UTF-8 on the wire. Bytes that are not UTF-8 are shown as ``\xff``.
        max_unacked: BNDUPDs that the sender takes without having acknowledged them.
        receive_timer: Without a message for this many seconds the sender takes the connection for lost.
        mclt: Maximum client lead time in seconds; only a CONNECT has it.
        buckets: The hash bucket assignment, 32 bytes (see ``hba_to_buckets``); only a CONNECT has it.
        vendor: The sender's name for its software.
        version: Protocol version.
        tls: In a CONNECT the TLS-request (0 none, 1 wanted, 2 required), in a CONNECTACK the TLS-reply (0 none,
            1 required). None leaves it out.
    """

    relationship_name: str
    max_unacked: int
    receive_timer: int
    mclt: int | None
    buckets: bytes | None
    vendor: str
    version: int = PROTOCOL_VERSION
    tls: int | None = None

    def to_options(self) -> OptionList:
        """Return the options: of a CONNECT when ``mclt`` or ``buckets`` is given, else of a CONNECTACK.

        Raises:
            ValueError: a number does not fit its option, or the hash bucket assignment is not of 32 bytes.
        """
        is_connect = self.mclt is not None or self.buckets is not None
        options: OptionList = [
            (Option.RELATIONSHIP_NAME, self.relationship_name.encode()),
            (Option.MAX_UNACKED_BNDUPD, encode_number(Option.MAX_UNACKED_BNDUPD, self.max_unacked, 4)),
            (Option.RECEIVE_TIMER, encode_number(Option.RECEIVE_TIMER, self.receive_timer, 4)),
            (Option.VENDOR_CLASS_IDENTIFIER, self.vendor.encode()),
            (Option.PROTOCOL_VERSION, encode_number(Option.PROTOCOL_VERSION, self.version, 1)),
        ]
        if self.tls is not None:
            tls = Option.TLS_REQUEST if is_connect else Option.TLS_REPLY
            options.append((tls, encode_number(tls, self.tls, 1)))
        if self.mclt is not None:
            options.append((Option.MCLT, encode_number(Option.MCLT, self.mclt, 4)))
        if self.buckets is not None:
            if len(self.buckets) != _HBA_SIZE:
                raise ValueError(f"a hash bucket assignment is {_HBA_SIZE} bytes long, not {len(self.buckets)}")
            options.append((Option.HASH_BUCKET_ASSIGNMENT, self.buckets))
        return options

    @classmethod
    def from_options(cls, options: Options) -> ConnectParameters:
        """Return what a CONNECT or CONNECTACK says.

        What is not there is ``""``, 0 or None: a rejecting CONNECTACK need not hold everything, and which absence is a
        reason to refuse a CONNECT, and with which reject reason, is the receiver's to say.

        Raises:
            FailoverMalformed: an option's length is wrong.
        """
        found = dict(options)
        tls = decode_number(found, Option.TLS_REQUEST, 1)
        return cls(
            relationship_name=decode_text(found.get(Option.RELATIONSHIP_NAME, b"")),
            max_unacked=decode_number(found, Option.MAX_UNACKED_BNDUPD, 4) or 0,
            receive_timer=decode_number(found, Option.RECEIVE_TIMER, 4) or 0,
            mclt=decode_number(found, Option.MCLT, 4),
            buckets=fixed_value(found, Option.HASH_BUCKET_ASSIGNMENT, _HBA_SIZE),
            vendor=decode_text(found.get(Option.VENDOR_CLASS_IDENTIFIER, b"")),
            version=decode_number(found, Option.PROTOCOL_VERSION, 1) or 0,
            tls=decode_number(found, Option.TLS_REPLY, 1) if tls is None else tls,
        )


@dataclass(slots=True)
class StateReport:
    """The options of STATE: the sender's endpoint state and since when it has been in it.

    ``startup`` says that the sender is starting: ``state`` is then the one it had before. ``since`` is in seconds
    since the epoch.
    """

    state: ServerState
    startup: bool
    since: int

    def to_options(self) -> OptionList:
        """Return the options of the STATE.

        Raises:
            ValueError: the state is STARTUP, which travels as the flag and never as a state.
        """
        if self.state is ServerState.STARTUP:
            raise ValueError("STARTUP is no state to send; send the state before it, with startup set")
        return [
            (Option.SERVER_STATE, bytes([self.state])),
            (Option.SERVER_FLAGS, bytes([STARTUP_FLAG if self.startup else 0])),
            (Option.START_TIME_OF_STATE, encode_time(Option.START_TIME_OF_STATE, self.since)),
        ]

    @classmethod
    def from_options(cls, options: Options) -> StateReport:
        """Return what a STATE says.

        Raises:
            MissingOption: one of the three options is not there.
            FailoverMalformed: an option's length is wrong, or the state's number is none that may be sent.
        """
        found = dict(options)
        number = required_number(found, "STATE", Option.SERVER_STATE, 1)
        flags = required_number(found, "STATE", Option.SERVER_FLAGS, 1)
        since = required_number(found, "STATE", Option.START_TIME_OF_STATE, 4)
        state = _STATES.get(number)
        if state is None:
            raise FailoverMalformed(
                "bad-value",
                f"{option_name(Option.SERVER_STATE)} is {number}; it takes 2 to 11, or 254 for RECOVER-WAIT",
            )
        return cls(state, bool(flags & STARTUP_FLAG), since)


@dataclass(slots=True)
class PoolResponse:
    """The option of POOLRESP: how many addresses the primary hands over."""

    transferred: int

    def to_options(self) -> OptionList:
        """Return the count."""
        return [(Option.ADDRESSES_TRANSFERRED, encode_number(Option.ADDRESSES_TRANSFERRED, self.transferred, 4))]

    @classmethod
    def from_options(cls, options: Options) -> PoolResponse:
        """Return what a POOLRESP says.

        Raises:
            MissingOption: the count is not there.
            FailoverMalformed: it is not of 4 bytes.
        """
        return cls(required_number(dict(options), "POOLRESP", Option.ADDRESSES_TRANSFERRED, 4))


def buckets_to_hba(buckets: Iterable[int]) -> bytes:
    """Return the hash bucket assignment of these buckets: 32 bytes, bucket b is bit b % 8 of byte b // 8.

    Which server a set bit means is the dialect's to say.

    Raises:
        ValueError: a bucket is not 0 to 255.
    """
    hba = bytearray(_HBA_SIZE)
    for bucket in buckets:
        if not 0 <= bucket < BUCKETS:
            raise ValueError(f"{bucket} is no hash bucket; there are {BUCKETS}, from 0")
        hba[bucket >> 3] |= 1 << (bucket & 7)
    return bytes(hba)


def hba_to_buckets(hba: bytes) -> frozenset[int]:
    """Return the buckets whose bit is set in a hash bucket assignment of 32 bytes.

    Raises:
        ValueError: the length is another.
    """
    if len(hba) != _HBA_SIZE:
        raise ValueError(f"a hash bucket assignment is {_HBA_SIZE} bytes long, not {len(hba)}")
    return frozenset(bucket for bucket in range(BUCKETS) if hba[bucket >> 3] >> (bucket & 7) & 1)
