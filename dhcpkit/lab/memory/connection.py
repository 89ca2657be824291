"""One TCP connection: in order, acknowledged, sent again until it arrives (RFC 9293, without its finer points).

What is left out is what a lab never sees: options, windows smaller than 65535 bytes, congestion control, urgent data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from dhcpkit.lab.memory.queue import Entry, EventQueue
from dhcpkit.protocol.ethernet import TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TcpSegment

SEGMENT_SIZE = 1460
"""Bytes of payload in an Ethernet frame."""
WINDOW = 65535
FIRST_RETRY = 0.2
LAST_RETRY = 2.0
"""Lab seconds between retries: they double from the first to the last, so a mended cable is noticed within the last."""
OPEN_TIMEOUT = 15.0
DATA_TIMEOUT = 900.0
"""Lab seconds without an answer after which a connection is given up; Linux takes about a quarter of an hour too."""

_NUMBERS = 1 << 32


class Ends(NamedTuple):
    """The two ends of a connection as this host sees them."""

    address: int
    port: int
    peer: int
    peer_port: int


class Owner:
    """What a connection tells its host; the host fills in what it wants to hear.

    Attributes:
        opened: The connection is open.
        data: Bytes arrived.
        closed: The other side closed it, or it broke: why.
        gone: The connection is over and can be forgotten.
    """

    def __init__(
        self,
        opened: Callable[[], None],
        data: Callable[[bytes], None],
        closed: Callable[[str], None],
        gone: Callable[[], None],
    ) -> None:
        self.opened = opened
        self.data = data
        self.closed = closed
        self.gone = gone


class _Sent(NamedTuple):
    end: int
    flags: int
    payload: bytes


class Connection:
    """One host's end of a connection.

    Attributes:
        ends: Who talks to whom.
        dialled: This host asked for the connection.
        is_open: Both sides have agreed to it.
    """

    def __init__(
        self, ends: Ends, number: int, queue: EventQueue, emit: Callable[[TcpSegment], None], owner: Owner
    ) -> None:
        """Prepare a connection.

        Args:
            ends: Who talks to whom.
            number: Initial sequence number.
            queue: The lab's virtual time.
            emit: Sends a segment.
            owner: Who is told what happens.
        """
        self.ends = ends
        self.dialled = False
        self.is_open = False
        self._queue = queue
        self._emit = emit
        self._owner: Owner | None = owner
        self._forget = owner.gone
        self._next = number
        self._expected: int | None = None
        self._unsent = bytearray()
        self._in_flight: deque[_Sent] = deque()
        self._flying = 0
        self._closing = False
        self._fin_sent = False
        self._peer_done = False
        self._owes_ack = False
        self._retry: Entry | None = None
        self._retry_after = FIRST_RETRY
        self._quiet_since = queue.now
        self._over = False

    def dial(self) -> None:
        """Ask the peer for a connection."""
        self.dialled = True
        self._send(TCP_SYN)

    def answer(self, segment: TcpSegment) -> None:
        """Take a peer's SYN."""
        self._expected = _after(segment.sequence, 1)
        self._send(TCP_SYN | TCP_ACK)

    def transmit(self, data: bytes) -> None:
        """Send bytes, as soon as the connection is open and the window allows it."""
        self._unsent += data
        self._push()

    def close(self) -> None:
        """Close after what was transmitted has arrived; the owner hears nothing more."""
        self._owner = None
        self._closing = True
        if self.is_open:
            self._push()
        else:
            self._end()

    def abort(self) -> None:
        """Break the connection off, as a system does for a process that is killed; the owner hears nothing more."""
        self._owner = None
        if self._expected is not None and not self._over:
            self._emit(self._segment(self._next, TCP_RST | TCP_ACK, b""))
        self._owes_ack = False
        self._end()

    def fail(self, because: str) -> None:
        """End the connection without a word to the peer and tell the owner why."""
        owner, self._owner = self._owner, None
        self._owes_ack = False
        self._end()
        if owner is not None:
            owner.closed(because)

    def receive(self, segment: TcpSegment) -> None:
        """Take a segment of the peer."""
        if segment.flags & TCP_RST:
            self._take_reset(segment)
            return
        if self._expected is None:
            # The only thing to come now is the answer to our SYN.
            if segment.flags & (TCP_SYN | TCP_ACK) != TCP_SYN | TCP_ACK:
                return
            self._expected = _after(segment.sequence, 1)
            self._owes_ack = True
        elif segment.flags & TCP_SYN:
            self._owes_ack = self.is_open
        if segment.flags & TCP_ACK:
            self._take_acknowledgement(segment.acknowledgement)
        if not self._over:
            self._take_payload(segment)
        self._push()
        if self._owes_ack:
            # Also when this was the last of the connection: the peer waits for the acknowledgement of its FIN.
            self._emit(self._segment(self._next, TCP_ACK, b""))
            self._owes_ack = False

    def _take_reset(self, segment: TcpSegment) -> None:
        if self._expected is None:
            if segment.flags & TCP_ACK and segment.acknowledgement == self._next:
                self.fail("refused")
        elif (segment.sequence - self._expected) % _NUMBERS <= WINDOW:
            self.fail("reset by the other side")

    def _take_acknowledgement(self, acknowledgement: int) -> None:
        if not 0 < (acknowledgement - self._oldest()) % _NUMBERS <= (self._next - self._oldest()) % _NUMBERS:
            return
        while self._in_flight and (acknowledgement - self._in_flight[0].end) % _NUMBERS <= _NUMBERS // 2:
            self._flying -= len(self._in_flight.popleft().payload)
        self._retry_after = FIRST_RETRY
        self._quiet_since = self._queue.now
        self._arm()
        if not self.is_open:
            self.is_open = True
            if self._owner is not None:
                self._owner.opened()
        self._end_if_done()

    def _take_payload(self, segment: TcpSegment) -> None:
        length = len(segment.payload)
        fin = segment.flags & TCP_FIN
        if not length and not fin:
            return
        self._owes_ack = True
        if segment.sequence != self._expected:
            # A repetition, or something before it was lost: the acknowledgement says what is wanted.
            return
        self._expected = _after(segment.sequence, length + (1 if fin else 0))
        if length and self._owner is not None:
            self._owner.data(segment.payload)
        if fin and not self._over:
            self._peer_done = True
            owner, self._owner = self._owner, None
            self._closing = True
            if owner is not None:
                owner.closed("closed by the other side")
            self._end_if_done()

    def _push(self) -> None:
        """Send what may be sent now."""
        if not self.is_open or self._over:
            return
        while self._unsent and self._flying < WINDOW:
            payload = bytes(self._unsent[: min(SEGMENT_SIZE, WINDOW - self._flying)])
            del self._unsent[: len(payload)]
            self._send(TCP_ACK | TCP_PSH, payload)
        if self._closing and not self._unsent and not self._fin_sent:
            self._fin_sent = True
            self._send(TCP_ACK | TCP_FIN)

    def _send(self, flags: int, payload: bytes = b"") -> None:
        if not self._in_flight:
            self._quiet_since = self._queue.now
        start = self._next
        self._next = _after(start, len(payload) + (1 if flags & (TCP_SYN | TCP_FIN) else 0))
        self._in_flight.append(_Sent(self._next, flags, payload))
        self._flying += len(payload)
        self._emit(self._segment(start, flags, payload))
        self._owes_ack = False
        if self._retry is None:
            self._arm()

    def _segment(self, sequence: int, flags: int, payload: bytes) -> TcpSegment:
        ends = self.ends
        return TcpSegment(
            payload, ends.address, ends.port, ends.peer, ends.peer_port, sequence, self._expected or 0, flags, WINDOW
        )

    def _oldest(self) -> int:
        """Return the sequence number of the oldest byte that the peer has not acknowledged."""
        if not self._in_flight:
            return self._next
        first = self._in_flight[0]
        return _after(first.end, -len(first.payload) - (1 if first.flags & (TCP_SYN | TCP_FIN) else 0))

    def _arm(self) -> None:
        self._queue.cancel(self._retry)
        self._retry = self._queue.after(self._retry_after, self._send_again) if self._in_flight else None

    def _send_again(self) -> None:
        self._retry = None
        quiet = self._queue.now - self._quiet_since
        if quiet >= (DATA_TIMEOUT if self.is_open else OPEN_TIMEOUT):
            self.fail("timed out")
            return
        self._retry_after = min(self._retry_after * 2, LAST_RETRY)
        sequence = self._oldest()
        for sent in self._in_flight:
            self._emit(self._segment(sequence, sent.flags, sent.payload))
            sequence = sent.end
        self._arm()

    def _end_if_done(self) -> None:
        if self._peer_done and self._fin_sent and not self._in_flight:
            self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._in_flight.clear()
            self._queue.cancel(self._retry)
            self._forget()


def _after(sequence: int, count: int) -> int:
    return (sequence + count) % _NUMBERS
