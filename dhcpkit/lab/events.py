"""The lab's one event log: every host's events in one order, and what happened to the lab itself.

Charts, topology, checks and tests read this log and nothing else, so what is shown is what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One entry of the log.

    Attributes:
        number: Its place in the log, from 0.
        time: Lab time in seconds since the epoch (not the host's skewed clock).
        host: Name of the host it happened on, empty for the lab as a whole.
        what: The typed event.
    """

    number: int
    time: float
    host: str
    what: Any


@dataclass(slots=True, frozen=True)
class ServiceStarted:
    """The host's service (DHCP server or client) runs."""

    service: str


@dataclass(slots=True, frozen=True)
class ServiceStopped:
    """The host's service is gone: ``how`` is ``stopped``, ``killed`` or ``crashed``; ``detail`` may say more."""

    service: str
    how: str
    detail: str = ""


@dataclass(slots=True, frozen=True)
class LinkChanged:
    """A host's cable, or the path between two hosts, was cut or mended.

    ``peer`` is empty when all of the host's traffic is meant. Directions are seen from the host.
    """

    host: str
    peer: str
    inbound: bool
    outbound: bool


@dataclass(slots=True, frozen=True)
class ClockChanged:
    """The lab clock's speed changed; 0 is paused."""

    speed: float


@dataclass(slots=True, frozen=True)
class FrameSeen:
    """A frame passed the lab's switch.

    ``summary`` is a line for people; ``protocol`` is ``dhcp``, ``failover``, ``arp`` or ``other``. ``sender`` and
    ``receiver`` are host names, ``*`` for a broadcast, empty when unknown.
    """

    protocol: str
    sender: str
    receiver: str
    summary: str
    frame: bytes


@dataclass(slots=True, frozen=True)
class AdministratorActed:
    """Somebody gave the lab a command, by widget, by cmdlet or from Python; ``what`` is a line for people."""

    what: str


@dataclass(slots=True, frozen=True)
class CommitFailed:
    """A server could not make a lease durable; the client was therefore not answered."""

    detail: str


@dataclass(slots=True, frozen=True)
class ActionFailed:
    """The host's system refused what its service wanted: ``action`` says what that was, ``detail`` why not."""

    action: str
    detail: str
