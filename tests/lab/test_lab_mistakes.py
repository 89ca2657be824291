"""What a lab is given by mistake, and what it must not confuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.memory.wire import MemoryWire
from tests.lab.demonstration import play


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(wire="memory", speed=0) as lab:
        yield lab
        assert not lab.events.of(ServiceStopped)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), "fast", None])
def test_a_speed_that_cannot_be(lab: Lab, speed: object) -> None:
    with pytest.raises(LabError, match=r"a clock cannot run at|a clock's speed is a number, not"):
        lab.set_speed(speed)
    assert lab.clock.speed == 0


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e12, "late", None])
def test_a_clock_that_cannot_be_so_far_off(lab: Lab, seconds: object) -> None:
    with pytest.raises(LabError, match=r"a clock cannot be .* s off; give a number of seconds"):
        lab.dhcp1.set_skew(seconds)
    lab.run(5).result()


def test_a_path_is_the_same_from_either_end(lab: Lab) -> None:
    lab.cut("dhcp1", "dhcp2", inbound=False)
    assert lab.is_cut("dhcp2", "DHCP1")
    assert not lab.is_cut("dhcp1")
    lab.mend("DHCP2", "dhcp1")
    assert not lab.is_cut("dhcp1", "dhcp2")


def test_nobody_is_cut_that_is_not_there(lab: Lab) -> None:
    for host, peer in (("dhcp9", None), ("dhcp1", "dhcp9")):
        with pytest.raises(LabError, match="no host 'dhcp9'"):
            lab.cut(host, peer)
    assert not lab.is_cut("dhcp1")


def test_a_wait_without_time_is_over_at_once(lab: Lab) -> None:
    waiting = lab.until(lambda: False, within=0, what="nothing")
    assert waiting.fraction == 1.0
    with pytest.raises(LabError, match="waited 0 s of lab time in vain for: nothing"):
        waiting.result()


def test_a_wait_can_be_awaited_in_a_paused_and_in_a_running_lab(lab: Lab) -> None:
    lab.dhcp2.add_guide_scope()

    async def wait() -> None:
        await lab.until(lambda: lab.client1.state == "BOUND")
        lab.set_speed(600)
        begun = lab.clock.now()
        await lab.run(60)
        assert lab.clock.now() >= begun + 60
        with pytest.raises(LabError, match="in vain for: the sun"):
            await lab.until(lambda: False, within=60, what="the sun")

    asyncio.run(wait())


def test_a_word_that_no_setting_is_called_by_is_not_passed_over(lab: Lab) -> None:
    lab.dhcp2.add_guide_scope()
    with pytest.raises(TypeError, match="mctl"):
        lab.dhcp2.configure_failover(secret="secret", mctl=60)
    assert lab.dhcp2.failover() is None


def test_a_lab_that_fell_back_to_memory_is_as_repeatable_as_one_that_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also the frames of management, which are sealed with a key, are the same to the byte."""
    refusal = SimpleNamespace(ok=False, sentence="forbidden here.")
    monkeypatch.delenv("DHCPKIT_WIRE", raising=False)
    monkeypatch.setattr("dhcpkit.lab.kernel.probe.probe", lambda: refusal)
    captures = []
    for wire in ("auto", "memory"):
        with Lab(wire=wire, speed=0, seed=5) as lab:
            play(lab)
            assert lab.save_capture(tmp_path / wire) > 100
        captures.append((tmp_path / wire).read_bytes())
    assert captures[0] == captures[1]


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHCPKIT_WIRE", "")
    monkeypatch.setattr("dhcpkit.lab.kernel.probe.probe", lambda: SimpleNamespace(ok=False, sentence="no."))
    with Lab(speed=0) as lab:
        assert lab.wire == "memory"


def test_a_lab_that_cannot_be_brought_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    def fail(self: MemoryWire, hosts: object) -> None:
        raise LabError("no more hosts here")

    monkeypatch.setattr(MemoryWire, "open", fail)
    monkeypatch.setattr(MemoryWire, "close", lambda self: closed.append(self.name))
    with pytest.raises(LabError, match="no more hosts here"):
        Lab(wire="memory")
    assert closed == ["memory"]
