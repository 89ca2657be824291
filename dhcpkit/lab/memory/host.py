"""A host on the memory wire: its network cards and TCP, and the service that runs on it."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

from dhcpkit.engine.actions import Close, Configure, Connect, Log, Probe, Progress, Reply, Send, Transmit
from dhcpkit.lab.carrier import Carrier, Input
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ServiceStarted, ServiceStopped
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.memory.faults import FaultyStore
from dhcpkit.lab.memory.interface import Interface
from dhcpkit.lab.memory.queue import Entry
from dhcpkit.lab.memory.switch import Medium, Switch
from dhcpkit.lab.memory.tcp import TcpStack
from dhcpkit.lab.node import Node
from dhcpkit.lab.store import MemoryStore, Saved
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.ethernet import Frame, TcpSegment, tcp_frame, udp_frame

NodeBuilder = Callable[[HostSpec, Saved], Node]

_LEAST_WAIT = 0.001
"""Lab seconds after which a node is ticked again that is still due: it must not stop time for everybody else."""


class Call:
    """A command on its way: what its steps were so far, and its reply when there is one."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.reply: Reply | None = None


class Host:
    """One host. Its store survives its service; its addresses survive it too, as in a kernel.

    Attributes:
        spec: What it is.
        skew: Seconds by which its clock is ahead of the lab's.
        store: What its service has made durable.
    """

    def __init__(
        self, spec: HostSpec, networks: Callable[[str], Switch], medium: Medium, log: EventLog, build: NodeBuilder
    ) -> None:
        """Plug in a host without starting its service.

        Args:
            spec: What it is.
            networks: Returns the switch of a network by the network's name.
            medium: What all networks have in common.
            log: The lab's log.
            build: Makes the node of a host from what its store holds.
        """
        self.spec = spec
        self.skew = spec.skew
        self.store = MemoryStore()
        self._disk = FaultyStore(self.store, spec.name, medium.faults)
        self._queue = medium.queue
        self._log = log
        self._build = build
        self._tcp = TcpStack(medium.queue, random.Random(f"{spec.name} {spec.seed}"), self._emit, self)
        self._interfaces = {
            each.name: Interface(
                each,
                spec.name,
                networks(each.network),
                medium.queue,
                take=self._take,
                in_use=self._in_use,
                unreachable=self._tcp.unreachable,
            )
            for each in spec.interfaces
        }
        self._carrier: Carrier | None = None
        self._alarm: Entry | None = None
        self._calls: dict[int, Call] = {}
        self._numbered = 0

    @property
    def running(self) -> bool:
        """Whether the service runs."""
        return self._carrier is not None

    def start(self) -> None:
        """Start the service from what the store holds; one that runs is left alone.

        Raises:
            LabError: this host has no service.
        """
        if self.spec.kind == "bare":
            raise LabError(f"{self.spec.name} is a bare host: it has no service to start")
        if self._carrier is not None:
            return
        node = self._build(self.spec, self._disk.load())
        self._carrier = Carrier(node, self._disk, self)
        self._log_event(ServiceStarted(self.spec.kind))
        self._carrier.start(self._now())
        self._set_alarm()

    def stop(self) -> None:
        """Stop the service in an orderly way; one that does not run is left alone."""
        if self._carrier is None:
            return
        self._carrier.stop(self._now())
        if self._carrier is not None:
            self._tcp.close_all()
            self._end("stopped")

    def kill(self) -> None:
        """End the service at once, whatever it was doing; one that does not run is left alone."""
        if self._carrier is not None:
            self._tcp.abort_all()
            self._end("killed")

    def call(self, name: str, arguments: dict[str, Any]) -> Call:
        """Give the service a command.

        Raises:
            LabError: no service runs here.
        """
        carrier = self._carrier
        if carrier is None:
            raise LabError(f"no service runs on {self.spec.name}, so it cannot {name}; start it first")
        self._numbered += 1
        call = self._calls[self._numbered] = Call()
        self._feed(partial(carrier.node.command, self._numbered, name, arguments))
        return call

    def set_skew(self, seconds: float) -> None:
        """Put the host's clock ahead of the lab's, or behind it when negative."""
        self.skew = seconds
        self._set_alarm()

    def send(self, action: Send) -> None:
        """Send a datagram from the interface it names."""
        datagram = action.datagram
        self._interfaces[datagram.interface].send(
            datagram.destination, partial(udp_frame, datagram), datagram.destination_mac
        )

    def connect(self, action: Connect) -> None:
        """Begin to open a stream, from the address of the network that the peer is in."""
        address = self._way_to(action.address).address
        self._tcp.connect(action.stream, address, action.address, action.port)

    def transmit(self, action: Transmit) -> None:
        """Send bytes on a stream."""
        self._tcp.transmit(action.stream, action.data)

    def close(self, action: Close) -> None:
        """Close a stream."""
        self._tcp.close(action.stream)

    def configure(self, action: Configure) -> None:
        """Set an interface's address."""
        self._interfaces[action.interface].configure(action.address, action.prefix_length, action.router)

    def probe(self, action: Probe) -> None:
        """Ask by ARP whether anybody has an address."""
        self._interfaces[action.interface].probe(action.address)

    def reply(self, action: Reply) -> None:
        """Answer a command, unless nobody waits for it any more."""
        call = self._calls.pop(action.command, None)
        if call is not None:
            call.reply = action

    def progress(self, action: Progress) -> None:
        """Note a step of a command."""
        if action.command in self._calls:
            self._calls[action.command].steps.append((action.step, action.outcome))

    def log(self, action: Log) -> None:
        """Write an event to the lab's log."""
        self._log_event(action.event)

    def crashed(self, report: str) -> None:
        """Take the service down that raised an exception."""
        self._tcp.abort_all()
        self._end("crashed", report)

    def listens(self, port: int) -> bool:
        """Say whether the service takes connections to a TCP port now."""
        return self._carrier is not None and port in self._carrier.node.tcp_ports

    def stream_accepted(self, stream: str, port: int, peer: int) -> None:
        """Tell the node of a connection that a peer opened."""
        if self._carrier is not None:
            self._feed(partial(self._carrier.node.stream_accepted, stream, port, peer))

    def stream_opened(self, stream: str) -> None:
        """Tell the node that its connection is open."""
        if self._carrier is not None:
            self._feed(partial(self._carrier.node.stream_opened, stream))

    def stream_data(self, stream: str, data: bytes) -> None:
        """Hand the node bytes of a stream."""
        if self._carrier is not None:
            self._feed(partial(self._carrier.node.stream_data, stream, data))

    def stream_closed(self, stream: str, because: str) -> None:
        """Tell the node that a stream is over."""
        if self._carrier is not None:
            self._feed(partial(self._carrier.node.stream_closed, stream, because))

    def _take(self, interface: Interface, frame: Frame) -> None:
        if frame.datagram is not None:
            self._take_datagram(interface, frame.datagram)
        elif frame.tcp is not None and frame.tcp.destination == interface.address != 0:
            self._tcp.receive(frame.tcp)

    def _take_datagram(self, interface: Interface, datagram: Datagram) -> None:
        carrier = self._carrier
        if carrier is None or datagram.destination_port != carrier.node.udp_port:
            return
        destination = datagram.destination
        # A client reads past the system's filter: what it is offered comes to an address that it does not have yet.
        if interface.fixed and destination != interface.address and not interface.is_broadcast(destination):
            return
        if datagram.interface != interface.name:
            datagram = datagram._replace(interface=interface.name)
        self._feed(partial(carrier.node.datagram, datagram))

    def _in_use(self, address: int, mac: bytes) -> None:
        if self._carrier is not None:
            self._feed(partial(self._carrier.node.address_in_use, address, mac))

    def _emit(self, segment: TcpSegment) -> None:
        self._way_to(segment.destination).send(segment.destination, partial(tcp_frame, segment))

    def _way_to(self, address: int) -> Interface:
        """Return the interface in the network of an address, or else the first with a router, or else the first."""
        interfaces = self._interfaces.values()
        near = next((each for each in interfaces if each.has(address)), None)
        return near or next((each for each in interfaces if each.router), next(iter(interfaces)))

    def _feed(self, happened: Input) -> None:
        if self._carrier is not None:
            self._carrier.feed((happened,), self._now())
            self._set_alarm()

    def _tick(self) -> None:
        self._alarm = None
        if self._carrier is None:
            return
        # Adding and taking away the skew may lose the last bit; a node must not be woken just short of its deadline.
        deadline = self._carrier.next_deadline()
        if deadline is not None:
            self._carrier.feed((), max(self._now(), deadline))
        self._set_alarm(self._queue.now + _LEAST_WAIT)

    def _set_alarm(self, earliest: float = 0.0) -> None:
        """Have the node ticked when it wants to be."""
        deadline = self._carrier.next_deadline() if self._carrier is not None else None
        if deadline is None:
            self._queue.cancel(self._alarm)
            self._alarm = None
            return
        time = max(deadline - self.skew, earliest, self._queue.now)
        if self._alarm is None or self._alarm[0] != time:
            self._queue.cancel(self._alarm)
            self._alarm = self._queue.at(time, self._tick)

    def _end(self, how: str, detail: str = "") -> None:
        self._carrier = None
        self._set_alarm()
        calls, self._calls = self._calls, {}
        for number, call in calls.items():
            because = f"the service of {self.spec.name} {_ENDED[how]} before it answered"
            call.reply = Reply(number, error=LabError(because))
        self._log_event(ServiceStopped(self.spec.kind, how, detail))

    def _log_event(self, what: object) -> None:
        self._log.append(self._queue.now, self.spec.name, what)

    def _now(self) -> float:
        return self._queue.now + self.skew


_ENDED = {"stopped": "was stopped", "killed": "was killed", "crashed": "crashed"}
"""How a service ended, as the rest of a sentence."""
