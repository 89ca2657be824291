from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dhcpkit.lab.events import ServiceStarted
from tests.lab.kernel.labs import TriedLab, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


def test_all_share_the_labs_clock_and_each_has_its_skew(lab: Labs) -> None:
    tried = lab(speed=60).open(host(1, "server"), host(2, "server", skew=-90.0))
    before = tried.clock.now()
    one, two = tried.command("H1", "now"), tried.command("H2", "now")
    after = tried.clock.now()
    assert before <= one <= after
    assert before - 90 <= two <= after - 90
    tried.wire.set_skew("H2", 3600)
    assert tried.clock.now() + 3600 <= tried.command("H2", "now") <= tried.clock.now() + 3600 + 60
    tried.wire.stop_service("H2")
    tried.wire.start_service("H2")
    assert tried.command("H2", "now") >= after + 3600
    assert all(event.time <= tried.clock.now() for event in tried.log)


def test_a_deadline_comes_at_the_clocks_speed(lab: Labs) -> None:
    tried = lab(speed=600).open(host(1, "server", skew=50.0))
    began = time.monotonic()
    tried.command("H1", "alarm", at=tried.clock.now() + 50 + 120)
    ((late,),) = tried.wait_for(lambda: tried.told("H1", "alarm"))
    assert 0.19 < time.monotonic() - began < 1.5
    assert 0 <= late < 60


def test_a_paused_clock_stops_deadlines_and_a_new_speed_recomputes_them(lab: Labs) -> None:
    tried = lab(speed=1).open(host(1, "server"))
    tried.command("H1", "alarm", at=tried.clock.now() + 3600)
    tried.wire.set_clock(tried.clock.set_speed(0))
    paused = tried.command("H1", "now")
    assert tried.command("H1", "now") == paused == tried.clock.now()
    assert not tried.told("H1", "alarm")
    tried.wire.set_clock(tried.clock.set_speed(36_000))
    tried.wait_for(lambda: tried.told("H1", "alarm"))


def test_a_service_started_later_goes_by_the_present_clock(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    tried.wire.stop_service("H1")
    tried.wire.set_clock(tried.clock.move_to(2_000_000_000.0))
    tried.wire.start_service("H1")
    assert tried.command("H1", "now") >= 2_000_000_000.0
    assert tried.log.of(ServiceStarted)[-1].time >= 2_000_000_000.0


def test_to_the_next_event(lab: Labs) -> None:
    tried = lab(speed=0).open(host(1, "server"), host(2, "server", skew=7.0))
    assert tried.wire.to_next_event() is None
    start = tried.clock.now()
    tried.command("H1", "alarm", at=start + 100)
    tried.command("H2", "alarm", at=start + 40 + 7)
    first = tried.wire.to_next_event()
    assert first == pytest.approx(start + 40, abs=0.001)
    assert (len(tried.told("H1", "alarm")), len(tried.told("H2", "alarm"))) == (0, 1)
    assert tried.wire.to_next_event() == pytest.approx(start + 100, abs=0.001)
    assert len(tried.told("H1", "alarm")) == 1
    assert tried.wire.to_next_event() is None
