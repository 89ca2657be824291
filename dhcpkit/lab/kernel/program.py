"""A program that runs on a host: somebody else's DHCP client, tcpdump, or whatever a learner wants to try."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.kernel.helper_link import HelperLink
from dhcpkit.lab.kernel.messages import Spawn

_SYSTEM_PATHS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class Program:
    """A program started on a host. What it writes is kept in memory and can be read at any moment.

    Attributes:
        arguments: The program and its arguments.
        process: Its process id inside the lab.
    """

    def __init__(
        self, arguments: list[str], process: int, output: int, errors: int, send_signal: Callable[[int, int], None]
    ):
        """Take over a started program.

        Args:
            arguments: The program and its arguments.
            process: Its process id inside the lab.
            output: Descriptor of the memory file that takes its standard output.
            errors: The same for its standard error; may be the same descriptor.
            send_signal: Called with its process id and a signal for it and all it started in its session.
        """
        self.arguments = arguments
        self.process = process
        self._descriptors = {output, errors}
        self._output, self._errors = output, errors
        self._send_signal = send_signal
        self._status: int | None = None
        self._ended = threading.Event()
        self._kept: dict[int, str] | None = None

    @property
    def status(self) -> int | None:
        """Its exit status, minus the signal that ended it, or None while it runs."""
        return self._status

    @property
    def output(self) -> str:
        """What it has written to its standard output until now."""
        return self._text(self._output)

    @property
    def errors(self) -> str:
        """What it has written to its standard error until now."""
        return self._text(self._errors)

    def wait(self, timeout: float = 30.0) -> int:
        """Wait until it ends and return its status.

        Raises:
            LabError: it still runs after ``timeout`` real seconds; it goes on running.
        """
        if not self._ended.wait(timeout) or self._status is None:
            raise LabError(f"{self.arguments[0]} still runs after {timeout:g} s")
        return self._status

    def signal(self, number: int) -> None:
        """Send a signal to the program and what it started; one that has ended gets none."""
        if self._status is None:
            self._send_signal(self.process, number)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it (SIGKILL)."""
        self.signal(signal.SIGKILL)

    def exited(self, status: int) -> None:
        """Take note of its end; called in the lab's thread."""
        self._kept = {descriptor: self._text(descriptor) for descriptor in self._descriptors}
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._status = status
        self._ended.set()

    def _text(self, descriptor: int) -> str:
        if self._kept is not None:
            return self._kept[descriptor]
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, size, 0).decode(errors="replace")


def start_program(
    helper: HelperLink,
    host: str,
    arguments: Sequence[str],
    environment: dict[str, str],
    directory: str,
    send_signal: Callable[[int, int], None],
) -> Program:
    """Start a program on a host; whoever calls sees to it that ``Program.exited`` is called.

    Args:
        helper: The lab's helper.
        host: Name of the host.
        arguments: The program and its arguments.
        environment: What to add to this process's environment.
        directory: Its working directory.
        send_signal: As for ``Program``.

    Raises:
        LabError: there is no such program or directory, or it may not be executed.
    """
    if not arguments:
        raise LabError("no program was named; give its name and its arguments, as in ['ping', '-c1', '10.0.0.1']")
    words = [os.fspath(word) for word in arguments]
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    output, errors = os.memfd_create("stdout"), os.memfd_create("stderr")
    try:
        spawn = Spawn(host, words, {**_environment(), **environment}, directory)
        process, _ = helper.request(spawn, [nothing, output, errors])
    except BaseException as error:
        os.close(output)
        os.close(errors)
        if isinstance(error, OSError):
            raise LabError(
                f"{words[0]} cannot run on {host}: {error.strerror}; install it, or check its path"
            ) from None
        raise
    finally:
        os.close(nothing)
    return Program(words, process, output, errors, send_signal)


def _environment() -> dict[str, str]:
    """Return this process's environment, with the places where administrators' programs are."""
    environment = dict(os.environ)
    places = environment.get("PATH", os.defpath).split(os.pathsep)
    environment["PATH"] = os.pathsep.join([*places, *(place for place in _SYSTEM_PATHS if place not in places)])
    return environment
