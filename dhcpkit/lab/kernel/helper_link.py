"""The lab's side of the helper: starts it, gives it requests and waits for their answers, hears of processes' ends."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.kernel.channel import Channel, ChannelClosed
from dhcpkit.lab.kernel.messages import Done, Exited, Request

_TIMEOUT = 15.0
"""Real seconds for one request; a loaded machine may take long, a stuck helper must not be waited for for ever."""

# Without site (-S) Python starts sooner; the path is that of the process that starts the helper.
_BOOT = """\
import sys
sys.path[:] = sys.argv[5:]
from dhcpkit.lab.kernel.helper import main
main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
"""


class HelperLink:
    """The helper's process and this end of its channel. Any thread may ask; ``readable`` is for the lab's thread.

    Attributes:
        channel: This end of the control channel.
        ready: Done when the helper takes requests, or failed with why it cannot.
    """

    def __init__(self, builder: str, directory: str) -> None:
        """Start the helper; it is not ready yet.

        Args:
            builder: Where the function is that builds nodes, as ``module:function``.
            directory: Where stores are kept; empty for the lab's memory.
        """
        ours, theirs = socket.socketpair()
        self._complaints = os.memfd_create("dhcpkit-lab-stderr")
        package = str(Path(__file__).parents[3])
        path = [package, *(entry or os.getcwd() for entry in sys.path)]
        arguments = [str(theirs.fileno()), str(os.getpid()), builder, directory, *path]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=self._complaints,
                stderr=self._complaints,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # an interrupt of the notebook is not for the lab
            )
        except BaseException:
            ours.close()
            os.close(self._complaints)
            raise
        finally:
            theirs.close()
        self.channel = Channel(ours)
        self.ready: Future[None] = Future()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[tuple[Any, list[int]]]] = {}
        self._watched: dict[int, Callable[[int], None]] = {}
        self._unclaimed: dict[int, int] = {}
        self._gone = ""

    def request(self, what: Any, descriptors: Sequence[int] = ()) -> tuple[Any, list[int]]:
        """Have something done; return its value and the descriptors that came along. Not from the lab's thread.

        Raises:
            LabError: the helper is gone or does not answer.
            Exception: what the helper met.
        """
        return self.begin(what, descriptors).result(_TIMEOUT)

    def begin(self, what: Any, descriptors: Sequence[int] = ()) -> Future[tuple[Any, list[int]]]:
        """Send a request and return at once what will hold its answer.

        Raises:
            LabError: the helper is gone.
        """
        number = next(self._numbers)
        answer: Future[tuple[Any, list[int]]] = Future()
        with self._lock:
            if self._gone:
                raise LabError(self._gone)
            self._waiting[number] = answer
        try:
            self.channel.send(Request(number, what), descriptors)
        except ChannelClosed:
            raise LabError(f"the lab's helper process is gone{self._last_words()}") from None
        return answer

    def on_exit(self, process: int, callback: Callable[[int], None]) -> None:
        """Have ``callback(status)`` called in the lab's thread when a process ends; at once if it has ended."""
        with self._lock:
            status = self._unclaimed.pop(process, None)
            if status is None:
                self._watched[process] = callback
        if status is not None:
            callback(status)

    def readable(self) -> None:
        """Take what the helper has sent.

        Raises:
            ChannelClosed: the helper is gone; all who wait have been told.
        """
        try:
            received = self.channel.receive()
        except ChannelClosed:
            self._gone = self._gone or f"the lab's helper process ended{self._last_words()}"
            self._tell_all(self._gone)
            raise
        for message, descriptors in received:
            if isinstance(message, Exited):
                self._tell_exit(message)
            elif isinstance(message, Done):
                self._answer(message, descriptors)

    def close(self) -> None:
        """End the helper, and with it everything inside the lab, and wait until it is gone."""
        self._gone = self._gone or "the lab is closed"
        self.channel.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the first process inside dies with it (see helper.py)
            self._process.wait()
        self._tell_all(self._gone)
        os.close(self._complaints)

    def _answer(self, done: Done, descriptors: list[int]) -> None:
        if done.number == 0:
            if done.error is None:
                self.ready.set_result(None)
            else:
                self.ready.set_exception(done.error)
            return
        with self._lock:
            answer = self._waiting.pop(done.number, None)
        if answer is None:
            return
        if done.error is not None:
            answer.set_exception(done.error)
        else:
            answer.set_result((done.value, descriptors))

    def _tell_exit(self, exited: Exited) -> None:
        with self._lock:
            callback = self._watched.pop(exited.process, None)
            if callback is None:
                self._unclaimed[exited.process] = exited.status
        if callback is not None:
            callback(exited.status)

    def _tell_all(self, sentence: str) -> None:
        """Tell all who wait that nothing more will come; all processes are gone too, killed with the helper."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            watched, self._watched = self._watched, {}
        for answer in waiting.values():
            answer.set_exception(LabError(sentence))
        if not self.ready.done():
            self.ready.set_exception(LabError(sentence))
        for callback in watched.values():
            callback(-signal.SIGKILL)

    def _last_words(self) -> str:
        size = os.fstat(self._complaints).st_size
        text = os.pread(self._complaints, size, 0).decode(errors="replace").strip()
        return f": {text}" if text else ""
