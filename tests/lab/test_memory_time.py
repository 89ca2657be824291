from __future__ import annotations

import threading

import pytest

from dhcpkit.engine.actions import (
    Actions,
    Log,
    Progress,
    Send,
)
from dhcpkit.lab.clock import LAB_START
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import (
    ClockChanged,
)
from dhcpkit.lab.memory.wire import LATENCY, MemoryWire
from dhcpkit.protocol.addresses import BROADCAST
from tests.lab.nodes import Recorder
from tests.lab.world import ONE, THREE, TWO, World, datagram, spec


class TestCommands:
    def test_a_paused_clock_moves_until_the_answer_is_there(self, world: World) -> None:
        assert world.wire.command("H1", "wait", {"seconds": 12.5}) == LAB_START + 12.5
        assert world.clock.now() == LAB_START + 12.5

    def test_a_command_that_takes_too_long_is_given_up(self, world: World) -> None:
        with pytest.raises(LabError, match="H1 did not answer 'wait' in time"):
            world.wire.command("H1", "wait", {"seconds": 31})
        assert world.clock.now() <= LAB_START + 30

    def test_errors_of_the_service_are_raised(self, world: World) -> None:
        with pytest.raises(LabError, match="no command 'nonsense'"):
            world.wire.command("H1", "nonsense", {})

    def test_a_host_that_is_not_there_is_named(self, world: World) -> None:
        with pytest.raises(LabError, match="no host 'H9'; its hosts: H1, H2, H3"):
            world.wire.command("H9", "do", {})

    def test_a_stopped_service_takes_no_command(self, world: World) -> None:
        world.wire.stop_service("H1")
        with pytest.raises(LabError, match="no service runs on H1, so it cannot do"):
            world.do("H1")

    def test_steps_are_told_in_order(self, world: World) -> None:
        told: list[tuple[str, str]] = []
        world.wire.command(
            "H1",
            "do",
            {"actions": [Progress(1, "first"), Progress(1, "first", "Successful")]},
            lambda step, outcome: told.append((step, outcome)),
        )
        assert told == [("first", ""), ("first", "Successful")]

    def test_a_failing_progress_callback_does_not_stop_the_command(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(step: str, outcome: str) -> None:
            raise RuntimeError(step)

        assert world.wire.command("H1", "do", {"actions": [Progress(1, "first")]}, fail) == "done"
        assert [record.exc_info[1].args for record in caplog.records if record.exc_info] == [("first",)]

    def test_programs_cannot_run_here(self, world: World) -> None:
        with pytest.raises(LabError, match=r"udhcpc cannot run on H1: the memory wire.*wire='kernel'"):
            world.wire.run("H1", ["udhcpc", "-n"])


class TestTime:
    def test_a_node_is_ticked_at_its_deadline_on_its_own_clock(self, world: World) -> None:
        world.wire.set_skew("H1", 100.25)
        assert world.wire.command("H1", "wait", {"seconds": 1 / 3}) == pytest.approx(LAB_START + 100.25 + 1 / 3)
        assert world.clock.now() == pytest.approx(LAB_START + 1 / 3)
        assert world.nodes["H1"].of("command")[-1][1] == LAB_START + 100.25

    def test_a_skew_set_later_moves_the_deadline(self, world: World) -> None:
        world.wire.command("H1", "deadline", {"at": LAB_START + 10})
        world.wire.set_skew("H1", 4.0)
        world.wire.advance(5.9)
        assert world.nodes["H1"].of("tick") == []
        world.wire.advance(0.2)
        assert world.nodes["H1"].of("tick") == [(LAB_START + 10,)]

    def test_advance_moves_time_by_just_that(self, world: World) -> None:
        world.wire.advance(12.5)
        assert world.clock.now() == LAB_START + 12.5
        for seconds in (-1, float("nan"), float("inf")):
            with pytest.raises(LabError, match="cannot pass by"):
                world.wire.advance(seconds)

    def test_advance_until_stops_when_it_is_true_or_at_the_limit(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, TWO)))
        assert world.wire.advance_until(lambda: bool(world.nodes["H2"].of("datagram")), limit=10)
        assert world.clock.now() == pytest.approx(LAB_START + 3 * LATENCY)
        assert not world.wire.advance_until(lambda: False, limit=10)
        assert world.clock.now() == pytest.approx(LAB_START + 10 + 3 * LATENCY)

    def test_step_lets_one_thing_happen(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, BROADCAST)))
        assert world.wire.step() == LAB_START + LATENCY / 2
        assert len(world.frames()) == 1
        assert world.nodes["H2"].of("datagram") == []
        world.wire.step()
        world.wire.step()
        assert len(world.nodes["H2"].of("datagram")) == len(world.nodes["H3"].of("datagram")) == 1
        assert world.wire.step() is None

    def test_the_next_event_brings_what_follows_at_once(self, world: World) -> None:
        world.nodes["H1"].answers["tick"] = [Send(datagram(ONE, TWO)), Log(ClockChanged(7))]
        world.wire.command("H1", "deadline", {"at": LAB_START + 3600})
        world.wire.command("H2", "deadline", {"at": LAB_START + 7200})
        assert world.wire.to_next_event() == pytest.approx(LAB_START + 3600 + 3 * LATENCY)
        assert len(world.nodes["H2"].of("datagram")) == 1
        assert world.log.of(ClockChanged)[0].time == LAB_START + 3600
        assert world.nodes["H2"].of("tick") == []
        assert world.wire.to_next_event() == LAB_START + 7200
        assert world.wire.to_next_event() is None
        assert world.clock.now() == LAB_START + 7200

    def test_a_node_that_always_is_due_does_not_stop_time(self, world: World) -> None:
        class Eager(Recorder):
            def next_deadline(self) -> float | None:
                return 0.0

        world.wire.stop_service("H1")
        world.build = lambda host, saved: world.nodes.setdefault("eager", Eager())  # type: ignore[method-assign]
        wire = MemoryWire(world.clock, world.log, build=world.build)
        wire.open([spec(4)])
        wire.advance(1)
        assert 500 < len(world.nodes["eager"].of("tick")) < 1100

    def test_set_clock_lets_happen_what_it_passes_over_and_never_goes_back(self, world: World) -> None:
        world.wire.command("H1", "deadline", {"at": LAB_START + 10})
        world.wire.set_clock(world.clock.move_to(LAB_START + 20))
        assert world.nodes["H1"].of("tick") == [(LAB_START + 10,)]
        world.wire.set_clock(world.clock.move_to(LAB_START))
        assert world.clock.now() == LAB_START + 20


