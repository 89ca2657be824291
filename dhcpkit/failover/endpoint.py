"""One server's end of one failover relationship: the place to start in this room.

An endpoint is given what happens (a stream's bytes, the time, a lease that changed, an administrator's word) and
returns actions. It is built in layers, each a file with one idea:

``permissions``  what this server may do for clients now (the engine asks)
``session``      the connection to the partner: who dials, CONNECT, keep-alive, loss
``exchange``     binding updates, and the acknowledgements that keep both lease tables equal
``sharing``      who may give which free address
``endpoint``     this file: the state machine that ``states.py`` has as a table

A state is on disk before anything is done because of it. Nothing that the partner sends raises: what is malformed
closes the connection, with the reason in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dhcpkit.engine.actions import Actions, Document
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.failover.bindings import ENDED
from dhcpkit.failover.dialect import dialect_of
from dhcpkit.failover.events import ContactEstablished, ContactLost, PartnerStateSeen, StateEntered
from dhcpkit.failover.session import Timer
from dhcpkit.failover.settings import FailoverError, Settings
from dhcpkit.failover.sharing import Sharing
from dhcpkit.failover.states import RECOVERY_STATES, RESUMED, Event, transition, wants_updates
from dhcpkit.protocol.failover.codes import MessageType, RejectReason, ServerState
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import Rejection, StateReport

_STARTUP = ServerState.STARTUP
_NORMAL = ServerState.NORMAL
_INTERRUPTED = ServerState.COMMUNICATIONS_INTERRUPTED
_PARTNER_DOWN = ServerState.PARTNER_DOWN
_RECOVER = ServerState.RECOVER
_RECOVER_WAIT = ServerState.RECOVER_WAIT

_CLOCK_ERROR = 2.0
"""Seconds by which a time of the partner may be misjudged: it comes in whole seconds, and some are spent on the way."""


class Endpoint(Sharing):
    """One server's end of a relationship; also the authority that the engine asks about its scopes.

    Attributes:
        settings: The relationship as this server has it.
        state: This server's endpoint state.
        since: When it was entered, seconds since the epoch.
        partner_state: The state that the partner says it is in; None without contact.
    """

    def __init__(
        self, settings: Settings, table: LeaseTable, *, saved: dict[str, Any] | None = None, fresh: bool = False
    ) -> None:
        """Make the endpoint; ``start`` sets it going.

        Args:
            settings: The relationship.
            table: The server's leases.
            saved: The value of the document ``failover-state`` of this name, as it was committed last.
            fresh: The relationship is new: no server has promised anything under it. Without ``saved`` and not fresh
                the server has lost what it knew and learns everything from its partner.

        Raises:
            FailoverError: the settings name a dialect that does not exist.
        """
        super().__init__(settings, table)
        saved = saved or {}
        stored = ServerState[saved["state"]] if saved else _RECOVER
        self.partner_state: ServerState | None = None
        self._partner_since = 0
        self._partner_starting = False
        self._resume = RESUMED.get(stored, stored)
        self._resume_since: float | None = saved["since"] if saved and self._resume is stored else None
        self._first_run: bool = saved.get("first_run", fresh)
        self._wants_everything: bool = saved.get("wants_everything", True)
        self._stopped: float | None = saved.get("stopped")
        self._stored_since: float = saved.get("since", 0.0)
        self._started = 0.0
        self._request_xid: int | None = None
        self._retry_at: float | None = None
        self._queue.presume_told(lease.address for lease in self._leases() if lease.status in ENDED)

    @property
    def settled(self) -> bool:
        """Both servers are in NORMAL, and each knows all that this one does."""
        return self.state is _NORMAL and self.partner_state is _NORMAL and self._queue.idle

    # What the server node calls

    def start(self, now: float) -> Actions:
        """Begin in STARTUP, until the partner is heard of or the wait for it is over."""
        self._started = now
        self.since = now
        if not self._stored_since:
            self._save()
        self._out.log(StateEntered(self.settings.name, _STARTUP, None, "the server starts and looks for its partner"))
        self._dial(now)
        return self._out.take()

    def stop(self, now: float) -> Actions:
        """Stop in an orderly way: remember when, and close every connection."""
        self._save(stopped=now)
        for connection in [*self._waiting.values(), *([self._session] if self._session else [])]:
            self._out.close(connection.stream)
        self._waiting.clear()
        self._session = None
        self._dial_at = None
        return self._out.take()

    def stream_accepted(self, stream: str, peer: int, now: float) -> Actions:
        """Take a connection that the host at the address ``peer`` opened to the failover port."""
        self._accepted(stream, peer, now)
        return self._out.take()

    def nudged(self, now: float) -> Actions:
        """Dial, if primary: the partner opened a connection that cannot be told to belong to one relationship."""
        if self._is_primary:
            self._nudged(now)
        return self._out.take()

    def stream_opened(self, stream: str, now: float) -> Actions:
        """Take note that a connection which this endpoint asked for is open."""
        self._opened(stream, now)
        return self._out.take()

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        """Take bytes from the partner."""
        self._data(stream, data, now)
        return self._out.take()

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        """Take note that a connection ended, broke or could not be opened."""
        self._closed(stream, because, now)
        return self._out.take()

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        while (due := min(self._timers(), key=lambda timer: timer[0], default=None)) is not None and due[0] <= now:
            due[1](now)
        return self._out.take()

    def next_deadline(self) -> float | None:
        """Return when ``tick`` is wanted next, None when nothing is due."""
        return min((when for when, _ in self._timers()), default=None)

    def change_settings(self, settings: Settings, now: float) -> Actions:
        """Follow the administrator's change; the partner is told by other means, at about the same time.

        A new secret or dialect ends the connection and begins a new one; everything else is just followed.

        Raises:
            FailoverError: a change that a relationship cannot take (name, role, either address); nothing was changed.
        """
        before = self.settings
        if (settings.name, settings.role, settings.address, settings.partner) != (
            before.name,
            before.role,
            before.address,
            before.partner,
        ):
            raise FailoverError(
                f"name, role and servers of the relationship {before.name!r} cannot be changed; delete it and make "
                "another"
            )
        dialect_of(settings.dialect)
        new_language = (settings.secret, settings.dialect) != (before.secret, before.dialect)
        if new_language and self._session is not None:
            self._end(self._session, "the shared secret or the dialect was changed", now)
        self._adopt(settings)
        if new_language:
            self._redial(now)
        for scope in set(settings.scopes) - set(before.scopes):
            self._owe_scope(scope)
        for scope in set(before.scopes) - set(settings.scopes):
            self._disown_scope(scope)
        self._share_all(now)
        self._pump(now)
        return self._out.take()

    def partner_down(self, now: float) -> Actions:
        """Go to PARTNER-DOWN: the administrator says that the partner is down and will not answer clients.

        Raises:
            FailoverError: the state does not allow it: the servers are in contact, or this one is starting.
        """
        row = transition(self.state, Event.ADMINISTRATOR, self.settings.role)
        if row is None or self.in_contact:
            raise FailoverError(
                f"the relationship {self.settings.name!r} is in {self.state.label}; PARTNER-DOWN follows only from "
                "COMMUNICATIONS-INTERRUPTED, when contact with the partner is lost"
            )
        self._enter(row.to, row.rule, now)
        return self._out.take()

    # States

    def _enter(self, state: ServerState, because: str, now: float, since: float | None = None) -> None:
        previous, self.state = self.state, state
        self.since = now if since is None else since
        self._request_xid = None
        if state is _NORMAL:
            self._first_run = False
            self._wants_everything = False
        self._save()
        self._out.log(StateEntered(self.settings.name, state, previous, because))
        if self._session is not None:
            self._report_state(now)
        self._share_all(now, just_met=True)
        if state is _NORMAL and self.in_contact and not self._is_primary and self.dialect.pool_requests:
            self._send(MessageType.POOLREQ, [], now)

    def _save(self, stopped: float | None = None) -> None:
        """Keep the state; while nothing is served after a start, the time of the stop before it stays."""
        starting = self.state is _STARTUP
        idle = starting or self.state is _RECOVER or self.state is _RECOVER_WAIT
        value = {
            "state": (self._resume if starting else self.state).name,
            "since": (self._stored_since or self._started) if starting else self.since,
            "first_run": self._first_run,
            "wants_everything": self._wants_everything,
            "stopped": self._stopped if idle and self._stopped is not None else stopped,
        }
        self._out.document(Document("failover-state", self.settings.name, value))

    def _happened(self, event: Event, now: float) -> None:
        """Follow the row for an event, then whatever the partner's state leads on to."""
        row = transition(self.state, event, self.settings.role)
        if row is not None:
            self._enter(row.to, row.rule, now)
        self._follow_partner(now)

    def _follow_partner(self, now: float) -> None:
        """Move on as far as the partner's state leads, and do what the state reached asks for."""
        self._end_wait(now)
        while self.in_contact and self.partner_state is not None and not self._partner_starting:
            row = transition(self.state, self.partner_state, self.settings.role)
            if row is None:
                self._ask_for_updates(self.partner_state, now)
                break
            self._enter(row.to, row.rule, now)
        self._pump(now)

    def _ask_for_updates(self, partner: ServerState, now: float) -> None:
        if self._request_xid is None and wants_updates(self.state, partner, self.settings.role):
            everything = self.state is _RECOVER and self._wants_everything
            kind = MessageType.UPDREQALL if everything else MessageType.UPDREQ
            self._request_xid = self._send(kind, [], now)

    def _leave_startup(self, because: str, now: float) -> None:
        """Go on in the state before the start, unless the partner took over meanwhile."""
        took_over = self.in_contact and self.partner_state is _PARTNER_DOWN
        if took_over and self._resume is not _PARTNER_DOWN and self._resume not in RECOVERY_STATES:
            session = self._session
            entered = self._partner_since - (session.clock_difference() if session else 0.0)
            took_over_later = entered + _CLOCK_ERROR >= self._last_operation()
            event = Event.TAKEN_OVER if took_over_later else Event.BOTH_SERVED
            row = transition(_STARTUP, event, self.settings.role)
            assert row is not None
            self._enter(row.to, row.rule, now)
        else:
            self._enter(self._resume, because, now, self._resume_since)

    def _last_operation(self) -> float:
        """Return when this server served last before its start, as far as it knows."""
        own = (lease.contacted for lease in self._leases() if lease.granted_by != self.settings.partner)
        return max(self._stored_since, self._stopped or 0, *own, 0)

    # The session

    def _greeted(self, now: float) -> None:
        self._report_state(now)

    def _report_state(self, now: float) -> None:
        starting = self.state is _STARTUP
        state = self._resume if starting else self.state
        self._send(MessageType.STATE, StateReport(state, starting, int(self.since)).to_options(), now)

    def _contact_lost(self, because: str, now: float) -> None:
        self._queue.end()
        self._request_xid = None
        self._retry_at = None
        self.partner_state = None
        self._out.log(ContactLost(self.settings.name, because))
        self._happened(Event.CONTACT_LOST, now)

    def _received(self, message: FailoverMessage, now: float) -> None:
        kind = message.type
        if kind == MessageType.BNDUPD:
            self._updates_received(message, now)
        elif kind == MessageType.BNDACK:
            self._updates_answered(message, now)
        elif kind == MessageType.STATE:
            self._partner_reports(StateReport.from_options(message.options), now)
        elif kind in (MessageType.UPDREQ, MessageType.UPDREQALL):
            self._updates_requested(message, now)
        elif kind == MessageType.UPDDONE:
            self._updates_done(message, now)
        elif kind == MessageType.POOLREQ:
            self._addresses_requested(message, now)
        elif kind == MessageType.DISCONNECT:
            self._partner_disconnects(message, now)

    def _partner_reports(self, report: StateReport, now: float) -> None:
        session = self._session
        assert session is not None
        self.partner_state = report.state
        self._partner_since = report.since
        self._partner_starting = report.startup
        first = not session.in_contact
        session.in_contact = True
        if first:
            self._queue.begin(self._queue.limit, self._unacknowledged())
            self._retry_at = now + self.settings.timers.rebalance
            self._out.log(ContactEstablished(self.settings.name))
        self._out.log(PartnerStateSeen(self.settings.name, report.state, report.startup))
        if self.state is _STARTUP:
            self._leave_startup("contact with the partner is established", now)
        if first:
            self._happened(Event.CONTACT, now)
        else:
            self._follow_partner(now)

    def _updates_done(self, message: FailoverMessage, now: float) -> None:
        if message.xid != self._request_xid:
            return
        self._request_xid = None
        first = self.state is _RECOVER and self._first_run
        if self.state is _RECOVER:
            self._wants_everything = False
        self._happened(Event.FIRST_UPDATES_DONE if first else Event.UPDATES_DONE, now)

    def _partner_disconnects(self, message: FailoverMessage, now: float) -> None:
        if self._session is None or not self.dialect.disconnects:
            return
        rejection = Rejection.from_options(message.options) or Rejection(RejectReason.UNKNOWN)
        self._end(self._session, f"the partner disconnected: {rejection.text or rejection.reason.name}", now)
        self._dial_later(now)

    # Timers

    def _timers(self) -> Iterator[Timer]:
        """Yield what is due when."""
        yield from self._connection_timers()
        timers = self.settings.timers
        if self.state is _STARTUP:
            yield self._started + timers.startup, self._startup_over
        elif self.state is _INTERRUPTED and self.settings.switch_interval is not None:
            yield self.since + self.settings.switch_interval, self._switch
        elif self.state is _RECOVER_WAIT:
            yield self._wait_until(), self._follow_partner
        if self._share_at is not None:
            yield self._share_at, self._share_again
        if self._retry_at is not None:
            yield self._retry_at, self._retry_refused

    def _startup_over(self, now: float) -> None:
        self._leave_startup(f"the partner was not heard of for {self.settings.timers.startup} s", now)
        self._end_wait(now)

    def _switch(self, now: float) -> None:
        self._happened(Event.SWITCH_INTERVAL, now)

    def _wait_until(self) -> float:
        """Return when what this server promised before its stop has run out; unknown stops count from the start."""
        return (self._started if self._stopped is None else self._stopped) + self._mclt

    def _end_wait(self, now: float) -> None:
        if self.state is _RECOVER_WAIT and now >= self._wait_until():
            row = transition(_RECOVER_WAIT, Event.WAIT_OVER, self.settings.role)
            assert row is not None
            self._enter(row.to, row.rule, now)

    def _share_again(self, now: float) -> None:
        self._share_all(now)

    def _retry_refused(self, now: float) -> None:
        """Offer the partner again what it refused: it may know better by now."""
        self._retry_at = now + self.settings.timers.rebalance
        if self._queue.has_refused:
            self._queue.retry_refused()
            self._pump(now)

    def _owe_scope(self, scope: int) -> None:
        """Owe the partner every lease of a scope that joined the relationship."""
        for lease in self._leases_of(scope):
            lease.unacknowledged = True
            self._queue.add(lease.address)
            self._out.commit(lease)

    def _disown_scope(self, scope: int) -> None:
        """Owe the partner nothing more of a scope that left the relationship."""
        for lease in self._leases_of(scope):
            self._queue.overtake(lease.address)
