"""The memory wire: what the lab asks of its hosts, and the ways to let their time pass.

With a running clock a thread of its own lets happen what has come due. With a paused clock nothing moves until
somebody moves it: ``advance``, ``advance_until``, ``step``, ``to_next_event``, or a command, which lets time pass
until it is answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from subprocess import CompletedProcess
from typing import Any

from dhcpkit.lab.clock import Clock, ClockReading
from dhcpkit.lab.cuts import Cuts
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import FrameSeen, LinkChanged
from dhcpkit.lab.hosts.build import build_node
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.memory.faults import Faults
from dhcpkit.lab.memory.host import Call, Host, NodeBuilder
from dhcpkit.lab.memory.switch import Medium, Switch
from dhcpkit.lab.memory.timeline import Timeline
from dhcpkit.lab.wire import ProgressCallback
from dhcpkit.protocol.summary import summarise

LATENCY = 0.0002
"""Lab seconds from host to host, as on a small switched network."""
ANSWER_WITHIN = 30.0
"""Lab seconds that a command may take while the clock is paused."""

_logger = logging.getLogger(__name__)


class MemoryWire:
    """Hosts in one process under virtual time. See ``Wire`` for what its methods promise; any thread may call them.

    Attributes:
        name: ``memory``.
        faults: What goes wrong by chance; nothing at first.
    """

    name = "memory"

    def __init__(
        self,
        clock: Clock,
        log: EventLog,
        *,
        seed: int = 1,
        latency: float = LATENCY,
        capture: bool = True,
        build: NodeBuilder = build_node,
    ) -> None:
        """Make a wire without hosts.

        Args:
            clock: The lab's clock. Time that passes by hand moves it.
            log: The lab's log.
            seed: Seed of the faults.
            latency: Lab seconds that a frame takes from host to host.
            capture: Log the frames; long simulations are faster without.
            build: Makes a host's node from what its store holds.
        """
        self.faults = Faults(seed)
        self._clock = clock
        self._log = log
        self._build = build
        self._time = Timeline(clock)
        self._cuts = Cuts()
        seen = self._log_frame if capture else _look_away
        self._medium = Medium(self._time.queue, self._cuts, self.faults, latency, seen)
        self._networks: dict[str, Switch] = {}
        self._hosts: dict[str, Host] = {}

    def open(self, hosts: Sequence[HostSpec]) -> None:
        """Bring up the hosts, then start their services in the same order."""
        with self._now():
            added = [self._plug_in(spec) for spec in hosts]
            for host in added:
                if host.spec.kind != "bare":
                    host.start()

    def add_host(self, spec: HostSpec) -> None:
        """Bring up one more host and start its service."""
        self.open([spec])

    def command(
        self,
        host: str,
        name: str,
        arguments: dict[str, Any],
        progress: ProgressCallback | None = None,
        timeout: float = 10.0,
    ) -> Any:
        """Give a command to a host's service and wait for its reply.

        While the clock is paused, lab time passes until the reply is there, at most 30 seconds.
        """
        with self._now():
            found = self._find(host)
            call = found.call(name, arguments)
            latest = self._time.queue.now + ANSWER_WITHIN
        deadline = time.monotonic() + timeout
        told = 0
        while True:
            with self._time.changed:
                try:
                    came = self._wait(call, told, latest, deadline)
                finally:
                    self._time.go_on()
                if not came:
                    raise LabError(f"{found.spec.name} did not answer {name!r} in time; look at the log for why")
                steps = call.steps[told:]
                reply = call.reply
            told += len(steps)
            for step in steps:
                _tell(progress, *step)
            if reply is not None:
                if reply.error is not None:
                    raise reply.error
                return reply.value

    def start_service(self, host: str) -> None:
        """Start a host's service from what its store holds."""
        with self._now():
            self._find(host).start()

    def stop_service(self, host: str) -> None:
        """Stop a host's service in an orderly way."""
        with self._now():
            self._find(host).stop()

    def kill_service(self, host: str) -> None:
        """End a host's service at once; what it has committed stays."""
        with self._now():
            self._find(host).kill()

    def set_link(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        """Let traffic pass or not. Frames that are past the switch already do arrive."""
        with self._now():
            name = self._find(host).spec.name
            other = None if peer is None else self._find(peer).spec.name
            self._cuts.change(name, other, inbound, outbound)
            self._log.append(self._time.queue.now, name, LinkChanged(name, other or "", inbound, outbound))

    def set_skew(self, host: str, seconds: float) -> None:
        """Put a host's clock ahead of the lab's, or behind it when negative."""
        with self._now():
            self._find(host).set_skew(seconds)

    def set_clock(self, reading: ClockReading) -> None:
        """Go by another reading of the clock; what it passes over happens. Lab time never goes back."""
        with self._now():
            self._clock.set(reading)
            if self._clock.now() < self._time.queue.now:
                self._clock.move_to(self._time.queue.now)
            self._time.catch_up()

    def advance(self, seconds: float) -> None:
        """Let lab time pass at once, with all that happens in it.

        Raises:
            LabError: the time is negative or endless.
        """
        if not 0 <= seconds < float("inf"):
            raise LabError(f"lab time cannot pass by {seconds} s; give a number of seconds, 0 or more")
        with self._now():
            self._time.pass_to(self._time.queue.now + seconds)

    def advance_until(self, condition: Callable[[], bool], limit: float) -> bool:
        """Let things happen until ``condition()`` is true, looked at before each; say whether it became true.

        Args:
            condition: What is waited for.
            limit: Lab seconds to let pass at most.
        """
        with self._now():
            end = self._time.queue.now + limit
            if self._time.run_until(condition, end):
                return True
            self._time.pass_to(end)
            return condition()

    def step(self) -> float | None:
        """Let the one next thing happen, say a frame's arrival; return its lab time, None when nothing is due."""
        with self._now():
            return self._time.happen()

    def to_next_event(self) -> float | None:
        """Move to the next thing that is due, and let it and what follows at once happen."""
        with self._now():
            return self._time.to_next_event()

    def run(self, host: str, arguments: Sequence[str], timeout: float = 30.0) -> CompletedProcess[str]:
        """Refuse: there is no network here that a program could use.

        Raises:
            LabError: always.
        """
        raise LabError(
            f"{arguments[0] if arguments else 'a program'} cannot run on {host}: the memory wire's network exists only "
            "inside this Python process; use Lab(wire='kernel') on Linux to run programs on a host"
        )

    def close(self) -> None:
        """End all hosts at once. It may be called while anything else is going on, as garbage collection does."""
        self._time.close()

    @contextmanager
    def _now(self) -> Iterator[None]:
        """Hold time still, when all that has come due has happened; let it go on afterwards."""
        with self._time.changed:
            self._time.catch_up()
            try:
                yield
            finally:
                self._time.go_on()

    def _wait(self, call: Call, told: int, latest: float, deadline: float) -> bool:
        """Wait until a command has a reply or a further step; say whether that came in time."""
        while call.reply is None and len(call.steps) == told:
            self._time.check()
            if self._time.paused:
                due = self._time.queue.next_time()
                if due is None or due > latest:
                    return False
                self._time.happen()
            else:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._time.changed.wait(remaining)
        return True

    def _plug_in(self, spec: HostSpec) -> Host:
        if spec.name.lower() in self._hosts:
            raise LabError(f"the lab already has a host {spec.name}; choose another name")
        if not spec.interfaces:
            raise LabError(f"{spec.name} has no network interface; give it at least one")
        host = self._hosts[spec.name.lower()] = Host(spec, self._network, self._medium, self._log, self._build)
        return host

    def _network(self, name: str) -> Switch:
        if name not in self._networks:
            self._networks[name] = Switch(self._medium)
        return self._networks[name]

    def _find(self, name: str) -> Host:
        try:
            return self._hosts[name.lower()]
        except KeyError:
            known = ", ".join(host.spec.name for host in self._hosts.values())
            raise LabError(f"the lab has no host {name!r}; its hosts: {known}") from None

    def _log_frame(self, sender: str, receiver: str, frame: bytes) -> None:
        protocol, summary = summarise(frame)
        self._log.append(self._time.queue.now, "", FrameSeen(protocol, sender, receiver, summary, frame))


def _tell(progress: ProgressCallback | None, step: str, outcome: str) -> None:
    if progress is None:
        return
    try:
        progress(step, outcome)
    except Exception:
        _logger.exception("a progress callback failed; the command goes on")


def _look_away(sender: str, receiver: str, frame: bytes) -> None:
    """Take no note of a frame."""
