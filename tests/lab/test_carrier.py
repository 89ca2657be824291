from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

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
from dhcpkit.lab.carrier import Carrier
from dhcpkit.lab.events import CommitFailed
from dhcpkit.lab.store import MemoryStore, StoreError
from dhcpkit.protocol.datagram import Datagram
from tests.lab.nodes import Recorder, lease

HELLO = Send(Datagram(b"hello", 1, 67, 2, 68))


class Desk:
    """An outlet and a store that note, in one list, what happens in which order."""

    def __init__(self) -> None:
        self.happened: list[Any] = []
        self.broken = False
        self.commits: list[tuple[list[int], list[str]]] = []

    def load(self) -> Any:
        raise NotImplementedError

    def commit(self, leases: Iterable[Lease], documents: Iterable[Document]) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.commits.append(([each.address for each in leases], [each.name for each in documents]))
        self.happened.append("commit")

    def _note(self, action: object) -> None:
        self.happened.append(action)

    send = connect = transmit = configure = probe = reply = progress = log = crashed = _note

    def close(self, action: Close | None = None) -> None:
        self.happened.append(action)


def desk() -> tuple[Recorder, Desk, Carrier]:
    node, outlet = Recorder(), Desk()
    carrier = Carrier(node, outlet, outlet)
    carrier.start(0.0)
    outlet.happened.clear()
    return node, outlet, carrier


def returning(actions: Actions) -> Any:
    return lambda now: actions


def test_every_kind_of_action_reaches_the_outlet_in_order() -> None:
    _, outlet, carrier = desk()
    actions: Actions = [
        Log("event"),
        HELLO,
        Connect("s", 1, 647),
        Transmit("s", b"x"),
        Close("s"),
        Configure(1),
        Probe(1),
        Progress(1, "step"),
        Reply(1, "value"),
    ]
    carrier.feed([returning(actions)], 1.0)
    assert outlet.happened == actions


def test_one_commit_serves_the_batch_and_comes_before_everything() -> None:
    _, outlet, carrier = desk()
    shared = lease(5)
    lists: list[Actions] = [
        [Log("first")],
        [HELLO, Commit((shared,), (Document("scope", "a", {}),))],
        [Commit((lease(6), shared)), Log("last")],
    ]
    carrier.feed([returning(actions) for actions in lists], 1.0)
    assert outlet.happened == ["commit", Log("first"), HELLO, Log("last")]
    assert outlet.commits == [([5, 6], ["a"])]


def test_leases_are_written_as_they_are_when_the_commit_is_carried_out() -> None:
    store, node = MemoryStore(), Recorder()
    carrier = Carrier(node, store, Desk())
    carrier.start(0.0)
    changing = lease(5, expires=1)

    def change(now: float) -> Actions:
        changing.expires = 2
        return []

    carrier.feed([returning([Commit((changing,))]), change], 1.0)
    assert store.load().leases == [lease(5, expires=2)]


def test_a_failed_commit_drops_the_lists_that_held_one_and_only_those() -> None:
    _, outlet, carrier = desk()
    outlet.broken = True
    lists: list[Actions] = [
        [Log("kept")],
        [Log("dropped"), Commit((lease(5),)), HELLO, Reply(7, "value")],
        [Close("s")],
    ]
    carrier.feed([returning(actions) for actions in lists], 1.0)
    failed, kept, reply, closed = outlet.happened
    assert failed == Log(CommitFailed("the disk is full"))
    assert (kept, closed) == (Log("kept"), Close("s"))
    assert reply.command == 7
    assert isinstance(reply.error, StoreError)
    outlet.broken = False
    carrier.feed([returning([Commit((lease(5),)), HELLO])], 2.0)
    assert outlet.happened[-2:] == ["commit", HELLO]


def test_a_node_is_ticked_when_its_time_has_come_with_the_batch() -> None:
    node, outlet, carrier = desk()
    node.deadline = 5.0
    node.answers = {"tick": [Commit((lease(1),))], "datagram": [Commit((lease(2),))]}
    carrier.feed([partial(node.datagram, HELLO.datagram)], 4.9)
    assert "tick" not in node.names()
    assert carrier.next_deadline() == 5.0
    carrier.feed([partial(node.datagram, HELLO.datagram)], 5.0)
    assert node.of("tick") == [(5.0,)]
    assert outlet.commits == [([2], []), ([2, 1], [])]


def test_an_exception_of_the_node_ends_it_but_not_what_it_decided_before() -> None:
    node, outlet, carrier = desk()
    carrier.feed([returning([HELLO]), partial(node.command, 1, "raise", {}), returning([Log("after")])], 1.0)
    sent, report = outlet.happened
    assert sent == HELLO
    assert report.startswith("Traceback")
    assert "ZeroDivisionError: a mistake in the node" in report
    assert not carrier.running
    assert carrier.next_deadline() is None
    carrier.feed([returning([HELLO])], 2.0)
    assert len(outlet.happened) == 2


def test_a_stopped_node_gets_no_more_inputs() -> None:
    node, outlet, carrier = desk()
    node.answers = {"stop": [HELLO]}
    node.deadline = 1.0
    carrier.stop(2.0)
    carrier.stop(2.0)
    carrier.feed([partial(node.datagram, HELLO.datagram)], 3.0)
    assert node.names() == ["start", "stop"]
    assert outlet.happened == [HELLO]
    assert carrier.next_deadline() is None


def test_a_mistake_in_the_deadline_ends_the_node_too() -> None:
    node, outlet, carrier = desk()

    def fail() -> float | None:
        raise ZeroDivisionError

    node.next_deadline = fail  # type: ignore[method-assign]
    carrier.feed([returning([HELLO])], 1.0)
    assert outlet.happened[0] == HELLO
    assert "ZeroDivisionError" in outlet.happened[1]
    assert carrier.next_deadline() is None
