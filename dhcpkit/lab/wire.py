"""A wire: what carries the lab's hosts. ``kernel/`` and ``memory/`` hold the two that there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from subprocess import CompletedProcess
from typing import Any, Protocol

from dhcpkit.lab.clock import ClockReading
from dhcpkit.lab.hosts.spec import HostSpec

ProgressCallback = Callable[[str, str], None]
"""Called with a step's name and its outcome (``Successful``, ``Failed``, or empty when it begins)."""


class Wire(Protocol):
    """The hosts of a lab and what connects them.

    A wire is made with the lab's ``Clock`` and ``EventLog``; it logs services, links, frames and what its nodes log.
    Any thread may call it. Hosts are found by name in whatever case. Every method raises ``LabError`` when there is
    no such host, and when the wire is closed.
    """

    name: str
    """``kernel`` or ``memory``."""

    def open(self, hosts: Sequence[HostSpec]) -> None:
        """Bring up the hosts and their links, and start their services."""

    def add_host(self, spec: HostSpec) -> None:
        """Bring up one more host and start its service."""

    def command(
        self,
        host: str,
        name: str,
        arguments: dict[str, Any],
        progress: ProgressCallback | None = None,
        timeout: float = 10.0,
    ) -> Any:
        """Give a command to a host's service, wait for its reply and return the value.

        Args:
            host: Name of the host.
            name: Name of the command.
            arguments: Its arguments.
            progress: Told the steps as they are done, by this thread or the lab's. It must not command the lab; when it
                raises an exception, that is reported and the command goes on.
            timeout: Real seconds to wait.

        Raises:
            LabError: no service runs there, or no reply came in time.
            Exception: what the service replied.
        """

    def start_service(self, host: str) -> None:
        """Start a host's service from what its store holds; one that runs is left alone."""

    def stop_service(self, host: str) -> None:
        """Stop a host's service in an orderly way."""

    def kill_service(self, host: str) -> None:
        """End a host's service as SIGKILL does: it gets to do nothing more."""

    def set_link(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        """Let traffic pass (True) or not, each way as seen from ``host``.

        With ``peer`` None it is the host's cable, else only the path between the two. The two are independent of each
        other: a packet passes where nothing stops it.
        """

    def set_skew(self, host: str, seconds: float) -> None:
        """Put a host's clock ahead of the lab's, or behind it when negative."""

    def set_clock(self, reading: ClockReading) -> None:
        """Go by another reading of the lab's clock from now."""

    def to_next_event(self) -> float | None:
        """Move the lab's clock to when a host is due to act next, and let that and what follows at once happen.

        Returns the lab time after that, or None when nobody is due to act, now or later.
        """

    def run(self, host: str, arguments: Sequence[str], timeout: float = 30.0) -> CompletedProcess[str]:
        """Run a program on a host, with its network, and return its output.

        Args:
            host: Name of the host.
            arguments: The program and its arguments.
            timeout: Real seconds after which it is ended.

        Raises:
            LabError: this wire cannot run programs, there is no such program, or it took too long.
        """

    def close(self) -> None:
        """End all hosts. Closing twice is fine."""
