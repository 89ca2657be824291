"""The connection to the partner: who dials, who waits, CONNECT and CONNECTACK, keep-alive, loss.

The primary opens the connection that is kept and speaks first (draft section 8.2). A secondary that starts opens one
only as a nudge: the primary closes it and dials at once, so a partner that was restarted is back within a moment. At
most one connection is a session; a new one from the partner takes the place of an old one, which it must have lost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from dhcpkit.failover.bindings import Refusal
from dhcpkit.failover.connection import Connection
from dhcpkit.failover.describe import describe
from dhcpkit.failover.events import ConnectionRefused, FailoverMessageReceived, FailoverMessageSent
from dhcpkit.failover.handshake import (
    DIGEST_ERRORS,
    connect_options,
    connectack_options,
    refuse_connect,
    refuse_connectack,
)
from dhcpkit.failover.hash import hba_to_primary_buckets
from dhcpkit.failover.outbox import Outbox
from dhcpkit.failover.permissions import Permissions
from dhcpkit.failover.settings import Settings
from dhcpkit.protocol.failover.codes import FAILOVER_PORT, MessageType, RejectReason
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage
from dhcpkit.protocol.failover.payloads import ConnectParameters, OptionList, Rejection

HANDSHAKE_WAIT = 15.0
"""Seconds that opening a connection, CONNECT, CONNECTACK and the first STATE may take each."""

NUDGE_WAIT = 1.0
"""Seconds between two connections that nudges may cause, lest two primaries nudge each other without end."""

YOUNG = 5.0
"""Seconds within which a connection and a nudge of the partner may have crossed on their way."""

Timer = tuple[float, Callable[[float], None]]


class Session(Permissions, ABC):
    """The part of an endpoint that keeps one connection to the partner.

    What travels on it is the subclass's: it is told of the handshake's end (``_greeted``), of each message after it
    (``_received``), and of the end of a contact (``_contact_lost``).

    Attributes:
        problem: Why the last connection was refused, in a sentence; empty once one was taken.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._out = Outbox()
        self._session: Connection | None = None
        self._waiting: dict[str, Connection] = {}
        self._dial_at: float | None = None
        self._dialled = 0.0
        self._streams = 0
        self.problem = ""

    @property
    def in_contact(self) -> bool:
        """The servers are connected, and this one has heard the partner's state."""
        return self._session is not None and self._session.in_contact

    # To be told to the subclass

    @abstractmethod
    def _greeted(self, now: float) -> None:
        """The handshake is over."""

    @abstractmethod
    def _received(self, message: FailoverMessage, now: float) -> None:
        """The partner sent a message on the session."""

    @abstractmethod
    def _contact_lost(self, because: str, now: float) -> None:
        """The session ended after the servers had been in contact."""

    # Dialling and nudging

    def _dial(self, now: float) -> None:
        """Open a connection: the primary's own, or the secondary's nudge."""
        self._dial_at = None
        self._dialled = now
        self._streams += 1
        # The time keeps the name apart from those of an endpoint of the same name before this one.
        stream = f"failover/{self.settings.name}/{now:.6f}-{self._streams}"
        self._waiting[stream] = Connection(stream, now, is_open=False)
        self._out.connect(stream, self.settings.partner, FAILOVER_PORT)

    def _redial(self, now: float) -> None:
        """Give up what is being opened and begin anew at once."""
        for connection in list(self._waiting.values()):
            self._forget(connection)
        self._dial(now)

    def _dial_later(self, now: float) -> None:
        if self._is_primary and self._dial_at is None and not self._waiting:
            self._dial_at = now + self.settings.timers.retry

    def _nudged(self, now: float) -> None:
        """Dial at once: the partner is there and waits for this primary."""
        session = self._session
        if session is not None:
            if now - session.opened > YOUNG:
                self._end(session, "the partner was restarted and asks for a new connection", now)
                self._redial(now)
        elif self._waiting:
            if all(now - connection.opened > YOUNG and not connection.is_open for connection in self._waiting.values()):
                self._redial(now)
        elif now - self._dialled >= NUDGE_WAIT:
            self._dial(now)
        else:
            self._dial_at = self._dialled + NUDGE_WAIT

    # What the wire reports

    def _accepted(self, stream: str, peer: int, now: float) -> None:
        if peer != self.settings.partner:
            self._out.close(stream)
            self._refused(Refusal(RejectReason.INVALID_PARTNER, "the connection comes from another address"))
        elif self._is_primary:
            self._out.close(stream)
            self._nudged(now)
        else:
            self._waiting[stream] = Connection(stream, now, is_open=True)

    def _opened(self, stream: str, now: float) -> None:
        connection = self._waiting.get(stream)
        if connection is None:
            return
        connection.is_open = True
        connection.opened = now
        if self._is_primary:
            connection.connect_xid = connection.next_xid()
            options = connect_options(self.settings, self.dialect, self._primary_buckets)
            self._send_on(connection, MessageType.CONNECT, connection.connect_xid, options, now)

    def _closed(self, stream: str, because: str, now: float) -> None:
        if self._session is not None and self._session.stream == stream:
            self._end(self._session, because, now, close=False)
        else:
            self._waiting.pop(stream, None)
        self._dial_later(now)

    def _data(self, stream: str, data: bytes, now: float) -> None:
        connection = self._connection(stream)
        if connection is None:
            return
        try:
            for message, untrusted in connection.receive(data, self._secret, now):
                if message.type >= 128:
                    continue
                self._out.log(
                    FailoverMessageReceived(self.settings.name, message.name, message.xid, *describe(message))
                )
                if connection.greeted:
                    if untrusted is not None:
                        self._refuse(connection, Refusal(untrusted, DIGEST_ERRORS[untrusted]), now)
                    else:
                        self._received(message, now)
                else:
                    self._greet(connection, message, untrusted, now)
                if self._connection(stream) is None:
                    return
        except FailoverMalformed as malformed:
            detail = f"the partner sent something malformed: {malformed.detail}"
            self._refuse(connection, Refusal(RejectReason.CONNECTION_REJECTED, detail), now)

    # The handshake

    def _greet(
        self, connection: Connection, message: FailoverMessage, untrusted: RejectReason | None, now: float
    ) -> None:
        expected = MessageType.CONNECTACK if self._is_primary else MessageType.CONNECT
        if message.type != expected:
            detail = f"the partner sent {message.name} where {expected.name} was expected"
            self._refuse(connection, Refusal(RejectReason.CONNECTION_REJECTED, detail), now)
            return
        parameters = ConnectParameters.from_options(message.options)
        refusal: Refusal | None
        if self._is_primary:
            refusal = self._check_connectack(connection, message, parameters, untrusted, now)
        else:
            refusal = refuse_connect(message, parameters, untrusted, self.settings, now)
            options = connectack_options(self.settings, message, refusal)
            self._send_on(connection, MessageType.CONNECTACK, message.xid, options, now)
        if refusal is not None:
            self._refuse(connection, refusal, now)
        elif self._connection(connection.stream) is not None:
            self._establish(connection, parameters, now)

    def _check_connectack(
        self,
        connection: Connection,
        message: FailoverMessage,
        parameters: ConnectParameters,
        untrusted: RejectReason | None,
        now: float,
    ) -> Refusal | None:
        rejection = Rejection.from_options(message.options)
        if rejection is not None:
            detail = rejection.text or "the partner gives no reason in words"
            self._refused(Refusal(rejection.reason, detail), by_partner=True)
            self._forget(connection)
            self._dial_later(now)
            return None
        if untrusted is not None:
            return Refusal(untrusted, DIGEST_ERRORS[untrusted])
        if message.xid != connection.connect_xid:
            return Refusal(RejectReason.CONNECTION_REJECTED, "the CONNECTACK answers another CONNECT")
        return refuse_connectack(message, parameters, self.settings, now)

    def _establish(self, connection: Connection, parameters: ConnectParameters, now: float) -> None:
        """Make a connection the session; whatever else there is gives way to it."""
        if self._session is not None:
            self._end(self._session, "the partner opened a new connection", now)
        for other in list(self._waiting.values()):
            if other is not connection:
                self._forget(other)
        del self._waiting[connection.stream]
        connection.greeted = True
        connection.opened = now
        connection.partner_receive_timer = parameters.receive_timer
        self._session = connection
        self._dial_at = None
        self.problem = ""
        self._queue.limit = max(1, parameters.max_unacked)
        if self.dialect.primary_dictates and not self._is_primary:
            if parameters.mclt:
                self._mclt = parameters.mclt
            if parameters.buckets is not None:
                one_is_primary = self.dialect.one_is_primary
                self._primary_buckets = hba_to_primary_buckets(parameters.buckets, one_is_primary=one_is_primary)
        self._greeted(now)

    # Ends

    def _refuse(self, connection: Connection, refusal: Refusal, now: float) -> None:
        """Close a connection for something that the partner did wrong."""
        self._refused(refusal)
        if connection is self._session:
            self._end(connection, refusal.detail, now, reason=refusal.reason)
        else:
            self._forget(connection)
        self._dial_later(now)

    def _refused(self, refusal: Refusal, *, by_partner: bool = False) -> None:
        self.problem = refusal.detail
        self._out.log(ConnectionRefused(self.settings.name, refusal.reason, refusal.detail, by_partner))

    def _forget(self, connection: Connection) -> None:
        """Close a connection that never became a session."""
        self._waiting.pop(connection.stream, None)
        self._out.close(connection.stream)

    def _end(
        self,
        connection: Connection,
        because: str,
        now: float,
        *,
        close: bool = True,
        reason: RejectReason = RejectReason.CONNECTION_REJECTED,
    ) -> None:
        """End the session. ``close`` is False when the stream is gone already."""
        if close:
            if self.dialect.disconnects:
                self._send(MessageType.DISCONNECT, Rejection(reason, because).to_options(), now)
            self._out.close(connection.stream)
        self._session = None
        if connection.in_contact:
            self._contact_lost(because, now)

    # Sending

    def _send(
        self,
        kind: MessageType,
        options: OptionList,
        now: float,
        *,
        xid: int | None = None,
    ) -> int:
        """Send a message on the session, with a new xid unless it answers one; return the xid."""
        session = self._session
        assert session is not None
        if xid is None:
            xid = session.next_xid()
        self._send_on(session, kind, xid, options, now)
        return xid

    def _send_on(self, connection: Connection, kind: MessageType, xid: int, options: OptionList, now: float) -> None:
        message = FailoverMessage(kind, xid, int(now), options)
        self._out.transmit(connection.stream, message.encode(self._secret, self.dialect.digest))
        self._out.log(FailoverMessageSent(self.settings.name, kind.name, xid, *describe(message)))
        connection.last_sent = now

    @property
    def _secret(self) -> bytes:
        return self.settings.secret if self.dialect.digest else b""

    def _connection(self, stream: str) -> Connection | None:
        if self._session is not None and self._session.stream == stream:
            return self._session
        return self._waiting.get(stream)

    # Timers

    def _connection_timers(self) -> Iterator[Timer]:
        """Yield when what is due for the connection, with what then is to be done."""
        if self._dial_at is not None:
            yield self._dial_at, self._dial
        for connection in self._waiting.values():
            yield connection.opened + HANDSHAKE_WAIT, self._give_up
        session = self._session
        if session is None:
            return
        timers = self.settings.timers
        if not session.in_contact:
            yield session.opened + HANDSHAKE_WAIT, self._give_up_session
        send = timers.send
        if session.partner_receive_timer:
            send = min(send, max(1, session.partner_receive_timer // 3))
        yield session.last_sent + send, self._keep_alive
        yield session.last_received + timers.receive, self._miss

    def _give_up(self, now: float) -> None:
        for connection in list(self._waiting.values()):
            if now >= connection.opened + HANDSHAKE_WAIT:
                self._forget(connection)
        self._dial_later(now)

    def _give_up_session(self, now: float) -> None:
        if self._session is not None:
            self._end(self._session, "the partner did not say its state", now)
            self._dial_later(now)

    def _keep_alive(self, now: float) -> None:
        self._send(MessageType.CONTACT, [], now)

    def _miss(self, now: float) -> None:
        if self._session is not None:
            quiet = self.settings.timers.receive
            self._end(
                self._session,
                f"nothing was heard from the partner for {quiet} s",
                now,
                reason=RejectReason.NO_TRAFFIC,
            )
            self._dial_later(now)
