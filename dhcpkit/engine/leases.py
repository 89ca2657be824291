"""Every lease a server knows, found by address, by client, by status and by when it is due."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from typing import Any

from dhcpkit.engine.expiry import ExpiryQueue
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.pool import Pool
from dhcpkit.engine.scope import Scope, ScopeError, check_no_overlap
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import BindingStatus

_ACTIVE = BindingStatus.ACTIVE
_ABANDONED = BindingStatus.ABANDONED
_CHANGEABLE = frozenset(Lease.__slots__) - {"address", "scope"}


class LeaseTable:
    """The records of one server. ``change`` is the only way to change a lease; everything else reads.

    Most addresses of a scope have no record: nobody ever had them, and they count as FREE. A record is made by
    ``record`` when there is something to write down.
    """

    def __init__(self) -> None:
        self.scopes: dict[int, Scope] = {}
        self._pools: dict[int, Pool] = {}
        self._networks: list[int] = []
        self._ordered: list[Pool] = []
        self._clients: dict[int, dict[bytes, Lease | list[Lease]]] = {}
        self._expiry = ExpiryQueue()

    # Scopes

    def add_scope(self, scope: Scope) -> None:
        """Take in a scope, with all of its addresses free.

        Raises:
            ScopeError: the scope is there already, or shares addresses with another.
        """
        if scope.id in self.scopes:
            raise ScopeError(f"scope {format_ip(scope.id)} is there already; change it, or remove it first")
        check_no_overlap(scope, self.scopes.values())
        self.scopes[scope.id] = scope
        self._pools[scope.id] = Pool(scope, {}, set())
        self._clients[scope.id] = {}
        self._order()

    def replace_scope(self, scope: Scope) -> None:
        """Take in a changed scope of the same id. Leases stay, also those that are out of its range now.

        Raises:
            ScopeError: there is no such scope, or the changed one is of another prefix length.
        """
        pool = self._pool_of(scope.id)
        if scope.prefix_length != pool.scope.prefix_length:
            raise ScopeError(
                f"scope {format_ip(scope.id)} has a prefix length of {pool.scope.prefix_length} bits, which cannot be "
                f"changed to {scope.prefix_length}; remove the scope and add another"
            )
        self.scopes[scope.id] = scope
        self._pools[scope.id] = Pool(scope, pool.records, pool.held)
        self._order()

    def remove_scope(self, scope_id: int) -> None:
        """Forget a scope and its leases.

        Raises:
            ScopeError: there is no such scope.
        """
        for address in self._pool_of(scope_id).records:
            self._expiry.discard(address)
        del self.scopes[scope_id], self._pools[scope_id], self._clients[scope_id]
        self._order()

    def scope_of(self, address: int) -> Scope | None:
        """Return the scope whose network an address belongs to, leasable or not."""
        place = bisect_right(self._networks, address) - 1
        if place < 0:
            return None
        scope = self._ordered[place].scope
        return scope if address <= scope.broadcast else None

    # Leases

    def load(self, leases: Iterable[Lease]) -> None:
        """Take in what a store kept. The table keeps these very objects.

        A lease whose scope is not there is passed over: the scope was removed, and its leases mean nothing now.

        Raises:
            ValueError: there is a record of an address already.
        """
        for lease in sorted(leases, key=lambda lease: (lease.started, lease.address)):
            pool = self._pools.get(lease.scope)
            if pool is None or not pool.scope.contains(lease.address):
                continue
            if lease.address in pool.records:
                raise ValueError(f"there is a record of {format_ip(lease.address)} already")
            pool.added(lease)
            self._link(lease, lease.client)
            self._schedule(lease)

    def __len__(self) -> int:
        """Return the number of records."""
        return sum(len(pool.records) for pool in self._pools.values())

    def __iter__(self) -> Iterator[Lease]:
        """Yield every record."""
        for pool in self._pools.values():
            yield from pool.records.values()

    def in_scope(self, scope_id: int) -> Iterator[Lease]:
        """Yield the records of a scope.

        Raises:
            ScopeError: there is no such scope.
        """
        return iter(self._pool_of(scope_id).records.values())

    def get(self, address: int) -> Lease | None:
        """Return the record of an address; None when nobody ever had it: then it is plainly FREE."""
        place = bisect_right(self._networks, address) - 1
        return self._ordered[place].records.get(address) if place >= 0 else None

    def record(self, address: int) -> Lease:
        """Return the record of an address, made as FREE when there is none.

        Raises:
            KeyError: no scope leases the address.
        """
        scope = self.scope_of(address)
        if scope is not None:
            pool = self._pools[scope.id]
            lease = pool.records.get(address)
            if lease is not None:
                return lease
            if scope.leasable(address):
                lease = Lease(address, scope.id, BindingStatus.FREE)
                pool.added(lease)
                return lease
        raise KeyError(f"no scope leases {format_ip(address)}")

    def of_client(self, scope_id: int, client: bytes) -> list[Lease]:
        """Return the leases that a client (``client_key``) holds or last held in a scope, newest contact first."""
        found = self._clients[scope_id].get(client)
        if found is None:
            return []
        if isinstance(found, list):
            return sorted(found, key=lambda lease: -lease.contacted)
        return [found]

    def change(self, lease: Lease, **fields: Any) -> None:
        """Change fields of a lease by name; its place among the others follows.

        Raises:
            AttributeError: a field is not a lease's, or is ``address`` or ``scope``. Nothing was changed.
        """
        if not fields.keys() <= _CHANGEABLE:
            raise AttributeError(f"a lease has no field to change called {sorted(fields.keys() - _CHANGEABLE)}")
        status = lease.status
        client = lease.client if "hardware" in fields or "client_id" in fields else None
        for name, value in fields.items():
            setattr(lease, name, value)
        if lease.status is not status:
            pool = self._pools[lease.scope]
            pool.left(lease, status)
            pool.entered(lease)
        if client is not None and client != lease.client:
            self._unlink(lease, client)
            self._link(lease, lease.client)
        self._schedule(lease)

    # Free addresses

    def pick(self, scope_id: int, statuses: tuple[BindingStatus, ...], skip: Container[int] = ()) -> int | None:
        """Return the next address to give of the first of these statuses that has one; None when none has.

        Never-used addresses come first, in ascending order, then those that have been free for the longest. Held ones
        are not given. Nothing is taken: the same address comes again until it is held or its status changes.
        """
        pool = self._pool_of(scope_id)
        for status in statuses:
            address = pool.first_free(status)
            if address is not None and address in skip:
                address = next((address for address in pool.addresses(status) if address not in skip), None)
            if address is not None:
                return address
        return None

    def count(self, scope_id: int, status: BindingStatus) -> int:
        """Return how many addresses of a scope have a status; FREE includes those that nobody ever had.

        Raises:
            ScopeError: there is no such scope.
        """
        return self._pool_of(scope_id).count(status)

    def addresses(self, scope_id: int, status: BindingStatus) -> Iterator[int]:
        """Yield the addresses of a scope that have a status, in the order of ``pick``, held ones left out.

        FREE includes those that nobody ever had. Take what you need into a list before you change any of them.

        Raises:
            ScopeError: there is no such scope.
        """
        return self._pool_of(scope_id).addresses(status)

    def hold(self, address: int) -> None:
        """Keep a free address from being picked: it is offered to a client, or a server's own.

        Raises:
            KeyError: the address belongs to no scope.
        """
        self._holding_pool(address).hold(address)

    def unhold(self, address: int) -> None:
        """Undo ``hold``; a free address comes first again.

        Raises:
            KeyError: the address belongs to no scope.
        """
        self._holding_pool(address).release(address)

    def is_held(self, address: int) -> bool:
        """Say whether an address is held."""
        scope = self.scope_of(address)
        return scope is not None and address in self._pools[scope.id].held

    # Times

    def due(self, now: float, limit: int | None = None) -> list[Lease]:
        """Take out and return the leases whose time is up, the longest due first, at most ``limit`` of them.

        These are ACTIVE leases that have expired and ABANDONED ones whose hold time, kept in ``expires``, is over.
        They are not returned again until they are changed or ``look_again`` is called.
        """
        leases: list[Lease] = []
        while limit is None or len(leases) < limit:
            address = self._expiry.pop(now)
            if address is None:
                break
            lease = self.get(address)
            assert lease is not None
            leases.append(lease)
        return leases

    def look_again(self, lease: Lease, when: float) -> None:
        """Let an overdue lease be due once more at a later time."""
        self._expiry.set(lease.address, math.ceil(when))

    def next_expiry(self) -> float | None:
        """Return when a lease is due next; None when none is waiting."""
        return self._expiry.first()

    # Keeping the indices right

    def _order(self) -> None:
        """Keep the scopes in the order of their addresses, in which that of an address is found by bisection."""
        self._networks = sorted(self._pools)
        self._ordered = [self._pools[network] for network in self._networks]

    def _pool_of(self, scope_id: int) -> Pool:
        pool = self._pools.get(scope_id)
        if pool is None:
            raise ScopeError(f"there is no scope {format_ip(scope_id)}; there are {self._scope_names()}")
        return pool

    def _scope_names(self) -> str:
        return ", ".join(format_ip(scope_id) for scope_id in self._networks) or "none"

    def _holding_pool(self, address: int) -> Pool:
        scope = self.scope_of(address)
        if scope is None:
            raise KeyError(f"no scope has {format_ip(address)}")
        return self._pools[scope.id]

    def _schedule(self, lease: Lease) -> None:
        status = lease.status
        if (status is _ACTIVE or status is _ABANDONED) and lease.expires:
            self._expiry.set(lease.address, lease.expires)
        else:
            self._expiry.discard(lease.address)

    def _link(self, lease: Lease, client: bytes) -> None:
        """Index a lease by its client; nearly every client has one, so only a second one makes a list."""
        if not client:
            return
        clients = self._clients[lease.scope]
        found = clients.get(client)
        if found is None:
            clients[client] = lease
        elif isinstance(found, list):
            found.append(lease)
        else:
            clients[client] = [found, lease]

    def _unlink(self, lease: Lease, client: bytes) -> None:
        if not client:
            return
        clients = self._clients[lease.scope]
        found = clients[client]
        if not isinstance(found, list):
            del clients[client]
            return
        remaining = [other for other in found if other is not lease]
        clients[client] = remaining if len(remaining) > 1 else remaining[0]
