"""The binding updates that a server owes its partner: which are to be sent, which are under way, which were refused.

An update is of an address: what is sent is the lease as it is when its turn comes, so many changes in a row make one
update. There is never more than one under way for the same address, and never more in all than the partner takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dhcpkit.protocol.failover.codes import BindingStatus


@dataclass(slots=True)
class Sent:
    """An update under way.

    ``potential`` is the potential expiration time it told, 0 for none. ``overtaken``: the partner's own update of the
    address has been accepted meanwhile, so whatever it answers to this one changes nothing.
    """

    address: int
    status: BindingStatus
    potential: int
    overtaken: bool = False


class UpdateQueue:
    """What is owed to the partner. Everything under way is forgotten with its connection, as the protocol says."""

    def __init__(self) -> None:
        self.limit = 1
        self.reclaims: set[int] = set()
        """BACKUP addresses that the primary wants back; they are FREE when the partner has agreed."""
        self._pending: dict[int, None] = {}
        self._under_way: dict[int, Sent] = {}
        self._under_way_of: dict[int, Sent] = {}
        self._refused: set[int] = set()
        self._told: set[int] = set()
        self._request: int | None = None
        self._request_is_for_all = False
        self._due: set[int] = set()
        self._due_unsent: dict[int, None] = {}

    def begin(self, limit: int, unacknowledged: Iterable[int]) -> None:
        """Begin a contact: everything that was never acknowledged is to be sent.

        Args:
            limit: Updates that the partner takes without having acknowledged them, at least 1.
            unacknowledged: The addresses.
        """
        self.end()
        self.limit = max(1, limit)
        self._pending = dict.fromkeys(unacknowledged)

    def end(self) -> None:
        """End the contact: nothing is under way any more, and nobody waits for an UPDDONE."""
        self._pending = {}
        self._under_way = {}
        self._under_way_of = {}
        self._refused = set()
        self.reclaims = set()
        self._request = None
        self._due = set()
        self._due_unsent = {}

    def presume_told(self, addresses: Iterable[int]) -> None:
        """Take it that the partner has heard of these (a server that was restarted cannot know)."""
        self._told.update(addresses)

    def add(self, address: int) -> None:
        """Owe the partner an update of an address."""
        self._refused.discard(address)
        self._pending[address] = None

    def request(self, xid: int, addresses: Iterable[int], *, everything: bool) -> None:
        """Owe the partner updates of these addresses (UPDREQ, UPDREQALL), and then the UPDDONE.

        A later request takes the place of an earlier one.
        """
        self._request = xid
        self._request_is_for_all = everything
        self._due_unsent = dict.fromkeys(addresses)
        self._due = set(self._due_unsent)
        for address in self._under_way_of:
            if address not in self._pending:
                self._due_unsent.pop(address, None)
        self._refused -= self._due

    @property
    def answers_for_all(self) -> bool:
        """An UPDREQALL is not finished: an UPDREQ now counts as one too."""
        return self._request is not None and self._request_is_for_all

    def finished_request(self) -> int | None:
        """Return the xid of a request whose updates have all been answered, once; None when there is none."""
        if self._request is None or self._due:
            return None
        xid, self._request = self._request, None
        return xid

    def next(self, *, only_requested: bool) -> int | None:
        """Take out the address whose update is to be sent now; None when there is none or the partner's limit is met.

        Args:
            only_requested: Send only what the partner asked for.
        """
        if len(self._under_way) >= self.limit:
            return None
        for waiting in (self._due_unsent,) if only_requested else (self._due_unsent, self._pending):
            for address in waiting:
                if address not in self._under_way_of:
                    self._due_unsent.pop(address, None)
                    self._pending.pop(address, None)
                    return address
        return None

    def sent(self, xid: int, sent: Sent) -> None:
        """Take note that an update was sent."""
        self._under_way[xid] = sent
        self._under_way_of[sent.address] = sent
        self._told.add(sent.address)

    def answered(self, xid: int, address: int, *, accepted: bool) -> Sent | None:
        """Take out what a BNDACK answers; None when nothing like it is under way."""
        sent = self._under_way.get(xid)
        if sent is None or sent.address != address:
            return None
        del self._under_way[xid], self._under_way_of[address]
        self.reclaims.discard(address)
        self._told.discard(address)
        if address not in self._due_unsent:
            self._due.discard(address)
        if not accepted and not sent.overtaken and address not in self._pending:
            self._refused.add(address)
        return sent

    def overtake(self, address: int) -> None:
        """Drop this server's own news of an address: the partner's update of it has been accepted."""
        self._pending.pop(address, None)
        self._due_unsent.pop(address, None)
        self._refused.discard(address)
        self._told.discard(address)
        self.reclaims.discard(address)
        sent = self._under_way_of.get(address)
        if sent is not None:
            sent.overtaken = True
        else:
            self._due.discard(address)

    def give_up(self, address: int) -> None:
        """Set aside an update that cannot be sent as things are; nobody is to wait for it."""
        self._due.discard(address)
        self._refused.add(address)

    def outstanding(self, address: int) -> bool:
        """Say whether an update of the address is under way, or will be without anybody asking."""
        return address in self._pending or self.under_way(address)

    def under_way(self, address: int) -> bool:
        """Say whether an update of the address was sent whose answer will count."""
        sent = self._under_way_of.get(address)
        return sent is not None and not sent.overtaken

    def told(self, address: int) -> bool:
        """Say whether the partner may have heard of the address's last change without having answered."""
        return address in self._told

    @property
    def idle(self) -> bool:
        """Nothing is owed to the partner or waits for its answer."""
        return not (self._pending or self._under_way or self._due_unsent)

    @property
    def has_refused(self) -> bool:
        """Some updates were refused and wait to be tried again."""
        return bool(self._refused)

    def retry_refused(self) -> None:
        """Owe the partner again what it refused."""
        self._pending.update(dict.fromkeys(sorted(self._refused)))
        self._refused = set()
