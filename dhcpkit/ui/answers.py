"""Which server answered: the model of the chart, made from the event log alone.

``History`` is fed events in the order of the log and keeps three lists: the leases as clients got them (``Answer``),
the states of each server over time (``Span``), and what else happened (``Mark``). ``answers`` does it all in one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dhcpkit.client.events import LeaseBound, LeaseEnded
from dhcpkit.engine.events import RequestAnswered, RequestReceived
from dhcpkit.failover.events import RelationshipChanged, StateEntered
from dhcpkit.lab.events import AdministratorActed, Event, LinkChanged, ServiceStarted, ServiceStopped
from dhcpkit.protocol.addresses import ETHERNET, format_ip, format_mac

HOW_IN_WORDS = {"new": "new lease", "renewed": "renewed", "rebound": "rebound", "rebooted": "confirmed at boot"}
_HOW_OF_SITUATION = {"SELECTING": "new", "RENEWING": "renewed", "REBINDING": "rebound", "INIT-REBOOT": "rebooted"}
NO_FAILOVER = "running"
"""Label of a server that runs and is in no failover relationship."""


@dataclass(slots=True)
class Answer:
    """One lease as a client got or extended it. All times are lab time, seconds since the epoch.

    Attributes:
        client: The client's name.
        server: The name of the server that answered.
        address: The leased address.
        how: ``new``, ``renewed``, ``rebound`` or ``rebooted``.
        start: When the client was bound.
        t1: When it renews.
        t2: When it rebinds.
        expires: When the lease runs out.
        end: When it was replaced or given up; ``expires`` as long as neither has happened.
        ended: Why it ended before it ran out (``replaced``, ``released``, ...), empty while it stands.
    """

    client: str
    server: str
    address: int
    how: str
    start: float
    t1: float
    t2: float
    expires: float
    end: float
    ended: str = ""

    @property
    def lease_time(self) -> int:
        """Length of the promise in seconds."""
        return round(self.expires - self.start)


@dataclass(slots=True)
class Span:
    """A server's state over a time; ``end`` is None while it lasts. ``label`` is a state's name or ``stopped``."""

    server: str
    label: str
    start: float
    end: float | None
    because: str


@dataclass(slots=True, frozen=True)
class Mark:
    """A moment to mark: ``kind`` is ``state``, ``service``, ``cable`` or ``administrator``."""

    time: float
    kind: str
    host: str
    text: str


@dataclass(slots=True, frozen=True)
class Row:
    """A line of the chart's text form."""

    time: float
    who: str
    what: str

    def __str__(self) -> str:
        clock = datetime.fromtimestamp(self.time, UTC).strftime("%H:%M:%S")
        return f"{clock}  {self.who:<10}  {self.what}"


