"""What a DHCP client did, as typed events for the log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class ClientStateEntered:
    """The client entered a state of RFC 2131 figure 5 (``INIT``, ``BOUND``, ...)."""

    state: str
    previous: str
    because: str


@dataclass(slots=True, frozen=True)
class LeaseBound:
    """The client got or extended a lease. Times are the client's own clock, seconds since the epoch.

    ``how`` is ``new``, ``renewed`` (by the server that gave it), ``rebound`` (after a broadcast) or ``rebooted``.
    """

    address: int
    server: int
    hardware: bytes
    lease_time: int
    obtained: float
    t1: float
    t2: float
    expires: float
    how: str


@dataclass(slots=True, frozen=True)
class LeaseEnded:
    """The client gave up its address: ``because`` is ``released``, ``expired``, ``refused`` or ``declined``."""

    address: int
    server: int
    because: str


@dataclass(slots=True, frozen=True)
class RequestSent:
    """The client sent a message; ``attempt`` counts from 1 in each state."""

    message: str
    state: str
    address: int
    server: int
    xid: int
    attempt: int


@dataclass(slots=True, frozen=True)
class NoServerAnswered:
    """A client asked several times and no server answered; it says so once and goes on by its timers.

    ``state`` is the state it asked in and ``attempts`` how often it did. ``address`` is the address that it keeps
    using until its lease ends, 0 when it has none.
    """

    state: str
    attempts: int
    address: int
