"""The kernel wire as the lab uses it. What it promises is written at ``Wire`` in ``dhcpkit/lab/wire.py``."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from dhcpkit.lab.clock import Clock, ClockReading
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import LinkChanged
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel.channel import Channel, ChannelClosed
from dhcpkit.lab.kernel.frames import FrameWatch
from dhcpkit.lab.kernel.helper_link import HelperLink
from dhcpkit.lab.kernel.lab_thread import LabThread
from dhcpkit.lab.kernel.messages import (
    AddHost,
    OpenCapture,
    SetClock,
    SetLink,
    SetSkew,
    Signal,
    StartService,
    Stop,
)
from dhcpkit.lab.kernel.program import Program, start_program
from dhcpkit.lab.kernel.reports import Reports
from dhcpkit.lab.kernel.service_link import ServiceLink
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.wire import ProgressCallback

COURSE_HOSTS = "dhcpkit.lab.hosts.build:build_node"
"""Where the function is that builds the nodes of the course's hosts."""

_START_TIMEOUT = 15.0
_STOP_TIMEOUT = 5.0
_QUIET = 0.03
"""Real seconds without any event after which what follows from one is taken to have happened."""


@dataclass(slots=True, eq=False)
class _Host:
    spec: HostSpec
    skew: float
    service: ServiceLink | None = None


