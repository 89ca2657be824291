"""How the free addresses of a scope are shared: FREE is the primary's to give to new clients, BACKUP the secondary's.

Only the primary moves addresses from one to the other (draft section 5.4), by a binding update for each. The first
part of a range goes to the primary, the last to the secondary; an address whose last client is served by the other
server goes there first.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dhcpkit.failover.settings import Mode, Role, Settings


class Move(NamedTuple):
    """How many addresses to move: ``to_secondary`` from FREE to BACKUP, or ``to_primary`` back. One of them is 0."""

    to_secondary: int
    to_primary: int


def backup_wanted(settings: Settings, size: int, free: int, backup: int, *, by_mode: bool = True) -> int:
    """Return how many of the unused addresses the secondary should have.

    Load balance shares the unused addresses by the percentage of the clients. Hot standby gives all to the active
    server but for the standby's reserve, a percentage of the whole range (rounded down, yet at least one).

    Args:
        settings: The relationship.
        size: Leasable addresses of the scope.
        free: Addresses that are FREE.
        backup: Addresses that are BACKUP.
        by_mode: False shares half and half whatever the mode, as ISC does.
    """
    unused = free + backup
    if not by_mode:
        return unused // 2
    if settings.mode is Mode.LOAD_BALANCE:
        return unused * (100 - settings.primary_percent) // 100
    reserve = 0
    if settings.reserve_percent:
        reserve = min(unused, max(1, size * settings.reserve_percent // 100))
    return reserve if settings.active is Role.PRIMARY else unused - reserve


def plan(settings: Settings, size: int, free: int, backup: int, *, by_mode: bool = True) -> Move:
    """Return the move that brings a scope's unused addresses to the shares of ``backup_wanted``."""
    missing = backup_wanted(settings, size, free, backup, by_mode=by_mode) - backup
    return Move(max(0, missing), max(0, -missing))


def choose_for_secondary(addresses: Iterable[int], count: int, owner: Callable[[int], Role | None]) -> list[int]:
    """Return which FREE addresses become BACKUP, in ascending order.

    Those whose last client the secondary serves first, then those nobody had, then the rest; of each the highest.

    Args:
        addresses: The FREE addresses.
        count: How many to choose.
        owner: Says whose client last had an address; None when nobody did.
    """
    rank = {Role.SECONDARY: 0, None: 1, Role.PRIMARY: 2}
    return sorted(heapq.nsmallest(count, addresses, key=lambda address: (rank[owner(address)], -address)))


def choose_for_primary(addresses: Iterable[int], count: int, owner: Callable[[int], Role | None]) -> list[int]:
    """Return which BACKUP addresses become FREE again, in ascending order; ``choose_for_secondary`` mirrored."""
    rank = {Role.PRIMARY: 0, None: 1, Role.SECONDARY: 2}
    return sorted(heapq.nsmallest(count, addresses, key=lambda address: (rank[owner(address)], address)))
