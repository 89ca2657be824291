"""The demonstration's tasks: each fails before it is done, passes after it, and tells a wrong way from a right one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dhcpkit.course.demonstration import DEMONSTRATION
from dhcpkit.course.lesson import LessonLab, lesson
from dhcpkit.lab.errors import LabError


@pytest.fixture
def lab() -> Iterator[LessonLab]:
    with LessonLab(DEMONSTRATION, wire="memory", speed=0) as lab:
        DEMONSTRATION.set_up(lab)
        served_by(lab, "DHCP2")
        yield lab


def served_by(lab: LessonLab, name: str) -> None:
    lab.until(lambda: lab.client1.served_by == name, 300).result()


def configure(lab: LessonLab, **given: object) -> None:
    lab.dhcp2.configure_failover(**{"partner": "dhcp1.contoso.com", "secret": "secret", "mclt": 60, **given})


def test_the_way_through(lab: LessonLab) -> None:
    assert not lab.check("configure").passed
    configure(lab)
    assert lab.check("configure").passed
    assert not lab.check("load").passed
    lab.dhcp2.set_failover(percent=0)
    served_by(lab, "DHCP1")
    assert lab.check("load").passed
    assert not lab.check("hot-standby").passed
    lab.dhcp2.set_failover(mode="HotStandby")
    served_by(lab, "DHCP2")
    assert lab.check("hot-standby").passed
    assert not lab.check("stop").passed
    lab.dhcp2.stop()
    served_by(lab, "DHCP1")
    assert repr(lab.check("stop")) == "✔ The active server stopped, and Client1 served by the standby"


@pytest.mark.parametrize(
    ("given", "says"),
    [({"mclt": 3600}, "maximum client lead time is 3600 s"), ({"secret": None}, "no shared secret")],
)
def test_a_relationship_with_other_values_than_the_guides(lab: LessonLab, given: dict[str, object], says: str) -> None:
    configure(lab, **given)
    assert says in repr(lab.check("configure"))


def test_the_load_moved_the_wrong_way(lab: LessonLab) -> None:
    configure(lab)
    lab.dhcp2.set_failover(percent=100)
    lab.run(120).result()
    assert "still served by 10.0.0.2" in repr(lab.check("load"))


def test_the_standby_stopped_instead_of_the_active_server(lab: LessonLab) -> None:
    configure(lab)
    lab.dhcp2.set_failover(mode="HotStandby")
    served_by(lab, "DHCP2")
    lab.dhcp1.stop()
    lab.run(120).result()
    assert "still served by 10.0.0.2" in repr(lab.check("stop"))


def test_hints_come_in_steps_and_the_last_one_stays(lab: LessonLab) -> None:
    hints = [lab.check("configure").hint for _ in range(4)]
    assert hints == [*DEMONSTRATION.tasks[0].hints, DEMONSTRATION.tasks[0].hints[-1]]


def test_unknown_names_are_answered_with_the_known_ones(lab: LessonLab) -> None:
    with pytest.raises(LabError, match="no task 'dance'; its tasks: configure, load, hot-standby, stop"):
        lab.check("dance")
    with pytest.raises(LabError, match="no question 'why'; its questions: when, address, short"):
        lab.predict("why")
    with pytest.raises(LabError, match="no lesson 'dancing'; there are: failover-demonstration"):
        lesson("dancing")


def test_a_lesson_begun_again_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHCPKIT_SPEED", "0")
    first = lesson("failover-demonstration", wire="memory")
    second = lesson("failover-demonstration", wire="memory")
    assert second.client1.served_by == "DHCP2"
    with pytest.raises(LabError):
        first.dhcp1.scopes()
    second.close()
