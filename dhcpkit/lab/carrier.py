"""The carrier: runs a node for a wire. The rules of ``engine/actions.py`` stand here and nowhere else.

A wire collects what has arrived for a host, hands it over as one batch, and gets the actions back through an
``Outlet``, in order, with all that had to be durable on disk already. One commit serves the whole batch: that is what
makes durability cheap under load.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from dhcpkit.engine.actions import (
    Actions,
    Close,
    Commit,
    Configure,
    Connect,
    Document,
    Log,
    Probe,
    Progress,
    Reply,
    Send,
    Transmit,
)
from dhcpkit.engine.lease import Lease
from dhcpkit.lab.events import CommitFailed
from dhcpkit.lab.node import Node
from dhcpkit.lab.store import Store, StoreError

Input = Callable[[float], Actions]
"""Something that happened to a node: called with the time on the host's clock, e.g. ``partial(node.datagram, d)``."""


class Outlet(Protocol):
    """What a wire does for a node: one method for each kind of action.

    A method must not raise because of what a node or a peer did; it tells the node by an input.
    """

    def send(self, action: Send) -> None:
        """Send a datagram."""

    def connect(self, action: Connect) -> None:
        """Begin to open a stream."""

    def transmit(self, action: Transmit) -> None:
        """Send bytes on a stream; on one that is gone they are dropped."""

    def close(self, action: Close) -> None:
        """Close a stream after what was transmitted has left."""

    def configure(self, action: Configure) -> None:
        """Give an interface an address, or take it away."""

    def probe(self, action: Probe) -> None:
        """Ask by ARP for an address."""

    def reply(self, action: Reply) -> None:
        """Answer a command."""

    def progress(self, action: Progress) -> None:
        """Tell who gave a command which step is done."""

    def log(self, action: Log) -> None:
        """Put an event into the lab's log."""

    def crashed(self, report: str) -> None:
        """Take note that the node raised an exception and runs no more; ``report`` is its traceback."""


class Carrier:
    """Owns a node and its store. Not thread-safe: one thread at a time.

    Attributes:
        node: The node.
        store: Where its leases and documents are kept.
        running: The node has been started, and has neither been stopped nor crashed.
    """

    def __init__(self, node: Node, store: Store, outlet: Outlet) -> None:
        self.node = node
        self.store = store
        self.running = False
        self._deadline: float | None = None
        self._outlet = outlet
        self._carry_out: dict[type, Callable[[Any], None]] = {
            Send: outlet.send,
            Commit: _already_done,
            Log: outlet.log,
            Connect: outlet.connect,
            Transmit: outlet.transmit,
            Close: outlet.close,
            Configure: outlet.configure,
            Probe: outlet.probe,
            Reply: outlet.reply,
            Progress: outlet.progress,
        }

    def start(self, now: float) -> None:
        """Start the node. ``now`` is the time on the host's clock, here and below."""
        self.running = True
        self._run((self.node.start,), now)

    def feed(self, inputs: Iterable[Input], now: float) -> None:
        """Hand over a batch of inputs; tick the node when its deadline has come. A node that does not run gets none."""
        if self.running:
            self._run(inputs, now, and_tick=True)

    def stop(self, now: float) -> None:
        """Stop the node in an orderly way. The wire then closes the node's streams."""
        if self.running:
            self._run((self.node.stop,), now)
            self.running = False

    def next_deadline(self) -> float | None:
        """When ``feed`` is wanted at the latest, on the host's clock; None when nothing is due."""
        return self._deadline if self.running else None

    def _run(self, inputs: Iterable[Input], now: float, and_tick: bool = False) -> None:
        lists: list[Actions] = []
        report = ""
        # The one place where a node's exceptions end. What it decided before is carried out all the same.
        try:
            for take in inputs:
                lists.append(take(now))
            deadline = self.node.next_deadline()
            if and_tick and deadline is not None and deadline <= now:
                lists.append(self.node.tick(now))
                deadline = self.node.next_deadline()
            self._deadline = deadline
        except Exception:
            self.running = False
            report = traceback.format_exc()
        failure = self._commit(lists)
        for actions in lists:
            if failure is not None and _holds_commit(actions):
                self._drop(actions, failure)
                continue
            for action in actions:
                self._carry_out[type(action)](action)
        if report:
            self._outlet.crashed(report)

    def _commit(self, lists: list[Actions]) -> StoreError | None:
        """Make everything durable that the lists want so, in one commit; return why it could not be done."""
        leases: dict[int, Lease] = {}
        documents: dict[tuple[str, str], Document] = {}
        for actions in lists:
            for action in actions:
                if type(action) is Commit:
                    for lease in action.leases:
                        leases[lease.address] = lease
                    for document in action.documents:
                        documents[document.kind, document.name] = document
        if not leases and not documents:
            return None
        try:
            self.store.commit(leases.values(), documents.values())
        except StoreError as error:
            self._outlet.log(Log(CommitFailed(str(error))))
            return error
        return None

    def _drop(self, actions: Actions, failure: StoreError) -> None:
        """Let nothing of a list happen, but tell who waits for an answer in it that there will be none."""
        for action in actions:
            if type(action) is Reply:
                self._outlet.reply(Reply(action.command, error=failure))


def _holds_commit(actions: Actions) -> bool:
    return any(type(action) is Commit for action in actions)


def _already_done(action: Commit) -> None:
    """Pass over a commit: it was carried out before everything else."""
