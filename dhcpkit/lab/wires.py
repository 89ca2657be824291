"""Choosing the wire: the kernel where it can be had, memory where it cannot, and a sentence that says why."""

from __future__ import annotations

import os

from dhcpkit.lab.clock import Clock
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.wire import Wire

WIRES = ("kernel", "memory")


def choose_wire(asked: str, clock: Clock, events: EventLog, seed: int) -> tuple[Wire, str]:
    """Return the wire, and the sentence that says why it is not the kernel's although that was preferred.

    Args:
        asked: ``kernel``, ``memory`` or ``auto``; for ``auto`` the environment variable DHCPKIT_WIRE may name one.
        clock: The lab's clock.
        events: The lab's log.
        seed: Seed of the memory wire's jitter.

    Raises:
        LabError: there is no such wire, or the kernel wire was asked for and cannot be had here.
    """
    wanted = (os.environ.get("DHCPKIT_WIRE") or "auto") if asked == "auto" else asked
    if wanted not in (*WIRES, "auto"):
        raise LabError(f"there is no wire {wanted!r}; choose kernel, memory or auto")
    note = ""
    if wanted != "memory":
        from dhcpkit.lab.kernel.probe import probe

        result = probe()
        if result.ok:
            from dhcpkit.lab.kernel.wire import KernelWire

            return KernelWire(clock, events), ""
        note = f"The kernel wire is not to be had here: {result.sentence}"
        if wanted == "kernel":
            raise LabError(note)
        note += " The lab runs on the memory wire instead."
    from dhcpkit.lab.memory.wire import MemoryWire

    return MemoryWire(clock, events, seed=seed), note
