"""A memory wire with recording nodes, moved by hand."""

from __future__ import annotations

from typing import Any

from dhcpkit.engine.actions import (
    Action,
    Connect,
)
from dhcpkit.lab.clock import Clock
from dhcpkit.lab.events import (
    FrameSeen,
)
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.memory.wire import MemoryWire
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.datagram import Datagram
from tests.lab.nodes import Recorder

ONE, TWO, THREE = parse_ip("10.0.0.1"), parse_ip("10.0.0.2"), parse_ip("10.0.0.3")
NOBODY = parse_ip("10.0.0.99")


def spec(number: int, address: int | None = None, network: str = "lan", **more: Any) -> HostSpec:
    own = 0x0A000000 + number if address is None else address
    card = InterfaceSpec(b"\x00\x15\x5d\x00\x00" + bytes([number]), own, 24 if own else 0, network)
    return HostSpec(f"H{number}", "server", (card,), seed=number, **more)


class World:
    """A memory wire with recording nodes, moved by hand."""

    def __init__(self, *specs: HostSpec, speed: float = 0.0, **options: Any) -> None:
        self.clock = Clock(speed=speed)
        self.log = EventLog()
        self.nodes: dict[str, Recorder] = {}
        self.saved: dict[str, Saved] = {}
        self.wire = MemoryWire(self.clock, self.log, build=self.build, **options)
        self.wire.open(specs or (spec(1), spec(2), spec(3)))

    def build(self, host: HostSpec, saved: Saved) -> Recorder:
        node = self.nodes[host.name] = Recorder()
        node.tcp_ports = (647,)
        self.saved[host.name] = saved
        return node

    def do(self, host: str, *actions: Action) -> None:
        assert self.wire.command(host, "do", {"actions": actions}) == "done"

    def frames(self) -> list[str]:
        return [f"{event.what.sender}>{event.what.receiver} {event.what.summary}" for event in self.log.of(FrameSeen)]

    def streams(self) -> None:
        """Let H1 open a stream ``s`` to H2, whose end is ``accepted-1``."""
        self.do("H1", Connect("s", TWO, 647))
        self.wire.advance(0.01)
        assert self.nodes["H1"].of("stream_opened")[-1][0] == "s"

    def received(self, host: str) -> bytes:
        return b"".join(data for _, data, _ in self.nodes[host].of("stream_data"))


def datagram(source: int, destination: int, payload: bytes = b"hello", **more: Any) -> Datagram:
    return Datagram(payload, source, 67, destination, 67, **more)