class TestRunningClock:
    def test_time_passes_by_itself_and_commands_wait_for_their_answer(self) -> None:
        world = World(speed=600.0)
        answered = world.wire.command("H1", "wait", {"seconds": 60})
        assert answered >= LAB_START + 60
        assert world.clock.now() >= answered
        world.wire.close()

    def test_commands_come_from_many_threads_while_frames_fly(self) -> None:
        world = World(speed=60.0)
        heard = threading.Event()
        world.log.subscribe(lambda events: heard.set() if len(world.log) > 400 else None)

        def work(host: str, source: int) -> None:
            for _ in range(50):
                world.do(host, Send(datagram(source, BROADCAST)))
                world.wire.command(host, "wait", {"seconds": 0.05})

        threads = [threading.Thread(target=work, args=each) for each in (("H1", ONE), ("H2", TWO), ("H3", THREE))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.wire.advance(1)
        assert [len(world.nodes[name].of("datagram")) for name in ("H1", "H2", "H3")] == [100, 100, 100]
        times = [event.time for event in world.log]
        assert times == sorted(times)
        world.wire.close()

    def test_a_command_waiting_when_the_clock_is_paused_moves_the_clock(self) -> None:
        world = World(speed=0.001)
        asked = threading.Event()
        answers: list[float] = []

        def ask() -> None:
            asked.set()
            answers.append(world.wire.command("H1", "wait", {"seconds": 10}, timeout=60))

        thread = threading.Thread(target=ask)
        thread.start()
        asked.wait()
        world.wire.set_clock(world.clock.set_speed(0))
        thread.join()
        assert answers[0] == pytest.approx(LAB_START + 10, abs=0.1)
        world.wire.close()

    def test_a_command_without_answer_is_given_up_after_its_timeout(self) -> None:
        world = World(speed=0.001)
        with pytest.raises(LabError, match="did not answer"):
            world.wire.command("H1", "wait", {"seconds": 10}, timeout=0.05)
        world.wire.close()

    def test_a_wire_that_cannot_keep_up_makes_the_clock_wait(self) -> None:
        world = World(speed=1e6)
        node = world.nodes["H1"]
        enough = threading.Event()

        def tick(now: float) -> Actions:
            node.deadline = now + 0.01
            node.heard.append(("tick", now))
            if len(node.heard) > 60_000:
                enough.set()
            return []

        node.tick = tick  # type: ignore[method-assign]
        world.wire.command("H1", "deadline", {"at": LAB_START})
        assert enough.wait(60)
        behind = world.clock.now() - node.heard[-1][1]
        assert behind < 1.5e6
        world.wire.close()

    def test_a_closed_lab_has_no_thread_and_takes_no_calls(self) -> None:
        before = set(threading.enumerate())
        world = World(speed=60.0)
        (thread,) = set(threading.enumerate()) - before
        world.wire.close()
        world.wire.close()
        thread.join(5)
        assert not thread.is_alive()
        for call in (lambda: world.wire.step(), lambda: world.do("H1"), lambda: world.wire.add_host(spec(4))):
            with pytest.raises(LabError, match="the lab is closed"):
                call()
