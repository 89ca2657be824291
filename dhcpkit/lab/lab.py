"""A lab: hosts on a wire, one clock, one event log.

    with Lab() as lab:
        lab.dhcp2.add_guide_scope()
        lab.dhcp2.configure_failover(partner="dhcp1.contoso.com", secret="secret", mclt=60)
        lab.until(lambda: lab.client1.served_by == "DHCP2").result()

Every method may be called from any thread and returns within a moment; what takes lab time is awaited (``until``).
"""

from __future__ import annotations

import os
import random
import weakref
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from dhcpkit.lab import guide
from dhcpkit.lab.clock import LAB_START, Clock
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import AdministratorActed, ClockChanged, Event, FrameSeen, ServiceStarted, ServiceStopped
from dhcpkit.lab.handles import ClientHost, Host, ServerHost
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.waiting import Waiting, Watcher
from dhcpkit.lab.wires import choose_wire
from dhcpkit.protocol.pcap import pcap_header, pcap_record

_H = TypeVar("_H", bound=Host)


class Lab:
    """The guide's lab, or another one.

    Args:
        wire: ``kernel`` (Linux network namespaces), ``memory`` (one process, simulated Ethernet), or ``auto``: the
            kernel where it can be had. The environment variable ``DHCPKIT_WIRE`` decides for ``auto``.
        speed: Lab seconds in a real second; 0 is paused.
        seed: Decides everything random in the lab.
        hosts: The hosts; None is the guide's: DHCP1, DHCP2 and Client1.
        start: Lab time at the start.

    Raises:
        LabError: the wire asked for cannot be had, or its hosts cannot be brought up.

    Attributes:
        wire: Which wire it runs on, ``kernel`` or ``memory``.
        network: That wire, which carries the hosts.
        wire_note: Why the kernel wire is not to be had and what to do about it; empty when it is, or was not asked for.
        clock: The lab's clock.
        events: The lab's log.
        hosts: The hosts by name in lower case.
    """

    def __init__(
        self,
        *,
        wire: str = "auto",
        speed: float = 1.0,
        seed: int = 1,
        hosts: Sequence[HostSpec] | None = None,
        start: datetime | None = None,
    ) -> None:
        self.seed = seed
        self.clock = Clock(start.replace(tzinfo=start.tzinfo or UTC).timestamp() if start else LAB_START, speed)
        self.events = EventLog()
        self.hosts: dict[str, Host] = {}
        self._watchers: tuple[Watcher, ...] = ()
        self._links: dict[tuple[str, str], tuple[bool, bool]] = {}
        self.network, self.wire_note = choose_wire(wire, self.clock, self.events, seed)
        self.wire = self.network.name
        # On the memory wire, where nobody else can listen, the same seed gives the same frames to the byte.
        self._key = random.Random(seed).randbytes(32) if self.wire == "memory" else os.urandom(32)
        self._finalizer = weakref.finalize(self, self.network.close)
        specs = list(hosts) if hosts is not None else guide.hosts(seed * 1000, self._key)
        for spec in specs:
            self._handle(spec)
        self.events.subscribe(_follow_services(weakref.ref(self)))
        try:
            self.network.open(specs)
        except BaseException:
            self.close()
            raise

    @property
    def servers(self) -> list[ServerHost]:
        """The DHCP servers, in order."""
        return [host for host in self.hosts.values() if isinstance(host, ServerHost)]

    @property
    def clients(self) -> list[ClientHost]:
        """The hosts with the course's own client, in order."""
        return [host for host in self.hosts.values() if isinstance(host, ClientHost)]

    @property
    def dhcp1(self) -> ServerHost:
        """The guide's first server."""
        return self._of_kind("dhcp1", ServerHost)

    @property
    def dhcp2(self) -> ServerHost:
        """The guide's second server, from which failover is configured."""
        return self._of_kind("dhcp2", ServerHost)

    @property
    def client1(self) -> ClientHost:
        """The guide's client."""
        return self._of_kind("client1", ClientHost)

    def __getitem__(self, name: str) -> Host:
        try:
            return self.hosts[name.lower()]
        except KeyError:
            known = ", ".join(host.name for host in self.hosts.values())
            raise LabError(f"the lab has no host {name!r}; its hosts: {known}") from None

    def add_client(self, name: str | None = None) -> ClientHost:
        """Plug in one more client; it starts to ask for an address at once."""
        number = len(self.clients) + 1
        spec = guide.client(number, self.seed * 1000 + 100 + number)
        if name is not None:
            spec = HostSpec(name, "client", spec.interfaces, domain=spec.domain, seed=spec.seed)
        if spec.name.lower() in self.hosts:
            raise LabError(f"the lab already has a host {spec.name}; choose another name")
        self.network.add_host(spec)
        host = self._handle(spec)
        assert isinstance(host, ClientHost)
        return host

    def set_speed(self, speed: float) -> None:
        """Let the clock run at so many lab seconds a real second; 0 pauses it."""
        try:
            reading = self.clock.set_speed(speed)
        except ValueError as error:
            raise LabError(str(error)) from None
        except TypeError:
            raise LabError(f"a clock's speed is a number, not {speed!r}") from None
        self.network.set_clock(reading)
        self.record("", ClockChanged(speed))

    def pause(self) -> None:
        """Stop the clock; nothing happens until it goes on."""
        self.set_speed(0)

    def to_next_event(self) -> float | None:
        """Move the clock to when a host is due to act next; return the lab time then, None when nothing is due."""
        return self.network.to_next_event()

    def cut(self, host: str, peer: str | None = None, *, inbound: bool = True, outbound: bool = True) -> None:
        """Cut a host's cable, or only its path to one other host. Directions are seen from ``host``."""
        self._set_link(host, peer, not inbound, not outbound)

    def mend(self, host: str, peer: str | None = None) -> None:
        """Mend what was cut."""
        self._set_link(host, peer, True, True)

    def is_cut(self, host: str, peer: str | None = None) -> bool:
        """Say whether a cable or path is cut in any direction."""
        return self._links.get((host.lower(), (peer or "").lower()), (True, True)) != (True, True)

    def until(self, condition: Callable[[], bool], within: float = 600, what: str = "") -> Waiting:
        """Wait until ``condition()`` is true: ``await lab.until(...)``, or ``.result()`` in a script.

        Args:
            condition: Looked at whenever something happened in the lab.
            within: Lab seconds after which waiting ends with a LabError.
            what: What is waited for, for people.
        """
        return Waiting(self, condition, within, what)

    def run(self, seconds: float) -> Waiting:
        """Let the lab run for so many lab seconds: ``await lab.run(60)``."""
        end = self.clock.now() + seconds
        return Waiting(self, lambda: self.clock.now() >= end, seconds + 3600, f"{seconds:g} s of lab time")

    def watch_waiting(self, watcher: Watcher) -> Callable[[], None]:
        """Have a function told of every wait; return what ends that."""
        self._watchers = (*self._watchers, watcher)

        def unwatch() -> None:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)

        return unwatch

    def tell_watchers(self, waiting: Waiting) -> None:
        """Tell who watches how far a wait is."""
        for watcher in self._watchers:
            watcher(waiting)

    def record(self, host: str, what: object) -> None:
        """Write an event of the lab itself to the log, at the present lab time."""
        self.events.append(self.clock.now(), host, what)

    def save_capture(self, path: str | Path) -> int:
        """Write every frame in the log to a pcap file, for Wireshark; return how many there are."""
        frames = [(event.time, event.what.frame) for event in self.events if isinstance(event.what, FrameSeen)]
        Path(path).write_bytes(b"".join([pcap_header(), *(pcap_record(time, frame) for time, frame in frames)]))
        return len(frames)

    def close(self) -> None:
        """End all hosts. A lab that is dropped, or whose program ends, is closed too."""
        self._finalizer()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        names = ", ".join(host.name for host in self.hosts.values())
        return f"<Lab on the {self.wire} wire: {names}>"

    def _of_kind(self, name: str, kind: type[_H]) -> _H:
        host = self[name]
        if not isinstance(host, kind):
            raise LabError(f"{host.name} is a {host.kind} in this lab")
        return host

    def _handle(self, spec: HostSpec) -> Host:
        kinds: dict[str, type[Host]] = {"server": ServerHost, "client": ClientHost}
        host = kinds.get(spec.kind, Host)(self, spec)
        self.hosts[spec.name.lower()] = host
        return host

    def _set_link(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        name, other = self[host].name, self[peer].name if peer else ""
        what = f"the path between {name} and {other}" if other else f"the cable of {name}"
        self.record(name, AdministratorActed(f"{'Mend' if inbound and outbound else 'Cut'} {what}"))
        self.network.set_link(name, other or None, inbound, outbound)
        self._links[name.lower(), other.lower()] = (inbound, outbound)
        if other:
            self._links[other.lower(), name.lower()] = (outbound, inbound)


def _follow_services(lab_reference: weakref.ref[Lab]) -> Callable[[list[Event]], None]:
    """Keep the hosts' ``running`` true to the log, also when a service ends by itself; does not keep the lab alive."""

    def follow(events: list[Event]) -> None:
        lab = lab_reference()
        if lab is None:
            return
        for event in events:
            if isinstance(event.what, ServiceStarted | ServiceStopped):
                host = lab.hosts.get(event.host.lower())
                if host is not None:
                    host.running = isinstance(event.what, ServiceStarted)

    return follow
