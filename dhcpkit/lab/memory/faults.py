"""What goes wrong by chance on the memory wire, drawn from a seed: on the links, and at the disks."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from dhcpkit.engine.actions import Document
from dhcpkit.engine.lease import Lease
from dhcpkit.lab.store import Saved, Store, StoreError

_HOLD = 0.01
"""Lab seconds by which a reordered frame is held back: long enough that later ones pass it."""


@dataclass(frozen=True, slots=True)
class LinkFaults:
    """What happens to frames on the way from one host to another.

    Attributes:
        loss: Share of frames lost, 0 to 1.
        duplicate: Share of frames that arrive twice, 0 to 1.
        reorder: Share of frames held back so that later ones overtake them, 0 to 1.
        delay: Lab seconds that every frame takes longer.
        jitter: Lab seconds by which frames take longer at most, each by a chance of its own; this reorders too.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        for what in ("loss", "duplicate", "reorder"):
            share = getattr(self, what)
            if not 0 <= share <= 1:
                raise ValueError(f"{what} is a share of the frames, 0 to 1, not {share}")
        if self.delay < 0 or self.jitter < 0:
            raise ValueError(f"a frame cannot arrive before it was sent: delay {self.delay}, jitter {self.jitter}")


class Faults:
    """The faults of a lab. They may be changed at any time; hosts are named in whatever case."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._everywhere: LinkFaults | None = None
        self._links: dict[tuple[str, str], LinkFaults] = {}
        self._failing_disks: dict[str, float] = {}

    def set_link(self, faults: LinkFaults | None, sender: str | None = None, receiver: str | None = None) -> None:
        """Have frames from ``sender`` to ``receiver`` suffer faults, or every link that has none of its own.

        Args:
            faults: The faults; None takes them away.
            sender: Name of a host; None, as ``receiver``, means every link.
            receiver: Name of a host.

        Raises:
            ValueError: only one of the two hosts is named.
        """
        if sender is None and receiver is None:
            self._everywhere = faults
        elif sender is None or receiver is None:
            raise ValueError("faults are set for one link, which has a sender and a receiver, or for all links")
        elif faults is None:
            self._links.pop((sender.lower(), receiver.lower()), None)
        else:
            self._links[sender.lower(), receiver.lower()] = faults

    def set_disk(self, host: str, failing: float) -> None:
        """Have a share (0 to 1) of a host's commits fail."""
        if not 0 <= failing <= 1:
            raise ValueError(f"the share of failing commits is 0 to 1, not {failing}")
        self._failing_disks[host.lower()] = failing

    def delays(self, sender: str, receiver: str) -> tuple[float, ...]:
        """Return the additional lab seconds after which each copy of a frame arrives; none when it is lost."""
        faults = self._links.get((sender.lower(), receiver.lower()), self._everywhere)
        if faults is None:
            return (0.0,)
        if self._happens(faults.loss):
            return ()
        copies = 2 if self._happens(faults.duplicate) else 1
        return tuple(self._delay(faults) for _ in range(copies))

    def commit_fails(self, host: str) -> bool:
        """Draw whether a host's next commit fails."""
        return self._happens(self._failing_disks.get(host.lower(), 0.0))

    def _delay(self, faults: LinkFaults) -> float:
        delay = faults.delay
        if faults.jitter:
            delay += self._random.uniform(0, faults.jitter)
        return delay + _HOLD if self._happens(faults.reorder) else delay

    def _happens(self, share: float) -> bool:
        return share > 0 and self._random.random() < share


class FaultyStore:
    """A host's store, whose commits fail when the faults say so."""

    def __init__(self, store: Store, host: str, faults: Faults) -> None:
        self._store = store
        self._host = host
        self._faults = faults

    def load(self) -> Saved:
        """Return what was committed."""
        return self._store.load()

    def commit(self, leases: Iterable[Lease], documents: Iterable[Document]) -> None:
        """Commit, or fail and leave the store as it is.

        Raises:
            StoreError: it failed.
        """
        if self._faults.commit_fails(self._host):
            raise StoreError(f"the disk of {self._host} refused to write (an injected fault); nothing was kept")
        self._store.commit(leases, documents)

    def close(self) -> None:
        """Close the store."""
        self._store.close()
