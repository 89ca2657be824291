"""One TCP connection to the partner, from its opening to its end: framing, digest, xids, and how long it was quiet."""

from __future__ import annotations

from collections.abc import Iterator

from dhcpkit.protocol.failover.codes import RejectReason
from dhcpkit.protocol.failover.digest import verify
from dhcpkit.protocol.failover.message import FailoverMessage, Framer

MAX_CLOCK_DIFFERENCE = 60
"""Seconds that the two servers' clocks may differ."""

_WINDOW = 60.0
"""Seconds of messages out of which the one that tells the clocks' difference best is taken."""


class Connection:
    """One connection, still without meaning: the endpoint decides what its messages do.

    Attributes:
        stream: Its name on the wire.
        opened: When it was asked for or accepted, seconds since the epoch.
        is_open: TCP is connected.
        greeted: CONNECT and CONNECTACK were exchanged.
        in_contact: The partner's STATE was received.
        connect_xid: xid of the CONNECT that the primary sent.
        partner_receive_timer: Seconds of quiet after which the partner gives the connection up, 0 for not known.
        last_sent: When the last message left.
        last_received: When the last bytes arrived.
    """

    def __init__(self, stream: str, now: float, *, is_open: bool) -> None:
        self.stream = stream
        self.opened = now
        self.is_open = is_open
        self.greeted = False
        self.in_contact = False
        self.connect_xid: int | None = None
        self.partner_receive_timer = 0
        self.last_sent = now
        self.last_received = now
        self._xid = 0
        self._framer = Framer()
        self._window = now
        self._least: float | None = None
        self._least_before: float | None = None

    def receive(self, data: bytes, secret: bytes, now: float) -> Iterator[tuple[FailoverMessage, RejectReason | None]]:
        """Yield each whole message with what its digest says; None is trustworthy.

        Raises:
            FailoverMalformed: the bytes are no proper messages; the connection is to be closed.
        """
        self.last_received = now
        for raw in self._framer.feed(data):
            untrusted = verify(raw, secret)
            message = FailoverMessage.decode(raw)
            if untrusted is None:
                self._compare_clocks(message.time, now)
            yield message, untrusted

    def next_xid(self) -> int:
        """Return the xid for a new request."""
        self._xid += 1
        return self._xid

    def clock_difference(self) -> float:
        """Return how many seconds the partner's clock is ahead, by the messages of late.

        A message that was long on its way looks as if the partner's clock were behind, so the least difference of the
        last minute or two counts: a backlog that arrives late is no clock that is wrong.
        """
        known = [difference for difference in (self._least, self._least_before) if difference is not None]
        return min(known, key=abs, default=0.0)

    def _compare_clocks(self, sent: int, now: float) -> None:
        difference = sent - now
        if now - self._window >= _WINDOW:
            self._window = now
            self._least, self._least_before = difference, self._least
        elif self._least is None or abs(difference) < abs(self._least):
            self._least = difference


def clock_error(difference: float) -> str:
    """Return the sentence about two clocks that are too far apart, empty when they are not."""
    if abs(difference) <= MAX_CLOCK_DIFFERENCE:
        return ""
    ahead = "ahead of" if difference > 0 else "behind"
    return (
        f"the partner's clock is {abs(difference):.0f} s {ahead} this server's; at most {MAX_CLOCK_DIFFERENCE} s are"
        " allowed: synchronize the clocks"
    )
