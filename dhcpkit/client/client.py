"""A DHCP client: it gets an address, keeps it, and gives it up in time (RFC 2131 section 4.4).

The client is given what arrives and the time, and returns actions (``dhcpkit/engine/actions.py``). It moves by the
table in ``states.py``; how long it waits is in ``timers.py``, what it writes in ``messages.py``.

It behaves like Windows: it takes the first offer, asks for the address it had before, and after a release stays
without an address until it is told to renew. Unlike Windows it does not give itself an address of 169.254.0.0/16
when no server answers; ``unanswered`` says when Windows would have. It starts at once, where the RFC would have it
wait a random time of up to ten seconds (section 4.4.1).
"""

from __future__ import annotations

import math
import random

from dhcpkit.client.events import ClientStateEntered, LeaseBound, LeaseEnded, NoServerAnswered
from dhcpkit.client.exchange import Attempt, Exchange
from dhcpkit.client.lease import ClientLease, lease_offered
from dhcpkit.client.messages import Messages
from dhcpkit.client.states import Event, State, transition
from dhcpkit.client.timers import (
    DECLINE_WAIT,
    NAK_WAIT,
    OFFER_WAIT,
    PROBE_WAIT,
    TRIES,
    UNICAST_WAIT,
    renewal_wait,
    retransmission_wait,
)
from dhcpkit.engine.actions import Actions, Configure, Log, Probe
from dhcpkit.protocol.addresses import ETHERNET, format_ip
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import DhcpMessage, MessageType

_HOW = {
    State.REQUESTING: "new",
    State.REBOOTING: "rebooted",
    State.RENEWING: "renewed",
    State.REBINDING: "rebound",
}


