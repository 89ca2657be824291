"""Labs with scripted nodes, and how tests wait for what happens in them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from dhcpkit.lab.clock import Clock
from dhcpkit.lab.events import Event
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.kernel.program import Program
from dhcpkit.lab.kernel.wire import KernelWire
from dhcpkit.lab.log import EventLog

NODES = "tests.lab.kernel.nodes:build"


def mac(number: int) -> bytes:
    return bytes.fromhex("0200000000") + bytes([number])


def address(number: int) -> int:
    return 0x0A000000 + number


def host(number: int, kind: str = "bare", *, addressed: bool = True, **more: Any) -> HostSpec:
    """H1 is 10.0.0.1 and 02:00:00:00:00:01, and so on."""
    own = (address(number), 24) if addressed else (0, 0)
    return HostSpec(f"H{number}", kind, (InterfaceSpec(mac(number), *own),), **more)


class TriedLab:
    """A kernel wire with its clock and log."""

    def __init__(self, speed: float = 1.0, **options: Any) -> None:
        self.clock = Clock(speed=speed)
        self.log = EventLog()
        self.wire = KernelWire(self.clock, self.log, **{"build": NODES, **options})
        self._grown = threading.Condition()
        self.log.subscribe(self._grow)

    def open(self, *hosts: HostSpec) -> TriedLab:
        self.wire.open(hosts)
        return self

    def command(self, host: str, name: str, **arguments: Any) -> Any:
        return self.wire.command(host, name, arguments)

    def told(self, host: str, word: str) -> list[tuple[Any, ...]]:
        """What a scripted node has logged under a word, without the word."""
        events = self.log.of(tuple, host=host)
        return [event.what[1:] for event in events if isinstance(event.what, tuple) and event.what[0] == word]

    def wait_for(self, condition: Callable[[], Any], timeout: float = 5.0) -> Any:
        """Wait until a condition on the log holds, looking whenever it grows; return what it returned."""
        with self._grown:
            assert self._grown.wait_for(condition, timeout), f"not within {timeout} s; the log: {self.log.of()[-20:]}"
        return condition()

    def written(self, program: Program, text: str, timeout: float = 5.0) -> None:
        """Wait until a program has written a text; nothing tells when it does, so it is looked at now and then."""
        end = time.monotonic() + timeout
        pause = threading.Event()
        while text not in program.output + program.errors:
            assert program.status is None and time.monotonic() < end, program.output + program.errors  # noqa: PT018
            pause.wait(0.005)

    def pings(self, sender: str, number: int) -> bool:
        done = self.wire.run(sender, ["ping", "-c1", "-W1", f"10.0.0.{number}"])
        return done.returncode == 0

    def _grow(self, _: Sequence[Event]) -> None:
        with self._grown:
            self._grown.notify_all()
