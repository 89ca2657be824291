"""The switch of one network: takes frames in, lets the log see them, and passes them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from dhcpkit.lab.cuts import Cuts
from dhcpkit.lab.memory.faults import Faults
from dhcpkit.lab.memory.queue import EventQueue
from dhcpkit.protocol.addresses import BROADCAST_MAC
from dhcpkit.protocol.ethernet import Frame, parse_frame


class Port(Protocol):
    """What is plugged into a switch."""

    host: str
    mac: bytes

    def receive(self, frame: Frame) -> None:
        """Take a frame, which may be for somebody else."""


@dataclass(frozen=True, slots=True)
class Medium:
    """What all networks of a lab have in common.

    Attributes:
        queue: The lab's virtual time.
        cuts: The cables and paths that are cut.
        faults: What goes wrong by chance.
        latency: Lab seconds that a frame takes from host to host.
        seen: Told each frame that passes a switch and has not met a cut: sender's and receiver's host name (``*`` for a
            broadcast, empty when unknown) and its bytes.
    """

    queue: EventQueue
    cuts: Cuts
    faults: Faults
    latency: float
    seen: Callable[[str, str, bytes], None]


class Switch:
    """A learning switch: a frame goes to where its destination was last heard, or everywhere until it was."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._ports: list[Port] = []
        self._learnt: dict[bytes, Port] = {}

    def attach(self, port: Port) -> None:
        """Plug in a cable."""
        self._ports.append(port)

    def transmit(self, port: Port, frame: bytes) -> None:
        """Send a frame from a port; it passes the switch after half of the latency."""
        if self._medium.cuts.passes(port.host, "*"):
            self._medium.queue.after(self._medium.latency / 2, partial(self._pass_on, port, frame))

    def _pass_on(self, port: Port, raw: bytes) -> None:
        medium = self._medium
        frame = parse_frame(raw)
        self._learnt[frame.source_mac] = port
        destination = frame.destination_mac
        target = self._learnt.get(destination)
        name = self._name(destination)
        if medium.cuts.passes(port.host, name):
            medium.seen(port.host, name, raw)
        for receiver in self._ports if target is None else (target,):
            if receiver is port or not medium.cuts.passes(port.host, receiver.host):
                continue
            for delay in medium.faults.delays(port.host, receiver.host):
                medium.queue.after(medium.latency / 2 + delay, partial(receiver.receive, frame))

    def _name(self, mac: bytes) -> str:
        if mac == BROADCAST_MAC:
            return "*"
        return next((port.host for port in self._ports if port.mac == mac), "")
