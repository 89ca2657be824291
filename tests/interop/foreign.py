"""DHCP clients that nobody here wrote, on bare hosts of a lab, and what they say on the wire."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from dhcpkit.lab.events import FrameSeen
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.kernel.program import Program
from dhcpkit.lab.kernel.wire import KernelWire
from dhcpkit.lab.log import EventLog
from dhcpkit.protocol.dhcp import DhcpMessage, MessageType
from dhcpkit.protocol.ethernet import parse_frame
from tests.tools import found


@dataclass(frozen=True)
class ForeignClient:
    """A program, how it is started, and what it needs.

    Attributes:
        package: Debian's package of it.
        accepted: What it prints each time it has got or renewed its lease.
        command: What starts it in the foreground on eth0. ``/run`` and ``/etc`` are its host's own.
        configuration: Text of the file ``/run/client.conf``, which may be a script.
        renewal: Signal that has it renew; 0 where its own clock does that soon enough.
    """

    name: str
    package: str
    accepted: str
    command: str
    configuration: str = ""
    renewal: int = 0

    def spec(self, number: int) -> HostSpec:
        """A host for it, named after it."""
        return HostSpec(self.name, "bare", (InterfaceSpec(bytes.fromhex("0200000001") + bytes([number])),))

    def is_installed(self) -> bool:
        """Say whether the program is there."""
        return found(self.name) is not None

    def start(self, wire: KernelWire) -> Program:
        """Start it on its host."""
        script = f'printf "%s" "$CONFIGURATION" > /run/client.conf && chmod +x /run/client.conf && exec {self.command}'
        return wire.spawn(self.name, ["sh", "-c", script], environment={"CONFIGURATION": self.configuration})


CLIENTS = {
    client.name: client
    for client in (
        # It takes every lease for two minutes at least, so that it has to be told by a signal to renew earlier. The
        # signal ends its script too, so the script must be done with its work by then.
        ForeignClient(
            "udhcpc",
            "udhcpc",
            "configured by",
            "udhcpc -i eth0 -f -t 5 -T 1 -s /run/client.conf",
            """#!/bin/sh\n/etc/udhcpc/default.script "$@"\ntest "$1" = deconfig || echo "configured by $1"\n""",
            signal.SIGUSR1,
        ),
        ForeignClient(
            "dhclient",
            "isc-dhcp-client",
            "bound to",
            "dhclient -d -lf /run/leases -pf /run/pid -cf /run/client.conf eth0",
            "initial-interval 1; backoff-cutoff 1;",
        ),
        # Probing its address by ARP would take five seconds; that is tried with the course's own client.
        ForeignClient(
            "dhcpcd",
            "dhcpcd-base",
            "acknowledged",
            "dhcpcd -f /run/client.conf -4 -B -d --noipv4ll --noarp eth0",
            "nodelay\nnohook resolv.conf,hostname,ntp\n",
        ),
    )
}


@dataclass(frozen=True)
class Heard:
    """A DHCP message on the wire.

    Attributes:
        number: Its event's number in the log.
        time: Lab time at which it passed.
        sender: Name of the host that sent it.
        destination: Address it was sent to.
    """

    number: int
    time: float
    sender: str
    destination: int
    message: DhcpMessage


def heard(log: EventLog, wanted: Callable[[Heard], bool], since: int = 0) -> list[Heard]:
    """Return those DHCP messages that passed since an event, read from the frames themselves."""
    found = []
    for event in log.of(FrameSeen, since=since):
        if event.what.protocol == "dhcp":
            datagram = parse_frame(event.what.frame).datagram
            assert datagram is not None
            message = DhcpMessage.decode(datagram.payload)
            found.append(Heard(event.number, event.time, event.what.sender, datagram.destination, message))
    return [one for one in found if wanted(one)]


def is_a(kind: MessageType, sender: str | None = None, to: bytes | None = None) -> Callable[[Heard], bool]:
    """What to look for: a type of message, from a host, for or of the client with a hardware address."""

    def wanted(one: Heard) -> bool:
        message = one.message
        return message.message_type is kind and sender in (None, one.sender) and to in (None, message.chaddr)

    return wanted