class Client:
    """One network card's DHCP client.

    Args:
        hardware: Ethernet address, six bytes.
        hostname: Name to tell the server (option 12).
        rng: Where transaction numbers and the spread of the waits come from.
        client_id: Option 61 with its type byte; None for what Windows sends, 01 and the hardware address.
        probe: Ask by ARP whether somebody uses an address before taking it.
        probe_wait: Seconds to wait for that answer.
        remembered: Lease from before a restart; while it runs, the client starts in INIT-REBOOT.

    Raises:
        ValueError: hardware address, name or identifier are not what a message can hold.

    Attributes:
        lease: The lease in use, None while there is none.
        remembered: The lease to ask for again after a restart: the one in use, or the one in use at ``stop``.
        unanswered: The client has no address because no server answers, for half a minute or longer.
    """

    def __init__(
        self,
        hardware: bytes,
        *,
        hostname: str,
        rng: random.Random,
        client_id: bytes | None = None,
        probe: bool = True,
        probe_wait: float = PROBE_WAIT,
        remembered: ClientLease | None = None,
    ) -> None:
        client_id = bytes([ETHERNET]) + hardware if client_id is None else client_id
        self._hardware = hardware
        self._exchange = Exchange(Messages(hardware, hostname, client_id), rng)
        self._rng = rng
        self._probe = probe
        self._probe_wait = probe_wait
        self._state = State.INIT_REBOOT if remembered else State.INIT
        self.lease: ClientLease | None = None
        self.remembered = remembered
        self.unanswered = False
        self._wanted = 0  # the address to ask for in a DHCPDISCOVER
        self._offer: ClientLease | None = None
        self._acknowledged: ClientLease | None = None  # being probed
        self._told = False  # a person asked for the renewal under way
        self._rebind_at = math.inf
        self._timer = math.inf

    @property
    def state(self) -> str:
        """Name of the state in RFC 2131 figure 5. Released and waiting for ``renew`` is ``INIT``."""
        return self._state.value

    def next_deadline(self) -> float | None:
        """Return when ``tick`` is wanted next; None when nothing is due."""
        due = min(self._timer, self._turn, self._end)
        return None if due == math.inf else due

    def start(self, now: float) -> Actions:
        """Begin: in INIT-REBOOT while a lease is remembered, else in INIT. Does nothing to a client at work."""
        actions: Actions = []
        if self._state is State.INIT_REBOOT:
            if self.remembered and now < self.remembered.expires:
                actions += self._move(Event.START, f"remembers {format_ip(self.remembered.address)}", now)
                return actions + self._try(now)
            actions += self._expire("the remembered lease is over", now)
        if self._state is State.INIT:
            actions += self._discover_first(now, "needs an address")
        return actions

    def stop(self, now: float) -> Actions:
        """Halt: stop using the address, but remember it for the next ``start``."""
        actions: Actions = [Configure(0)] if self.lease else []
        if transition(self._state, Event.STOP):
            actions += self._move(Event.STOP, "the client is stopped", now)
        self.lease = None
        self.unanswered = False
        self._timer = math.inf
        return actions

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        """Take in what arrived on port 68. What is no answer to this client's own question is dropped."""
        answer = self._exchange.answer(datagram.payload)
        if answer is None:
            return []
        reply, attempt = answer
        match reply.message_type:
            case MessageType.OFFER:
                return self._offered(reply, now)
            case MessageType.ACK:
                return self._confirmed(reply, attempt, now)
            case MessageType.NAK:
                return self._refused(reply, now)
        return []

    def tick(self, now: float) -> Actions:
        """Do what is due."""
        actions: Actions = []
        while min(self._timer, self._turn, self._end) <= now:
            if self._end <= now:
                actions += self._expire("nobody extended the lease", now)
            elif self._turn <= now:
                actions += self._turned(now)
            else:
                actions += self._timed_out(now)
        return actions

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        """Somebody with hardware address ``mac`` answered a probe for ``address``: decline it and start over later."""
        lease = self._acknowledged or self.lease
        if lease is None or lease.address != address or mac == self._hardware:
            return []
        if not transition(self._state, Event.CONFLICT):
            return []
        actions = self._end_lease(lease, "declined")
        self._wanted = 0
        actions += self._exchange.decline(self._state, lease)
        actions += self._move(Event.CONFLICT, f"{mac.hex(':')} uses {format_ip(address)} already", now)
        self._timer = now + DECLINE_WAIT
        return actions

    def renew(self, now: float) -> Actions:
        """Extend the lease now, as ``ipconfig /renew`` does; without a lease, get one.

        The leasing server is asked first, everybody some seconds later. When nobody answers, the lease stays as it
        is, and ``NoServerAnswered`` is logged.
        """
        if self.lease:
            actions = self._move(Event.RENEW, "told to renew", now)
            self._told = True
            self._rebind_at = now + UNICAST_WAIT
            return actions + self._try(now)
        self.unanswered = False
        if transition(self._state, Event.RENEW):
            actions = self._move(Event.RENEW, "told to renew", now)
            return actions + self._discover_first(now, "told to renew")
        return self.start(now)

    def release(self, now: float) -> Actions:
        """Give the address back and stay without one until ``renew`` or ``start``. Nothing to do without a lease."""
        lease = self.lease
        if lease is None:
            return []
        actions = self._exchange.release(self._state, lease)
        actions += self._end_lease(lease, "released")
        return actions + self._move(Event.RELEASE, "told to release", now)

    @property
    def _turn(self) -> float:
        """When T1 (BOUND) or T2 (RENEWING) expires."""
        if self._state is State.BOUND and self.lease:
            return self.lease.t1
        return self._rebind_at if self._state is State.RENEWING else math.inf

    @property
    def _end(self) -> float:
        """When the lease ends, or the one that the client hopes to use again."""
        if self.lease:
            return self.lease.expires
        if self._state is State.REBOOTING and self.remembered and not self._acknowledged:
            return self.remembered.expires
        return math.inf

    def _move(self, event: Event, because: str, now: float) -> Actions:
        """Take the table's row for an event, and begin what belongs to the new state afresh.

        Raises:
            LookupError: there is no such row; callers ask first where it depends on what others send.
        """
        row = transition(self._state, event)
        if row is None:
            raise LookupError(f"a client in {self._state} knows no event {event!r}")
        previous, self._state = self._state, row.next_state
        self._acknowledged = None
        self._timer = math.inf
        if row.next_state is State.REBINDING:  # goes on with what RENEWING began
            self._exchange.attempt = 0
        else:
            self._told = False
            if row.next_state is not State.BOUND:
                self._exchange.begin(now)
        if previous is row.next_state:
            return []
        return [Log(ClientStateEntered(row.next_state.value, previous.value, because))]

    def _discover_first(self, now: float, because: str) -> Actions:
        """Leave INIT: look for servers."""
        actions = self._move(Event.START, because, now)
        self._offer = None
        return actions + self._try(now)

    def _try(self, now: float) -> Actions:
        """Send what this state asks the servers, and set the time to ask again."""
        if self._state is State.SELECTING:
            actions = self._exchange.discover(self._wanted, now)
        elif asked := self._asked:
            actions = self._exchange.request(self._state, asked, now)
        else:
            raise LookupError(f"a client in {self._state} has nothing to ask for")
        if self._state is State.RENEWING:
            self._timer = now + renewal_wait(now, self._rebind_at)
        elif self._state is State.REBINDING and not self._told:
            self._timer = now + renewal_wait(now, self._end)
        else:
            self._timer = now + retransmission_wait(self._exchange.attempt, self._rng)
        return actions

    @property
    def _asked(self) -> ClientLease | None:
        """The lease that this state asks the servers for; None in INIT and SELECTING."""
        if self._state is State.REQUESTING:
            return self._offer
        return self.remembered if self._state is State.REBOOTING else self.lease

    def _turned(self, now: float) -> Actions:
        """T1 or T2 has come."""
        if self._state is State.BOUND and self.lease:
            actions = self._move(Event.T1, "T1: time to ask the leasing server", now)
            self._rebind_at = self.lease.t2
        else:
            why = "the leasing server does not answer" if self._told else "T2: time to ask any server"
            actions = self._move(Event.T2, why, now)
        return actions + self._try(now)

    def _timed_out(self, now: float) -> Actions:
        """Nothing came in time: ask again, or draw the conclusion."""
        match self._state:
            case State.INIT:
                return self._discover_first(now, "needs an address")
            case State.SELECTING if self._offer:
                return self._select(self._offer, now)
            case State.SELECTING if self._exchange.attempt == TRIES:
                self.unanswered = True
                return self._say_unanswered(0) + self._try(now)
            case State.REQUESTING | State.REBOOTING if self._acknowledged:
                return self._bind(self._acknowledged, _HOW[self._state], now)
            case State.REQUESTING if self._exchange.attempt >= TRIES:
                actions = self._say_unanswered(0)
                actions += self._move(Event.NO_ANSWER, "the server does not answer any more", now)
                return actions + self._discover_first(now, "needs an address")
            case State.REBOOTING if self._exchange.attempt >= TRIES and self.remembered:
                return self._keep(self.remembered, now)
            case State.REBINDING if self._told and self._exchange.attempt >= TRIES and self.lease:
                if now < self.lease.t2:
                    return self._keep(self.lease, now)
                self._told = False
                return self._say_unanswered(self.lease.address) + self._try(now)
        return self._try(now)

    def _say_unanswered(self, address: int) -> Actions:
        return [Log(NoServerAnswered(self.state, self._exchange.attempt, address))]

    def _keep(self, lease: ClientLease, now: float) -> Actions:
        """No server answers, but the lease has not ended: go on with it."""
        actions: Actions = [] if self.lease else [Configure(lease.address, lease.prefix_length, lease.router)]
        actions += self._say_unanswered(lease.address)
        self.lease = lease
        return actions + self._move(Event.NO_ANSWER, "no server answers; the lease still runs", now)

    def _offered(self, reply: DhcpMessage, now: float) -> Actions:
        """Take the first offer that can be used, but wait a moment for the address from before."""
        offer = lease_offered(reply, now)
        if self._state is not State.SELECTING or offer is None:
            return []
        if self._wanted in (0, offer.address):
            return self._select(offer, now)
        if self._offer is None:
            self._offer = offer
            self._timer = min(self._timer, now + OFFER_WAIT)
        return []

    def _select(self, offer: ClientLease, now: float) -> Actions:
        self._offer = offer
        why = f"takes {format_ip(offer.address)} from {format_ip(offer.server)}"
        return self._move(Event.SELECT, why, now) + self._try(now)

    def _confirmed(self, reply: DhcpMessage, attempt: Attempt, now: float) -> Actions:
        """Take the lease that a server gives or extends; a new address is probed first."""
        asked = self._asked
        lease = lease_offered(reply, attempt.at)
        if self._state not in _HOW or self._acknowledged or asked is None or lease is None:
            return []
        if lease.address != asked.address:
            return []
        if self._state is State.REQUESTING and lease.server != asked.server:
            return []
        if self._probe and not self.lease:
            self._acknowledged = lease
            self._timer = now + self._probe_wait
            return [Probe(lease.address)]
        return self._bind(lease, _HOW[attempt.state], now)

    def _bind(self, lease: ClientLease, how: str, now: float) -> Actions:
        self.lease = self.remembered = lease
        self._wanted = lease.address
        self.unanswered = False
        bound = LeaseBound(
            address=lease.address,
            server=lease.server,
            hardware=self._hardware,
            lease_time=lease.lease_time,
            obtained=lease.obtained,
            t1=lease.t1,
            t2=lease.t2,
            expires=lease.expires,
            how=how,
        )
        actions: Actions = [Configure(lease.address, lease.prefix_length, lease.router), Log(bound)]
        return actions + self._move(Event.ACK, f"{format_ip(lease.server)} gave {lease.lease_time} s", now)

    def _refused(self, reply: DhcpMessage, now: float) -> Actions:
        """Forget the address that a server refuses, and start over."""
        if self._state not in _HOW or not reply.server_identifier:
            return []
        if self._state is State.REQUESTING and self._offer and reply.server_identifier != self._offer.server:
            return []
        refused = self.lease or (self.remembered if self._state is State.REBOOTING else None)
        actions = self._end_lease(refused, "refused") if refused else []
        self._wanted = 0
        actions += self._move(Event.NAK, f"{format_ip(reply.server_identifier)} refused", now)
        self._timer = now + NAK_WAIT
        return actions

    def _end_lease(self, lease: ClientLease, because: str) -> Actions:
        """Give up an address that was in use or promised; it stays the one to ask for first."""
        actions: Actions = [Configure(0)] if self.lease else []
        self.lease = self.remembered = None
        self._wanted = lease.address
        return [*actions, Log(LeaseEnded(lease.address, lease.server, because))]

    def _expire(self, because: str, now: float) -> Actions:
        """End the lease, or the remembered one, and go on from INIT at once."""
        lease = self.lease or self.remembered
        actions = self._end_lease(lease, "expired") if lease else []
        actions += self._move(Event.EXPIRY, because, now)
        self._timer = now
        return actions
