"""The process of one host's service: a node, its sockets, its store and the clock, in one loop that never waits long.

The loop takes what has arrived, up to ``BATCH`` datagrams a socket, and hands it to the carrier as one batch with one
time; the carrier commits once and gives the actions back to be carried out here.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dhcpkit.engine.actions import Close, Configure, Connect, Log, Probe, Progress, Reply, Send, Transmit
from dhcpkit.lab.carrier import Carrier, Input
from dhcpkit.lab.clock import ClockReading
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ActionFailed, ServiceStarted
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel.channel import Channel, ChannelClosed
from dhcpkit.lab.kernel.datagrams import ClientSockets, DatagramSockets, ServerSockets
from dhcpkit.lab.kernel.messages import (
    AskDeadline,
    Command,
    Crashed,
    Deadline,
    Happened,
    Progressed,
    Replied,
    SetClock,
    SetSkew,
    Started,
    Stop,
)
from dhcpkit.lab.kernel.network import Addresses
from dhcpkit.lab.kernel.streams import Streams
from dhcpkit.lab.node import Node
from dhcpkit.lab.store import Saved, SqliteStore, StoreError
from dhcpkit.protocol.datagram import CLIENT_PORT
from dhcpkit.protocol.ethernet import Arp

NodeBuilder = Callable[[HostSpec, Saved], Node]

_MAX_BACKLOG = 8 << 20
"""Bytes not yet taken by the lab's side at which a host takes no more input, so that no event is lost."""

_DRAIN_TIME = 1.0
"""Real seconds in which a stopping host lets its last bytes leave."""


def run_host(
    channel: Channel, spec: HostSpec, build: NodeBuilder, store_path: Path, reading: ClockReading, skew: float
) -> int:
    """Run a host's service until it is told to stop, and return the process's exit status.

    The process is in the host's namespaces already. An exception of the node, the store or this file is reported on
    the channel.
    """
    try:
        host = HostProcess(channel, spec, build, store_path, reading, skew)
        host.run()
    except ChannelClosed:
        return 1  # the lab's side is gone, and the lab with it
    except Exception as error:
        known = isinstance(error, LabError | StoreError)
        channel.send(Crashed(str(error) if known else traceback.format_exc()))
        return 1
    return 1 if host.crashed_with else 0