class History:
    """What the chart shows, kept up to date event by event.

    The course's own clients say themselves when they are bound, and that is believed before the servers' word: an
    acknowledgement may be lost on its way. For other clients (``udhcpc`` and the like) the servers' DHCPACKs stand.

    Attributes:
        clients: Names of the clients in the order in which they appeared.
        servers: Names of the servers.
        answers: The leases, oldest first.
        spans: The servers' states.
        marks: What else happened.
        latest: Lab time of the newest event.
    """

    def __init__(self, servers: Mapping[int, str] | None = None) -> None:
        """Begin an empty history; ``servers`` gives the names of the servers by address, in the lab's order."""
        self._names = dict(servers or {})
        self.servers = list(dict.fromkeys(self._names.values()))
        self.clients: list[str] = []
        self.answers: list[Answer] = []
        self.spans: list[Span] = []
        self.marks: list[Mark] = []
        self.latest = 0.0
        self._current: dict[str, Answer] = {}
        self._span: dict[str, Span] = {}
        self._speaks: set[bytes] = set()
        self._hostnames: dict[bytes, str] = {}

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in events in the order of the log; return whether anything that is shown has changed."""
        before = len(self.answers), len(self.spans), len(self.marks)
        changed = False
        for event in events:
            self.latest = max(self.latest, event.time)
            handler = _HANDLERS.get(type(event.what))
            if handler is not None:
                changed |= bool(handler(self, event, event.what))
        return changed or before != (len(self.answers), len(self.spans), len(self.marks))

    def rows(self) -> list[Row]:
        """Return all that happened as lines of text, in the order of time."""
        rows = [Row(mark.time, mark.host or "lab", mark.text) for mark in self.marks]
        for answer in self.answers:
            what = f"{HOW_IN_WORDS[answer.how]} {format_ip(answer.address)} from {answer.server}, {answer.lease_time} s"
            rows.append(Row(answer.start, answer.client, what))
            if answer.ended not in ("", "replaced"):
                rows.append(Row(answer.end, answer.client, f"{answer.ended} {format_ip(answer.address)}"))
        return sorted(rows, key=lambda row: row.time)

    # The handlers return True when they changed something in place, which ``feed`` cannot see by counting.

    def _lease_bound(self, event: Event, bound: LeaseBound) -> bool:
        hardware = _plain(bound.hardware)
        if hardware not in self._speaks:
            self._speaks.add(hardware)
            self._forget_hearsay(event.host, hardware)
        # The client's clock may be skewed; its intervals are not.
        start = event.time
        self._add(
            Answer(
                client=event.host,
                server=self._names.get(bound.server, format_ip(bound.server)),
                address=bound.address,
                how=bound.how,
                start=start,
                t1=start + bound.t1 - bound.obtained,
                t2=start + bound.t2 - bound.obtained,
                expires=start + bound.expires - bound.obtained,
                end=start + bound.expires - bound.obtained,
            )
        )
        return True

    def _lease_ended(self, event: Event, ended: LeaseEnded) -> bool:
        return self._end(event.host, event.time, ended.because)

    def _received(self, event: Event, request: RequestReceived) -> bool:
        hardware = _plain(request.hardware)
        if request.hostname:
            self._hostnames[hardware] = request.hostname
        if request.message == "DHCPRELEASE" and hardware not in self._speaks:
            return self._end(self._client_name(hardware), event.time, "released")
        return False

    def _answered(self, event: Event, answer: RequestAnswered) -> bool:
        how = _HOW_OF_SITUATION.get(answer.situation)
        hardware = _plain(answer.hardware)
        if answer.message != "DHCPACK" or not answer.lease_time or how is None or hardware in self._speaks:
            return False
        length = answer.lease_time
        self._add(
            Answer(
                client=self._client_name(hardware),
                server=event.host,
                address=answer.address,
                how=how,
                start=event.time,
                t1=event.time + length / 2,
                t2=event.time + length * 7 / 8,
                expires=event.time + length,
                end=event.time + length,
            )
        )
        return True

    def _service_started(self, event: Event, started: ServiceStarted) -> bool:
        if event.host in self.servers:
            first = event.host not in self._span
            self._enter(event.host, NO_FAILOVER, event.time, "the service started")
            if not first:
                self.marks.append(Mark(event.time, "service", event.host, "service started"))
        return True

    def _service_stopped(self, event: Event, stopped: ServiceStopped) -> bool:
        if event.host in self.servers:
            self._enter(event.host, stopped.how, event.time, stopped.detail)
            self.marks.append(Mark(event.time, "service", event.host, f"service {stopped.how}"))
        return True

    def _state_entered(self, event: Event, entered: StateEntered) -> bool:
        span = self._span.get(event.host)
        if span is None or span.label != entered.state.label:
            self._enter(event.host, entered.state.label, event.time, entered.because)
            self.marks.append(Mark(event.time, "state", event.host, f"{entered.state.label}: {entered.because}"))
        return True

    def _relationship_changed(self, event: Event, changed: RelationshipChanged) -> bool:
        if changed.what == "deleted":
            self._enter(event.host, NO_FAILOVER, event.time, "the relationship was deleted")
        return True

    def _link_changed(self, event: Event, link: LinkChanged) -> bool:
        self.marks.append(Mark(event.time, "cable", link.host, cable_in_words(link)))
        return True

    def _acted(self, event: Event, act: AdministratorActed) -> bool:
        self.marks.append(Mark(event.time, "administrator", event.host, act.what))
        return True

    def _add(self, answer: Answer) -> None:
        former = self._current.get(answer.client)
        if former is None:
            self.clients.append(answer.client)
        elif former.end > answer.start:
            former.end, former.ended = answer.start, "replaced"
        self._current[answer.client] = answer
        self.answers.append(answer)

    def _end(self, client: str, time: float, because: str) -> bool:
        answer = self._current.get(client)
        if answer is None or answer.ended:
            return False
        answer.end, answer.ended = min(time, answer.expires), because
        return True

    def _enter(self, server: str, label: str, time: float, because: str) -> None:
        former = self._span.get(server)
        if former is not None:
            if former.label == label:
                return
            former.end = time
        if server not in self.servers:
            self.servers.append(server)
        span = Span(server, label, time, None, because)
        self._span[server] = span
        self.spans.append(span)

    def _forget_hearsay(self, client: str, hardware: bytes) -> None:
        """Drop what only the servers had told of a client, now that it speaks for itself."""
        known = {self._hostnames.get(hardware, ""), format_mac(hardware), client}
        kept = [answer for answer in self.answers if answer.client not in known]
        if len(kept) != len(self.answers):
            self.answers = kept
            self.clients = [name for name in self.clients if name not in known]
            for name in known:
                self._current.pop(name, None)

    def _client_name(self, hardware: bytes) -> str:
        return self._hostnames.get(hardware) or format_mac(hardware)


def answers(events: Iterable[Event], servers: Mapping[int, str] | None = None) -> list[Answer]:
    """Return every lease that a client got or extended, oldest first.

    Args:
        events: Events in the order of the log.
        servers: Names of the servers by address; one that is missing goes by its address.
    """
    history = History(servers)
    history.feed(events)
    return history.answers


def cable_in_words(link: LinkChanged) -> str:
    """Say in a few words what a change of a link means."""
    path = f"path to {link.peer}" if link.peer else "cable"
    if link.inbound and link.outbound:
        return f"{path} mended"
    if link.inbound or link.outbound:
        return f"{path} cut one way ({'hears' if link.inbound else 'is heard'} only)"
    return f"{path} cut"


def _plain(hardware: bytes) -> bytes:
    """Return an Ethernet address without the hardware type that DHCP puts before it."""
    return hardware[1:] if len(hardware) == 7 and hardware[0] == ETHERNET else hardware


_HANDLERS: dict[type, Any] = {
    LeaseBound: History._lease_bound,
    LeaseEnded: History._lease_ended,
    RequestReceived: History._received,
    RequestAnswered: History._answered,
    ServiceStarted: History._service_started,
    ServiceStopped: History._service_stopped,
    StateEntered: History._state_entered,
    RelationshipChanged: History._relationship_changed,
    LinkChanged: History._link_changed,
    AdministratorActed: History._acted,
}
