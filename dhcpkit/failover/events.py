"""What happened to a failover relationship, as typed events for the log."""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.protocol.failover.codes import RejectReason, ServerState


@dataclass(slots=True, frozen=True)
class StateEntered:
    """The server entered an endpoint state; ``because`` says in a sentence why."""

    relationship: str
    state: ServerState
    previous: ServerState | None
    because: str


@dataclass(slots=True, frozen=True)
class PartnerStateSeen:
    """The partner said which state it is in (a STATE message)."""

    relationship: str
    state: ServerState
    startup: bool


@dataclass(slots=True, frozen=True)
class ContactEstablished:
    """The two servers are in contact: connected, and each has heard the other's state."""

    relationship: str


@dataclass(slots=True, frozen=True)
class ContactLost:
    """The contact was lost; ``because`` says how it was noticed."""

    relationship: str
    because: str


@dataclass(slots=True, frozen=True)
class ConnectionRefused:
    """A connection was refused, by this server or by the partner (``by_partner``)."""

    relationship: str
    reason: RejectReason
    detail: str
    by_partner: bool


@dataclass(slots=True, frozen=True)
class FailoverMessageSent:
    """A failover message left this server. ``address`` and ``detail`` are set for binding updates and states."""

    relationship: str
    message: str
    xid: int
    address: int
    detail: str


@dataclass(slots=True, frozen=True)
class FailoverMessageReceived:
    """A failover message arrived. ``address`` and ``detail`` are set for binding updates and states."""

    relationship: str
    message: str
    xid: int
    address: int
    detail: str


@dataclass(slots=True, frozen=True)
class UpdateRejected:
    """A binding update was refused, by this server or by the partner (``by_partner``)."""

    relationship: str
    address: int
    reason: RejectReason
    detail: str
    by_partner: bool


@dataclass(slots=True, frozen=True)
class PoolBalanced:
    """The primary moved free addresses of a scope between the two servers (counts after the move)."""

    relationship: str
    scope: int
    moved: int
    free: int
    backup: int


@dataclass(slots=True, frozen=True)
class RelationshipChanged:
    """A relationship was created, changed or deleted; ``what`` says so in a sentence."""

    relationship: str
    what: str
