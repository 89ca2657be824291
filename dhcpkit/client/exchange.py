"""The question a client is asking: what was sent under which number, and whether a reply answers it."""

from __future__ import annotations

import random
from typing import NamedTuple

from dhcpkit.client.events import RequestSent
from dhcpkit.client.lease import ClientLease
from dhcpkit.client.messages import Messages
from dhcpkit.client.states import State
from dhcpkit.engine.actions import Actions, Log, Send
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import BOOTREPLY, DhcpMessage, Malformed


class Attempt(NamedTuple):
    """When a transaction number was first sent, and in which state."""

    at: float
    state: State


class Exchange:
    """Sends a client's messages and knows their answers.

    SELECTING and REQUESTING have one transaction number for all of it, because a request carries that of the offer
    (RFC 2131 table 5). Elsewhere each try has its own, which tells from when the lease in the answer counts.

    Attributes:
        attempt: How often the present state has asked.
    """

    def __init__(self, messages: Messages, rng: random.Random) -> None:
        self._messages = messages
        self._rng = rng
        self._xid = 0
        self._sent: dict[int, Attempt] = {}
        self._began = 0.0
        self._discover_secs = 0.0
        self.attempt = 0

    def begin(self, now: float) -> None:
        """Forget what was asked: answers to it are too late. ``secs`` counts from now."""
        self._sent = {}
        self._began = now
        self.attempt = 0

    def discover(self, wanted: int, now: float) -> Actions:
        """Ask every server for an address, if it can be for ``wanted`` (0: any)."""
        if not self._sent:
            self._xid = self._rng.getrandbits(32)
        self._discover_secs = now - self._began
        datagram = self._messages.discover(self._xid, self._discover_secs, wanted)
        return self._ask("DHCPDISCOVER", datagram, State.SELECTING, wanted, 0, now)

    def request(self, state: State, lease: ClientLease, now: float) -> Actions:
        """Ask for a lease as REQUESTING, REBOOTING, RENEWING or REBINDING does."""
        secs = now - self._began
        if state is State.REQUESTING:
            # The seconds of the DHCPDISCOVER, so that a relay treats both alike (RFC 2131 section 3.1 step 3).
            datagram = self._messages.request_offered(self._xid, self._discover_secs, lease)
            return self._ask("DHCPREQUEST", datagram, state, lease.address, lease.server, now)
        self._xid = self._rng.getrandbits(32)
        if state is State.RENEWING:
            datagram = self._messages.renew(self._xid, secs, lease)
            return self._ask("DHCPREQUEST", datagram, state, lease.address, lease.server, now)
        if state is State.REBOOTING:
            datagram = self._messages.request_remembered(self._xid, secs, lease.address)
        else:
            datagram = self._messages.rebind(self._xid, secs, lease)
        return self._ask("DHCPREQUEST", datagram, state, lease.address, 0, now)

    def decline(self, state: State, lease: ClientLease) -> Actions:
        """Tell the server that somebody else uses the address. Not answered."""
        xid = self._rng.getrandbits(32)
        sent = RequestSent("DHCPDECLINE", state.value, lease.address, lease.server, xid, 1)
        return [Log(sent), Send(self._messages.decline(xid, lease))]

    def release(self, state: State, lease: ClientLease) -> Actions:
        """Tell the server that the address is free. Not answered."""
        xid = self._rng.getrandbits(32)
        sent = RequestSent("DHCPRELEASE", state.value, lease.address, lease.server, xid, 1)
        return [Log(sent), Send(self._messages.release(xid, lease))]

    def answer(self, payload: bytes) -> tuple[DhcpMessage, Attempt] | None:
        """Return the reply in a payload and what it answers; None for what is no reply to this client's question."""
        try:
            reply = DhcpMessage.decode(payload)
        except Malformed:
            return None
        attempt = self._sent.get(reply.xid)
        if attempt is None or reply.op != BOOTREPLY or reply.chaddr != self._messages.hardware:
            return None
        if reply.client_id not in (b"", self._messages.client_id):  # RFC 6842 section 3
            return None
        return reply, attempt

    def _ask(self, name: str, datagram: Datagram, state: State, address: int, server: int, now: float) -> Actions:
        self.attempt += 1
        self._sent.setdefault(self._xid, Attempt(now, state))
        return [Log(RequestSent(name, state.value, address, server, self._xid, self.attempt)), Send(datagram)]