class KernelWire:
    """Hosts in network namespaces of their own, one process each.

    Attributes:
        name: ``kernel``.
    """

    name = "kernel"

    def __init__(
        self,
        clock: Clock,
        log: EventLog,
        *,
        capture: bool = True,
        build: str = COURSE_HOSTS,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        """Make a wire without hosts; nothing is started before ``open``.

        Args:
            clock: The lab's clock.
            log: The lab's log.
            capture: Log the frames that pass; without it a busy lab is faster.
            build: Where the function is that builds a host's node from its ``HostSpec`` and ``Saved``, as
                ``module:function``; every host's process imports it.
            directory: Where the services' stores are kept. None keeps them in the lab's memory, where they survive
                their service but not the lab.

        Raises:
            LabError: the directory is missing, or under ``/run``, which the hosts do not see.
        """
        self._directory = _checked_directory(directory)
        self._clock = clock
        self._log = log
        self._capture = capture
        self._build = build
        self._lock = threading.RLock()
        self._hosts: dict[str, _Host] = {}
        self._reports = Reports(log)
        self._frames = FrameWatch(clock, self._reports)
        self._helper: HelperLink | None = None
        self._thread: LabThread | None = None
        self._closed = False

    def open(self, hosts: Sequence[HostSpec]) -> None:
        """Bring up the hosts and their links, and start their services, all at the same time."""
        self._check_caller()
        with self._lock:
            if self._helper is None:
                self._start_helper()
            try:
                self._bring_up(hosts)
            except BaseException:
                self.close()
                raise

    def add_host(self, spec: HostSpec) -> None:
        """Bring up one more host and start its service."""
        self._check_caller()
        with self._lock:
            self._bring_up([spec])

    def command(
        self,
        host: str,
        name: str,
        arguments: dict[str, Any],
        progress: ProgressCallback | None = None,
        timeout: float = 10.0,
    ) -> Any:
        """Give a command to a host's service and return the value of its reply."""
        self._check_caller()
        found = self._find(host)
        service = found.service
        if service is None or not service.running:
            raise LabError(f"no service runs on {found.spec.name}, so it cannot {name}; start it first")
        return service.command(name, arguments, progress, timeout)

    def start_service(self, host: str) -> None:
        """Start a host's service from what its store holds."""
        self._check_caller()
        with self._lock:
            found = self._find(host)
            if found.spec.kind == "bare":
                raise LabError(f"{found.spec.name} is a bare host: it has no service to start")
            if found.service is None or not found.service.running:
                self._begin_service(found).started.result(_START_TIMEOUT)

    def stop_service(self, host: str) -> None:
        """Stop a host's service in an orderly way; one that does not run is left alone."""
        self._check_caller()
        with self._lock:
            found = self._find(host)
            if found.service is not None and found.service.running:
                found.service.tell(Stop())
                self._wait_for_end(found, found.service)

    def kill_service(self, host: str) -> None:
        """End a host's service by SIGKILL; one that does not run is left alone."""
        self._check_caller()
        with self._lock:
            found = self._find(host)
            if found.service is not None and found.service.running:
                self._request(Signal(found.service.process, 9))
                self._wait_for_end(found, found.service)

    def set_link(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        """Let traffic pass or not, each way."""
        self._check_caller()
        with self._lock:
            name = self._find(host).spec.name
            other = self._find(peer).spec.name if peer else None
            if name == other:
                raise LabError(
                    f"there is no path from {name} to itself; name another host, or none for the whole cable"
                )
            self._request(SetLink(name, other, inbound, outbound))
            self._frames.cuts.change(name, other, inbound, outbound)
            self._reports.enter_all()
            self._log.append(self._clock.now(), name, LinkChanged(name, other or "", inbound, outbound))

    @property
    def frames_lost(self) -> int:
        """How many frames passed that are not in the log, because more passed than this process could read."""
        return self._frames.lost()

    def set_skew(self, host: str, seconds: float) -> None:
        """Put a host's clock ahead of the lab's, or behind it when negative."""
        self._check_caller()
        with self._lock:
            found = self._find(host)
            found.skew = seconds
            if found.service is not None and found.service.running:
                found.service.tell(SetSkew(seconds))

    def set_clock(self, reading: ClockReading) -> None:
        """Go by another reading of the lab's clock from now."""
        self._check_caller()
        with self._lock:
            self._check_open()
            self._clock.set(reading)
            for service in self._running():
                service.tell(SetClock(reading))

    def to_next_event(self) -> float | None:
        """Move the lab's clock to when a host is due to act next, and wait until all is quiet after that."""
        self._check_caller()
        with self._lock:
            self._check_open()
            due = min(self._deadlines(), default=None)
            if due is None:
                return None
            # A microsecond more, so that rounding does not leave a host believing that it is not yet time.
            self.set_clock(self._clock.move_to(max(due + 1e-6, self._clock.now())))
            self._wait_until_quiet()
            return self._clock.now()

    def run(self, host: str, arguments: Sequence[str], timeout: float = 30.0) -> CompletedProcess[str]:
        """Run a program on a host and return its output."""
        program = self.spawn(host, arguments)
        try:
            status = program.wait(timeout)
        except LabError:
            program.kill()
            program.wait()
            raise LabError(f"{arguments[0]} on {host} took longer than {timeout:g} s and was ended") from None
        return CompletedProcess(list(arguments), status, program.output, program.errors)

    def spawn(
        self, host: str, arguments: Sequence[str], *, environment: dict[str, str] | None = None, directory: str = "/"
    ) -> Program:
        """Start a program on a host, in its network and with its own ``/etc`` and ``/run``.

        Args:
            host: Name of the host.
            arguments: The program and its arguments.
            environment: What to add to this process's environment.
            directory: Its working directory.

        Raises:
            LabError: there is no such program or directory, or it may not be executed.
        """
        self._check_caller()
        found = self._find(host)
        helper, name = self._link(), found.spec.name
        program = start_program(helper, name, arguments, environment or {}, directory, self._signal)
        self._on_exit(program.process, program.exited)
        return program

    def close(self) -> None:
        """End all hosts and leave nothing behind."""
        self._check_caller()
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._thread is not None:
                self._thread.end()
            services = [host.service for host in self._hosts.values() if host.service is not None]
            for service in services:
                service.lab_closed()
            if self._helper is not None:
                self._helper.close()
            for service in services:
                service.channel.close()
            self._frames.close()
            self._reports.enter_all()

    # Bringing up.

    def _start_helper(self) -> None:
        self._check_open()
        self._helper = helper = HelperLink(self._build, self._directory)
        self._thread = LabThread(self._reports.enter_due)
        self._watch(helper.channel, helper.readable)
        try:
            helper.ready.result(_START_TIMEOUT)
        except Exception as error:
            self.close()
            if isinstance(error, LabError):
                raise
            raise LabError(f"the kernel wire cannot be had here: {error}") from None

    def _bring_up(self, specs: Sequence[HostSpec]) -> None:
        """Make hosts and start their services; each step for all hosts before the next one is waited for."""
        self._check_names(specs)
        helper = self._link()
        made = [helper.begin(AddHost(spec)) for spec in specs]
        for spec, answer in zip(specs, made, strict=True):
            try:
                answer.result(_START_TIMEOUT)
            except OSError as error:
                raise LabError(f"{spec.name} cannot be brought up: {error}") from None
            self._hosts[spec.name.lower()] = _Host(spec, spec.skew)
            self._frames.add_host(spec)
        if self._capture:
            for network in dict.fromkeys(card.network for spec in specs for card in spec.interfaces):
                self._listen(network)
        services = [self._begin_service(self._find(spec.name)) for spec in specs if spec.kind != "bare"]
        for service in services:
            service.started.result(_START_TIMEOUT)

    def _begin_service(self, host: _Host) -> ServiceLink:
        ours, theirs = socket.socketpair()
        with theirs:
            request = StartService(host.spec.name, self._clock.reading, host.skew)
            process, _ = self._link().request(request, [theirs.fileno()])
        service = ServiceLink(host.spec, Channel(ours), process, self._clock, self._reports, self._settle)
        if host.service is not None:
            host.service.channel.close()
        host.service = service
        self._watch(service.channel, service.readable)
        self._on_exit(process, service.exited)
        return service

    def _listen(self, network: str) -> None:
        if not self._frames.listens_to(network):
            _, descriptors = self._link().request(OpenCapture(network))
            capture = socket.socket(fileno=descriptors[0])
            self._frames.add_capture(network, capture)
            self._lab_thread().watch(capture, lambda: self._frames.read(capture))

    # What the lab's thread does.

    def _watch(self, channel: Channel, readable: Callable[[], None]) -> None:
        thread = self._lab_thread()

        def take() -> None:
            try:
                readable()
            except ChannelClosed:
                thread.forget(channel)

        thread.watch(channel, take)

    def _on_exit(self, process: int, callback: Callable[[int], None]) -> None:
        helper = self._link()
        self._lab_thread().call(lambda: helper.on_exit(process, callback))

    def _settle(self) -> None:
        """Enter into the log all that has happened until now."""
        self._frames.read_all()
        self._reports.enter_all()

    # Small things.

    def _deadlines(self) -> list[float]:
        return [due for service in self._running() if (due := service.deadline()) is not None]

    def _wait_until_quiet(self, at_most: float = 2.0) -> None:
        end = time.monotonic() + at_most
        quiet_since = time.monotonic()
        waiting = threading.Event()
        while (now := time.monotonic()) < end:
            quiet_since = max(quiet_since, self._reports.last_activity)
            left = quiet_since + _QUIET - now
            if left <= 0:
                break
            waiting.wait(left)
        self._deadlines()  # each host has dealt with everything before it answers

    def _running(self) -> list[ServiceLink]:
        return [host.service for host in self._hosts.values() if host.service is not None and host.service.running]

    def _wait_for_end(self, host: _Host, service: ServiceLink) -> None:
        if not service.ended.wait(_STOP_TIMEOUT):
            raise LabError(f"the service of {host.spec.name} has not ended after {_STOP_TIMEOUT:g} s; kill it")

    def _signal(self, process: int, number: int) -> None:
        self._request(Signal(process, number, group=True))

    def _request(self, what: Any) -> Any:
        try:
            value, _ = self._link().request(what)
        except (OSError, ValueError) as error:
            raise LabError(error.strerror if isinstance(error, OSError) and error.strerror else str(error)) from None
        return value

    def _link(self) -> HelperLink:
        self._check_open()
        if self._helper is None:
            raise LabError("the lab is not open yet")
        return self._helper

    def _lab_thread(self) -> LabThread:
        if self._thread is None:
            raise LabError("the lab is not open yet")
        return self._thread

    def _find(self, name: str) -> _Host:
        self._check_open()
        try:
            return self._hosts[name.lower()]
        except KeyError:
            known = ", ".join(host.spec.name for host in self._hosts.values()) or "none"
            raise LabError(f"the lab has no host {name!r}; its hosts: {known}") from None

    def _check_names(self, specs: Sequence[HostSpec]) -> None:
        taken = set(self._hosts)
        for spec in specs:
            if spec.name.lower() in taken:
                raise LabError(f"the lab has a host {spec.name} already; choose another name")
            taken.add(spec.name.lower())

    def _check_open(self) -> None:
        if self._closed:
            raise LabError("the lab is closed; open a new one")

    def _check_caller(self) -> None:
        if self._thread is not None and self._thread.is_current:
            raise LabError("a subscriber of the event log cannot command the lab; do it from another thread")


def _checked_directory(directory: str | os.PathLike[str] | None) -> str:
    if directory is None:
        return ""
    path = Path(directory).resolve()
    if not path.is_dir():
        raise LabError(f"{path} is no directory; make it first")
    if path.is_relative_to("/run"):
        raise LabError(f"{path} is under /run, which a lab's hosts do not see; choose another directory")
    return str(path)
