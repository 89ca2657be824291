"""Offers that wait for their client's DHCPREQUEST: in memory only, for a minute each (RFC 2131 section 4.3.1)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from dhcpkit.engine.leases import LeaseTable

OFFER_HOLD = 60
"""Seconds that an offered address is kept for its client."""


@dataclass(slots=True)
class Offer:
    """An address kept for a client until ``until`` (seconds since the epoch)."""

    scope: int
    client: bytes
    address: int
    until: float


class Offers:
    """One offer for each client of a scope; an offered address is held in the table, so that nobody else gets it."""

    def __init__(self, table: LeaseTable, hold: float = OFFER_HOLD) -> None:
        self._table = table
        self._hold = hold
        self._offers: OrderedDict[tuple[int, bytes], Offer] = OrderedDict()
        self._holders: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._offers)

    def address_of(self, scope_id: int, client: bytes) -> int | None:
        """Return the address that is offered to a client, None when none is."""
        offer = self._offers.get((scope_id, client))
        return None if offer is None else offer.address

    def taken(self, address: int, client: bytes) -> bool:
        """Say whether an address is offered to another client than this one."""
        return self._holders.get(address, client) != client

    def make(self, scope_id: int, client: bytes, address: int, now: float) -> None:
        """Keep an address for a client from now on, in place of what was offered to it before."""
        offer = self._offers.get((scope_id, client))
        if offer is not None and offer.address == address:
            offer.until = now + self._hold
            self._offers.move_to_end((scope_id, client))
            return
        if offer is not None:
            self.withdraw(scope_id, client)
        self._offers[scope_id, client] = Offer(scope_id, client, address, now + self._hold)
        self._holders[address] = client
        self._table.hold(address)

    def withdraw(self, scope_id: int, client: bytes) -> None:
        """Forget what is offered to a client, if anything is; the address is free for others again."""
        offer = self._offers.pop((scope_id, client), None)
        if offer is not None:
            del self._holders[offer.address]
            self._table.unhold(offer.address)

    def lapse(self, now: float) -> None:
        """Withdraw the offers whose time is over, or which a clock set back has put into the far future."""
        while self._offers:
            key = next(iter(self._offers))
            if now < self._offers[key].until <= now + self._hold:
                return
            self.withdraw(*key)

    def withdraw_all(self, scope_id: int) -> None:
        """Withdraw every offer of a scope."""
        for key in [key for key in self._offers if key[0] == scope_id]:
            self.withdraw(*key)
