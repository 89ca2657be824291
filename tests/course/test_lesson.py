from __future__ import annotations

import pytest

from dhcpkit.course.demonstration import DEMONSTRATION
from dhcpkit.course.lesson import LessonLab, lesson
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.memory.wire import MemoryWire


@pytest.fixture(autouse=True)
def own_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DHCPKIT_SPEED", raising=False)


@pytest.mark.parametrize(("asked", "speed"), [(None, DEMONSTRATION.speed), (0, 0), (60, 60)])
def test_the_clock_runs_as_asked_or_as_the_lesson_has_it(asked: float | None, speed: float) -> None:
    with lesson("failover-demonstration", wire="memory", speed=asked) as lab:
        assert lab.clock.speed == speed
        assert lab.client1.served_by == "DHCP2"


def test_a_lesson_whose_lab_cannot_be_built_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: MemoryWire, hosts: object) -> None:
        raise LabError("no more hosts here")

    monkeypatch.setattr(MemoryWire, "open", fail)
    with pytest.raises(LabError, match="no more hosts here"):
        LessonLab(DEMONSTRATION, wire="memory")


def test_a_lesson_is_shown_as_its_desk_and_closes_with_it() -> None:
    lab = lesson("failover-demonstration", wire="memory", speed=0)
    assert lab.desk is lab.desk
    lab.reveal("when", "address")
    assert lab.predict("when") is lab.predict("when")
    lab.close()
    lab.close()
    with pytest.raises(LabError):
        lab.dhcp1.scopes()