class HostProcess:
    """Carries one node; it is the carrier's outlet."""

    def __init__(
        self,
        channel: Channel,
        spec: HostSpec,
        build: NodeBuilder,
        store_path: Path,
        reading: ClockReading,
        skew: float,
    ) -> None:
        self.crashed_with = ""
        self._channel = channel
        self._kind = spec.kind
        self._reading = reading
        self._skew = skew
        self._store = SqliteStore(store_path)
        node = build(spec, self._store.load())
        self._node = node
        self._carrier = Carrier(node, self._store, self)
        self._inputs: list[Input] = []
        self._lab_now = 0.0
        self._events: list[tuple[float, object]] = []
        self._asked: list[int] = []
        self._probed: set[int] = set()
        self._own_macs = {card.mac for card in spec.interfaces}
        self._stopping = False
        self._addresses = Addresses()
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ, self._control)
        self._datagrams: DatagramSockets = (
            ClientSockets(spec.interfaces)
            if node.udp_port == CLIENT_PORT
            else ServerSockets(spec.interfaces, node.udp_port)
        )
        for each in self._datagrams.sockets():
            self._selector.register(each, selectors.EVENT_READ, partial(self._arrived, each))
        self._streams = Streams(node, self._selector, self._inputs.append, node.tcp_ports)

    def run(self) -> None:
        """Run the service.

        Raises:
            ChannelClosed: the lab's side is gone.
        """
        self._carrier.start(self._now())
        if self._carrier.running:
            self._events.insert(0, (self._lab_now, ServiceStarted(self._kind)))
            self._post_events()
            self._channel.post(Started())
        self._report()
        while self._carrier.running and not self._stopping:
            self._wait()
            now = self._now()
            inputs, self._inputs[:] = self._inputs[:], []
            deadline = self._carrier.next_deadline()
            if inputs or (deadline is not None and deadline <= now):
                self._carrier.feed(inputs, now)
            self._report()
        self._carrier.stop(self._now())
        self._end()

    # The carrier's outlet: carry out what the node wants.

    def send(self, action: Send) -> None:
        """Send a datagram."""
        self._attempt("send a datagram", partial(self._datagrams.send, action.datagram))

    def connect(self, action: Connect) -> None:
        """Begin to open a connection."""
        self._attempt("open a connection", partial(self._streams.connect, action.stream, action.address, action.port))

    def transmit(self, action: Transmit) -> None:
        """Send bytes on a stream."""
        self._streams.transmit(action.stream, action.data)

    def close(self, action: Close) -> None:
        """Close a stream."""
        self._streams.close(action.stream)

    def configure(self, action: Configure) -> None:
        """Set the interface's address."""
        self._probed.clear()
        self._attempt(
            "configure the interface",
            partial(self._addresses.configure, action.interface, action.address, action.prefix_length, action.router),
        )

    def probe(self, action: Probe) -> None:
        """Ask by ARP."""
        self._probed.add(action.address)
        self._attempt("probe an address", partial(self._datagrams.probe, action.address, action.interface))

    def reply(self, action: Reply) -> None:
        """Answer a command, after the events that came before the answer."""
        self._post_events()
        self._channel.post(_sendable(Replied(action.command, action.value, action.error)))

    def progress(self, action: Progress) -> None:
        """Tell a step of a command."""
        self._channel.post(Progressed(action.command, action.step, action.outcome))

    def log(self, action: Log) -> None:
        """Report an event with the time at which the node decided."""
        self._events.append((self._lab_now, action.event))

    def crashed(self, report: str) -> None:
        """Report the node's exception; the loop ends."""
        self.crashed_with = report
        self._post_events()
        self._channel.post(Crashed(report))

    def _attempt(self, what: str, act: Callable[[], None]) -> None:
        """Do what a packet or a peer may have led the node to ask for; a refusal is an event, not the end."""
        try:
            act()
        except (OSError, ValueError) as error:
            self._events.append((self._lab_now, ActionFailed(what, str(error))))

    # The loop's parts.

    def _now(self) -> float:
        """Return the time on the host's clock, and note the lab's."""
        self._lab_now = self._reading.now(time.monotonic())
        return self._lab_now + self._skew

    def _wait(self) -> None:
        """Wait until something arrives or the node's deadline comes; collect what arrived."""
        if self._channel.backlog > _MAX_BACKLOG:
            self._wait_for_lab()
        timeout: float | None = None
        if self._inputs:
            timeout = 0.0
        else:
            deadline = self._carrier.next_deadline()
            if deadline is not None:
                timeout = self._reading.delay(deadline - self._skew, time.monotonic())
        for key, events in self._selector.select(timeout):
            key.data(events)

    def _wait_for_lab(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._channel, selectors.EVENT_WRITE)
            while self._channel.backlog > _MAX_BACKLOG // 2:
                waiting.select()
                self._channel.flush()

    def _arrived(self, ready: socket.socket, events: int) -> None:
        for one in self._datagrams.receive(ready):
            if not isinstance(one, Arp):
                self._inputs.append(partial(self._node.datagram, one))
            elif one.sender_address in self._probed and one.sender_mac not in self._own_macs:
                self._inputs.append(partial(self._node.address_in_use, one.sender_address, one.sender_mac))

    def _control(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        for message, _ in self._channel.receive():
            match message:
                case Command(number, name, arguments):
                    self._inputs.append(partial(self._node.command, number, name, arguments))
                case SetClock(reading):
                    self._reading = reading
                case SetSkew(seconds):
                    self._skew = seconds
                case AskDeadline(number):
                    self._asked.append(number)
                case Stop():
                    self._stopping = True

    def _post_events(self) -> None:
        if self._events:
            self._channel.post(Happened(self._events))
            self._events = []

    def _report(self) -> None:
        self._post_events()
        for number in self._asked:
            deadline = self._carrier.next_deadline()
            self._channel.post(Deadline(number, None if deadline is None else deadline - self._skew))
        self._asked.clear()
        self._flush()

    def _flush(self) -> None:
        done = self._channel.flush()
        wanted = selectors.EVENT_READ if done else selectors.EVENT_READ | selectors.EVENT_WRITE
        if self._selector.get_key(self._channel).events != wanted:
            self._selector.modify(self._channel, wanted, self._control)

    def _end(self) -> None:
        """Let what is still to be sent leave, for at most ``_DRAIN_TIME``, and close everything."""
        self._streams.close_all()
        for each in self._datagrams.sockets():
            self._selector.unregister(each)
        self._post_events()
        until = time.monotonic() + _DRAIN_TIME
        self._flush()
        while (self._streams.draining or self._channel.backlog) and (left := until - time.monotonic()) > 0:
            for key, events in self._selector.select(left):
                key.data(events)
        self._datagrams.close()
        self._addresses.close()
        self._store.close()


def _sendable(reply: Replied) -> Replied:
    """Return the reply, or an error in its place when what it holds cannot be sent to another process."""
    try:
        pickle.loads(pickle.dumps(reply))
    except Exception as error:
        held = reply.error if reply.error is not None else reply.value
        return Replied(reply.number, error=LabError(f"the reply {held!r} cannot be sent to the lab: {error}"))
    return reply
