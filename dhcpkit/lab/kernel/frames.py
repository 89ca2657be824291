"""Turns the frames that pass a lab's networks into events for its log."""

from __future__ import annotations

import socket

from dhcpkit.lab.clock import Clock
from dhcpkit.lab.cuts import Cuts
from dhcpkit.lab.events import FrameSeen
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel.capture import frames_lost, read_frames
from dhcpkit.lab.kernel.reports import Reports
from dhcpkit.protocol.addresses import BROADCAST_MAC
from dhcpkit.protocol.summary import summarise


class FrameWatch:
    """Reads the captures of all networks; in the lab's thread.

    Attributes:
        cuts: What is cut. A bridge hears a frame before it drops it, so frames that do not arrive are left out here.
    """

    def __init__(self, clock: Clock, reports: Reports) -> None:
        self.cuts = Cuts()
        self._clock = clock
        self._reports = reports
        self._names: dict[bytes, str] = {}
        self._captures: dict[str, socket.socket] = {}
        self._lost = 0

    def add_host(self, spec: HostSpec) -> None:
        """Know a host by the hardware addresses of its cards."""
        self._names.update({card.mac: spec.name for card in spec.interfaces})

    def listens_to(self, network: str) -> bool:
        """Say whether a network's capture is read already."""
        return network in self._captures

    def add_capture(self, network: str, capture: socket.socket) -> None:
        """Take over a network's capture."""
        self._captures[network] = capture

    def read(self, capture: socket.socket) -> None:
        """Report the frames that have passed."""
        for monotonic, frame in read_frames(capture):
            sender = self._names.get(frame[6:12], "")
            receiver = "*" if frame[:6] == BROADCAST_MAC else self._names.get(frame[:6], "")
            if self.cuts.passes(sender, receiver):
                protocol, summary = summarise(frame)
                what = FrameSeen(protocol, sender, receiver, summary, frame)
                self._reports.add(self._clock.reading.now(monotonic), "", what)

    def read_all(self) -> None:
        """Report what has passed on all networks."""
        for capture in tuple(self._captures.values()):
            self.read(capture)

    def lost(self) -> int:
        """Return how many frames were never reported, because more passed than could be read."""
        self._lost += sum(frames_lost(capture) for capture in self._captures.values())
        return self._lost

    def close(self) -> None:
        """Close the captures."""
        for capture in self._captures.values():
            capture.close()
        self._captures.clear()
