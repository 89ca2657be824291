from __future__ import annotations

import threading

from dhcpkit.lab.kernel.reports import HOLD_BACK, Reports
from dhcpkit.lab.log import EventLog


def test_events_of_several_processes_come_in_the_order_of_their_times() -> None:
    log = EventLog()
    reports = Reports(log)
    now = 1_000_000.0
    reports.add(now + 0.002, "B", "second")
    reports.add(now + 0.001, "A", "first")
    reports.add(now + 0.002, "A", "also second, but later said")
    assert reports.enter_due() == HOLD_BACK
    assert len(log) == 0, "an earlier one may still come"
    threading.Event().wait(HOLD_BACK * 1.5)
    assert reports.enter_due() is None
    assert [event.what for event in log] == ["first", "second", "also second, but later said"]


def test_nothing_is_held_back_from_whoever_is_answered() -> None:
    log = EventLog()
    reports = Reports(log)
    reports.add(2.0, "A", "later")
    reports.add(1.0, "B", "earlier")
    reports.enter_all()
    assert [event.what for event in log] == ["earlier", "later"]
    reports.enter_all()
    assert len(log) == 2
