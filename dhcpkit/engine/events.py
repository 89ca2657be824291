"""What a DHCP server did and why, as typed events for the log.

The lab wraps each in an envelope with its time, host and place in the order (``dhcpkit/lab/events.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

from dhcpkit.protocol.failover.codes import BindingStatus


@dataclass(slots=True, frozen=True)
class RequestReceived:
    """A client's message reached the server.

    ``message`` is RFC 2131's name (``DHCPDISCOVER``); ``situation`` is empty but for DHCPREQUEST
    (``SELECTING``, ``INIT-REBOOT``, ``RENEWING``, ``REBINDING``). ``address`` is the one asked for or held, 0 for none.
    """

    message: str
    situation: str
    xid: int
    client_id: bytes
    hardware: bytes
    hostname: str
    address: int
    secs: int
    relay: int


@dataclass(slots=True, frozen=True)
class RequestAnswered:
    """The server answered a client; ``message`` is the answer's name (``DHCPOFFER``, ``DHCPACK``, ``DHCPNAK``).

    ``lease_time`` is in seconds, 0 where the answer holds none. ``desired`` is what the scope would have given.
    ``rule`` says in a sentence why this server answered, ``limit`` why the time is what it is (empty: the scope's).
    """

    message: str
    situation: str
    xid: int
    client_id: bytes
    hardware: bytes
    address: int
    scope: int
    lease_time: int
    desired: int
    rule: str
    limit: str
    state: str
    bucket: int | None


@dataclass(slots=True, frozen=True)
class RequestIgnored:
    """The server heard a client and stayed silent, for the reason that ``rule`` gives in a sentence."""

    message: str
    situation: str
    xid: int
    client_id: bytes
    hardware: bytes
    rule: str
    state: str
    bucket: int | None


@dataclass(slots=True, frozen=True)
class MalformedDropped:
    """A packet that is no proper DHCP message was dropped. ``reason`` is a short code that is also counted."""

    reason: str
    detail: str
    size: int


@dataclass(slots=True, frozen=True)
class LeaseChanged:
    """A lease's record changed. ``by`` is ``client``, ``partner``, ``timer`` or ``administrator``."""

    address: int
    scope: int
    status: BindingStatus
    previous: BindingStatus | None
    client_id: bytes
    hardware: bytes
    hostname: str
    expires: int
    granted_by: int
    by: str


@dataclass(slots=True, frozen=True)
class ScopeChanged:
    """A scope was added, changed, activated, deactivated or removed (``what``)."""

    scope: int
    name: str
    what: str


@dataclass(slots=True, frozen=True)
class PoolExhausted:
    """A new client found no address that this server may give."""

    scope: int
    hardware: bytes
    rule: str
