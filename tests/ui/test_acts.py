from __future__ import annotations

import threading
from collections.abc import Callable

from dhcpkit.lab.errors import LabError
from dhcpkit.ui.acts import Acts, Report


class Watched:
    """Acts whose changes a test can wait for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.acts = Acts(self._note)

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait(self, condition: Callable[[Acts], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.acts), timeout=5), self.acts.report


def test_begin_returns_while_the_act_goes_on() -> None:
    watched, go_on = Watched(), threading.Event()
    assert watched.acts.begin("a", "Doing …", "Done.", go_on.wait)
    assert watched.acts.busy == {"a"}
    assert watched.acts.report == Report("Doing …", "busy")
    go_on.set()
    watched.wait(lambda acts: not acts.busy)
    assert watched.acts.report == Report("Done.", "done")


def test_the_same_act_is_not_begun_twice_at_a_time() -> None:
    watched, go_on = Watched(), threading.Event()
    watched.acts.begin("a", "", "", go_on.wait)
    assert not watched.acts.begin("a", "", "", lambda: 1 / 0)
    assert watched.acts.begin("b", "", "b is done", lambda: None)
    go_on.set()
    watched.wait(lambda acts: not acts.busy)


def test_of_what_waits_for_its_turn_only_the_last_is_done() -> None:
    watched, go_on = Watched(), threading.Event()
    done: list[int] = []
    watched.acts.begin("share", "", "", go_on.wait)
    for value in (1, 2, 3):
        assert watched.acts.begin("share", "", f"{value} done", lambda value=value: done.append(value), queue=True)
    go_on.set()
    watched.wait(lambda acts: not acts.busy)
    assert done == [3]
    assert watched.acts.report.text == "3 done"


def test_an_error_of_the_lab_is_told_by_its_sentence() -> None:
    watched = Watched()

    def refuse() -> None:
        raise LabError("DHCP2 is stopped; start it first")

    watched.acts.begin("a", "", "", refuse)
    watched.wait(lambda acts: not acts.busy)
    assert watched.acts.report == Report("DHCP2 is stopped; start it first", "error")


def test_any_other_error_is_told_too_and_leaves_nothing_busy() -> None:
    watched = Watched()
    watched.acts.begin("a", "", "", lambda: 1 / 0)
    watched.wait(lambda acts: not acts.busy)
    assert watched.acts.report.kind == "error"
    assert "division by zero" in watched.acts.report.text


def test_what_cannot_be_done_is_said_at_once() -> None:
    watched = Watched()
    watched.acts.refuse("No.")
    assert watched.acts.report == Report("No.", "error")
