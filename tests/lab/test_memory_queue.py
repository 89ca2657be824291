from __future__ import annotations

import pytest

from dhcpkit.lab.memory.queue import EventQueue


def test_things_happen_in_the_order_of_their_time_then_of_their_entry() -> None:
    queue, happened = EventQueue(100.0), []
    for name, time in (("late", 103.0), ("first", 101.0), ("second", 101.0), ("past", 5.0)):
        queue.at(time, lambda name=name: happened.append((name, queue.now)))
    queue.after(0.5, lambda: happened.append(("soon", queue.now)))
    while queue.next_time() is not None:
        queue.run_next()
    assert happened == [("past", 100.0), ("soon", 100.5), ("first", 101.0), ("second", 101.0), ("late", 103.0)]


def test_what_is_cancelled_does_not_happen() -> None:
    queue, happened = EventQueue(0.0), []
    entry = queue.at(1.0, lambda: happened.append(1))
    queue.at(2.0, lambda: happened.append(2))
    queue.cancel(entry)
    queue.cancel(entry)
    queue.cancel(None)
    assert queue.next_time() == 2.0
    queue.run_next()
    assert happened == [2]
    assert queue.next_time() is None
    with pytest.raises(IndexError, match="nothing is due"):
        queue.run_next()


def test_a_queue_of_cancelled_things_does_not_grow() -> None:
    queue = EventQueue(0.0)
    kept = queue.at(1e9, lambda: None)
    for number in range(10_000):
        queue.cancel(queue.at(1000.0 + number, lambda: None))
    assert len(queue) == 1
    assert len(queue._heap) < 200
    queue.cancel(kept)
    assert queue.next_time() is None


def test_time_passes_but_not_backwards() -> None:
    queue = EventQueue(10.0)
    queue.pass_to(20.0)
    queue.pass_to(15.0)
    assert queue.now == 20.0
