"""``make demo``: the guide's demonstration in a terminal, in under 30 seconds."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from dhcpkit.client.events import LeaseBound, LeaseEnded
from dhcpkit.failover.events import ContactLost, StateEntered
from dhcpkit.lab import guide
from dhcpkit.lab.events import Event, ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.addresses import format_ip

SPEED = 24
"""Lab seconds in a real second: the demonstration's six minutes pass in a quarter of a minute."""


def play(arguments: list[str]) -> int:
    """Play it; return 0 when every step came out as the guide says."""
    parser = argparse.ArgumentParser(prog="dhcpkit demo", description=__doc__)
    parser.add_argument("--wire", default="auto", choices=["auto", "kernel", "memory"])
    parser.add_argument("--speed", type=float, default=SPEED, help="lab seconds in a real second (default %(default)s)")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    with Lab(wire=options.wire, speed=options.speed) as lab:
        _Stage(lab).perform()
    print(f"\nDone in {time.monotonic() - begun:.0f} s. Now try it yourself: make lab")
    return 0


class _Stage:
    """Plays the acts and prints what the event log says meanwhile."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._start = lab.clock.now()
        self._colour = sys.stdout.isatty()

    def perform(self) -> None:
        """All acts, in the guide's order."""
        lab = self._lab
        if lab.wire_note:
            print(lab.wire_note)
        where = "network namespaces" if lab.wire == "kernel" else "memory"
        self._say(f"DHCP1 {lab.dhcp1.address}, DHCP2 {lab.dhcp2.address} and Client1, in {where}, {lab.clock.speed:g}x")
        lab.events.subscribe(self._narrate)

        self._say(f"DHCP2 gets a scope. {guide.describe_scope()}")
        lab.dhcp2.add_guide_scope()
        self._wait(lambda: lab.client1.served_by == "DHCP2", "Client1's first lease")

        self._say("Configure failover on DHCP2, partner dhcp1.contoso.com, MCLT 1 minute")
        lab.dhcp2.configure_failover(secret=guide.SECRET, mclt=guide.MCLT, on_progress=self._progress)

        self._say("Load balance: 0 % to DHCP2, 100 % to DHCP1. Who notices, and when?")
        lab.dhcp2.set_failover(percent=0)
        self._wait(lambda: lab.client1.served_by == "DHCP1", "Client1 to be served by DHCP1")

        self._say("Hot standby: DHCP2, where failover was configured, is the active server")
        lab.dhcp2.set_failover(mode="HotStandby")
        self._wait(lambda: lab.client1.served_by == "DHCP2", "Client1 to be served by DHCP2")

        self._say("Stop server on DHCP2")
        lab.dhcp2.stop()
        self._wait(lambda: lab.client1.served_by == "DHCP1", "Client1 to be served by the standby, DHCP1")

        addresses = {event.what.address for event in lab.events.of(LeaseBound)}
        kept = "the same address all along" if len(addresses) == 1 else "its address changed"
        self._say(f"Client1 has {lab.client1.address}, from {lab.client1.served_by}: {kept}")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        self._lab.until(condition, what=what).result()

    def _say(self, text: str) -> None:
        print(f"\n\x1b[1m{text}\x1b[0m" if self._colour else f"\n{text}", flush=True)

    def _progress(self, step: str, outcome: str) -> None:
        if outcome:
            print(f"          {step} ... {outcome}", flush=True)

    def _narrate(self, events: list[Event]) -> None:
        for event in events:
            line = _line(event)
            if line:
                print(f"  {event.time - self._start:5.0f} s {event.host:<8} {line}", flush=True)


def _line(event: Event) -> str:
    what = event.what
    if isinstance(what, LeaseBound):
        verb = {"new": "got", "renewed": "renewed", "rebound": "rebound", "rebooted": "confirmed"}[what.how]
        return f"{verb} {format_ip(what.address)} from {format_ip(what.server)} for {what.lease_time} s"
    if isinstance(what, LeaseEnded):
        return f"lost {format_ip(what.address)}: {what.because}"
    if isinstance(what, StateEntered):
        return f"enters {what.state.label}: {what.because}"
    if isinstance(what, ContactLost):
        return f"lost contact with its partner: {what.because}"
    if isinstance(what, ServiceStopped):
        return f"its service {what.how}"
    return ""
