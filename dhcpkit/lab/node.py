"""A node: what a host does, without the I/O.

The same node runs in a process of its own in a network namespace (kernel wire) and in memory under virtual time. A
wire feeds it inputs with the time on the host's clock (lab time plus the host's skew) and carries out the actions it
returns (``dhcpkit/engine/actions.py`` has the rules). Inputs are given one after another; a node never waits.

A process that carries a node takes what has arrived, feeds it all in, writes the commits of all the lists in one
transaction, and then carries out the rest: that is the group commit that makes durability cheap.
"""

from __future__ import annotations

from typing import Any, Protocol

from dhcpkit.engine.actions import Actions
from dhcpkit.protocol.datagram import Datagram


class Node(Protocol):
    """A host's decisions."""

    @property
    def udp_port(self) -> int:
        """The UDP port the host listens on: 67 for a server, 68 for a client."""

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """TCP ports on which the host takes connections."""

    def start(self, now: float) -> Actions:
        """The service starts."""

    def stop(self, now: float) -> Actions:
        """The service is stopped in an orderly way; the wire closes the node's streams afterwards."""

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        """A UDP datagram for ``udp_port`` arrived."""

    def stream_accepted(self, stream: str, port: int, peer: int, now: float) -> Actions:
        """``peer`` opened a connection to ``port``, one of ``tcp_ports``. The wire chose the stream's name."""

    def stream_opened(self, stream: str, now: float) -> Actions:
        """A connection asked for with ``Connect`` is open."""

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        """Bytes arrived on a stream."""

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        """A stream was closed by the other side, broke, or could not be opened; ``because`` says which."""

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        """Somebody answered a ``Probe``."""

    def command(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        """An administrator asks for something; answered by one ``Reply(number, ...)``, at once or later.

        A wrong request is answered by a ``Reply`` with an error that names what is wrong and changes nothing.
        """

    def tick(self, now: float) -> Actions:
        """The time of ``next_deadline`` has come (or passed)."""

    def next_deadline(self) -> float | None:
        """When ``tick`` is wanted next, on the host's clock; None when nothing is due."""
