"""What the lab's side, the helper and the hosts' processes say to each other over their control channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dhcpkit.lab.clock import ClockReading
from dhcpkit.lab.hosts.spec import HostSpec

# From the lab's side to the helper. Each request is answered by a Done of the same number.


@dataclass(slots=True)
class AddHost:
    """Make a host: its namespaces and network cards, its cables plugged in. No service is started."""

    spec: HostSpec


@dataclass(slots=True)
class StartService:
    """Fork the process of a host's service; the host's end of its control channel comes along.

    Answered with the process's id inside the lab; ``Exited`` tells of its end.
    """

    host: str
    reading: ClockReading
    skew: float


@dataclass(slots=True)
class Spawn:
    """Run a program on a host; its standard input, output and error come along. Answered as ``StartService``."""

    host: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: str = "/"


@dataclass(slots=True)
class Signal:
    """Send a signal to a service's process, or to a program and what it started (``group``)."""

    process: int
    number: int
    group: bool = False


@dataclass(slots=True)
class SetLink:
    """Cut or mend, as ``Wire.set_link``."""

    host: str
    peer: str | None
    inbound: bool
    outbound: bool


@dataclass(slots=True)
class OpenCapture:
    """Listen to a network; the answer brings a packet socket that hears every frame on it."""

    network: str


@dataclass(slots=True)
class Request:
    """One of the above, numbered."""

    number: int
    what: AddHost | StartService | Spawn | Signal | SetLink | OpenCapture


# From the helper to the lab's side.


@dataclass(slots=True)
class Done:
    """A request was carried out, or failed with an error. ``number`` 0: the helper is ready for requests."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Exited:
    """A service's process or a program has ended; ``status`` is its exit code, or minus the signal that ended it."""

    process: int
    status: int


# From the lab's side to a host's process.


@dataclass(slots=True)
class Command:
    """Give the node a command."""

    number: int
    name: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class SetClock:
    """Go by another reading of the lab's clock."""

    reading: ClockReading


@dataclass(slots=True)
class SetSkew:
    """Put the host's clock ahead of the lab's by so many seconds."""

    seconds: float


@dataclass(slots=True)
class AskDeadline:
    """Say when the node wants to act next; answered by ``Deadline`` when all that has arrived is dealt with."""

    number: int


@dataclass(slots=True)
class Stop:
    """Stop in an orderly way and exit."""


# From a host's process to the lab's side.


@dataclass(slots=True)
class Happened:
    """Events of the node, each with its lab time."""

    events: list[tuple[float, object]]


@dataclass(slots=True)
class Replied:
    """The node's reply to a command."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Progressed:
    """A step of a command."""

    number: int
    step: str
    outcome: str


@dataclass(slots=True)
class Deadline:
    """When the node wants to act next, in lab time; None when nothing is due."""

    number: int
    lab: float | None


@dataclass(slots=True)
class Started:
    """The service runs; the events of its start came before."""


@dataclass(slots=True)
class Crashed:
    """The process is about to exit because of an exception; ``detail`` is its traceback."""

    detail: str
