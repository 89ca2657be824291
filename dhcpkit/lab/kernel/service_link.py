"""The lab's side of one host's service: its process, what it is told, and what it reports."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from dhcpkit.lab.clock import Clock
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ServiceStopped
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel.channel import Channel, ChannelClosed
from dhcpkit.lab.kernel.messages import (
    AskDeadline,
    Command,
    Crashed,
    Deadline,
    Happened,
    Progressed,
    Replied,
    Started,
)
from dhcpkit.lab.kernel.reports import Reports
from dhcpkit.lab.wire import ProgressCallback

_logger = logging.getLogger(__name__)

_END_FOLLOWS = 1.0
"""Real seconds within which the end of a process is known after its channel was found closed."""


class ServiceLink:
    """A running service. Any thread may send; ``readable`` and ``exited`` are called in the lab's thread.

    Attributes:
        channel: This end of the service's control channel.
        process: The id that the service's process has inside the lab.
        started: Done when the service runs, or failed with why it does not.
        ended: Set when the process is gone and all it said is in the log.
    """

    def __init__(
        self, spec: HostSpec, channel: Channel, process: int, clock: Clock, reports: Reports, settle: Callable[[], None]
    ) -> None:
        """Take over a service's channel.

        Args:
            spec: The host.
            channel: This end of the control channel.
            process: The process's id inside the lab.
            clock: The lab's clock.
            reports: Where events go.
            settle: Enters all that has happened into the log, before somebody is answered.
        """
        self.channel = channel
        self.process = process
        self.started: Future[None] = Future()
        self.ended = threading.Event()
        self._spec = spec
        self._clock = clock
        self._reports = reports
        self._settle = settle
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._progress: dict[int, ProgressCallback] = {}
        self._crash = ""
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether the service has been started and has not ended."""
        return self.started.done() and self.started.exception() is None and not self.ended.is_set()

    def command(self, name: str, arguments: dict[str, Any], progress: ProgressCallback | None, timeout: float) -> Any:
        """Give a command and wait for the reply.

        Raises:
            LabError: no reply in time, or the service ended before it.
            Exception: what the service replied.
        """
        number, reply = self._expect(progress)
        try:
            try:
                self.channel.send(Command(number, name, arguments))
            except ChannelClosed as error:
                # A process that has just ended: why it did is what its end tells in a moment, by the reply.
                if not self.ended.wait(_END_FOLLOWS):
                    raise LabError(f"the service of {self._spec.name} takes no commands: {error}") from None
            return reply.result(timeout)
        except TimeoutError:
            if reply.done():
                raise
            raise LabError(f"{self._spec.name} did not answer {name} within {timeout:g} s") from None
        finally:
            self._expect_no_more(number)

    def deadline(self, timeout: float = 5.0) -> float | None:
        """Ask when the service wants to act next; return the lab time, None when nothing is due or it has ended."""
        number, reply = self._expect(None)
        try:
            self.channel.send(AskDeadline(number))
            answer: float | None = reply.result(timeout)
        except (ChannelClosed, LabError, TimeoutError):
            return None
        finally:
            self._expect_no_more(number)
        return answer

    def tell(self, message: object) -> None:
        """Send a message that is not answered; a service that is about to end does not get it."""
        try:
            self.channel.send(message)
        except ChannelClosed:
            return

    def readable(self) -> None:
        """Take what the service has sent.

        Raises:
            ChannelClosed: the process has closed its end; ``exited`` tells the rest.
        """
        for message, _ in self.channel.receive():
            self._take(message)

    def exited(self, status: int) -> None:
        """Take note that the process is gone: ``status`` is its exit code, or minus the signal that ended it."""
        for message, _ in self.channel.receive_last():
            self._take(message)
        self._end(*self._how(status))

    def lab_closed(self) -> None:
        """Tell all who wait that the lab is closed."""
        self._fail("the lab was closed")

    def _take(self, message: object) -> None:
        match message:
            case Happened(events):
                for lab_time, what in events:
                    self._reports.add(lab_time, self._spec.name, what)
            case Replied(number, value, error):
                self._settle()
                self._answer(number, value, error)
            case Deadline(number, lab):
                self._answer(number, lab, None)
            case Progressed(number, step, outcome):
                self._tell_progress(number, step, outcome)
            case Started():
                self._settle()
                self.started.set_result(None)
            case Crashed(detail):
                self._crash = detail

    def _tell_progress(self, number: int, step: str, outcome: str) -> None:
        progress = self._progress.get(number)
        if progress is None:
            return
        try:
            progress(step, outcome)
        except Exception:
            _logger.exception("a progress callback failed; the command goes on")

    def _how(self, status: int) -> tuple[str, str]:
        if self._crash:
            return "crashed", self._crash
        if status < 0:
            return "killed", ""
        return ("stopped", "") if status == 0 else ("crashed", f"its process ended with exit status {status}")

    def _end(self, how: str, detail: str) -> None:
        if self.started.done() and not self._closed:
            self._reports.add(self._clock.now(), self._spec.name, ServiceStopped(self._spec.kind, how, detail))
        self._settle()
        words = {"stopped": "was stopped", "killed": "was killed", "crashed": "crashed"}[how]
        self._fail(f"the service of {self._spec.name} {words} before it answered" + (f": {detail}" if detail else ""))
        if not self.started.done():
            self.started.set_exception(LabError(f"the service of {self._spec.name} did not start: {detail or how}"))
        self.ended.set()

    def _expect(self, progress: ProgressCallback | None) -> tuple[int, Future[Any]]:
        number = next(self._numbers)
        reply: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise LabError(f"no service runs on {self._spec.name}")
            self._waiting[number] = reply
        if progress is not None:
            self._progress[number] = progress
        return number, reply

    def _expect_no_more(self, number: int) -> None:
        with self._lock:
            self._waiting.pop(number, None)
        self._progress.pop(number, None)

    def _answer(self, number: int, value: Any, error: Exception | None) -> None:
        with self._lock:
            reply = self._waiting.pop(number, None)
        if reply is None:
            return  # whoever asked waits no longer
        if error is not None:
            reply.set_exception(error)
        else:
            reply.set_result(value)

    def _fail(self, sentence: str) -> None:
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, {}
        for reply in waiting.values():
            reply.set_exception(LabError(sentence))
