"""Checks: they look at the lab and its event log, never at a cell, so every way to a state counts.

A check retries while things settle. When it fails it says what was expected, what is, and a hint that leads on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dhcpkit.lab.lab import Lab
from dhcpkit.lab.waiting import settle

SETTLING = 2.0
"""Real seconds for which a check that fails is looked at again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at the lab found: what was expected, and what is."""

    passed: bool
    expected: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to reach in a lesson.

    Attributes:
        name: What ``lab.check`` calls it.
        title: What the learner is to reach.
        look: Looks at the lab.
        hints: Hints in steps: a pointer, then the method, then the solution.
    """

    name: str
    title: str
    look: Callable[[Lab], Finding]
    hints: tuple[str, ...]


@dataclass(slots=True)
class Checked:
    """The outcome of a check, shown as its text."""

    task: Task
    finding: Finding
    hint: str = ""
    _lines: list[str] = field(init=False)

    def __post_init__(self) -> None:
        if self.finding.passed:
            self._lines = [f"✔ {self.task.title}"]
        else:
            self._lines = [
                f"✘ {self.task.title}",
                f"  expected: {self.finding.expected}",
                f"  is:       {self.finding.found}",
                f"  hint:     {self.hint}",
            ]

    @property
    def passed(self) -> bool:
        """Whether the task is done."""
        return self.finding.passed

    def __repr__(self) -> str:
        return "\n".join(self._lines)


class Checker:
    """Checks the tasks of one lesson in one lab; each failed try gives the next hint."""

    def __init__(self, lab: Lab, tasks: tuple[Task, ...]) -> None:
        self._lab = lab
        self._tasks = {task.name: task for task in tasks}
        self._failed: dict[str, int] = {}

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The lesson's tasks, in order."""
        return tuple(self._tasks.values())

    def check(self, name: str) -> Checked:
        """Look whether a task is done.

        Raises:
            ValueError: the lesson has no such task; the text says which it has.
        """
        task = self._tasks.get(name)
        if task is None:
            raise ValueError(f"this lesson has no task {name!r}; its tasks: {', '.join(self._tasks)}")
        finding = Finding(False, task.title)

        def look() -> bool:
            nonlocal finding
            finding = task.look(self._lab)
            return finding.passed

        settle(self._lab.events, look, SETTLING)
        if finding.passed:
            self._failed.pop(name, None)
            return Checked(task, finding)
        tries = self._failed.get(name, 0)
        self._failed[name] = tries + 1
        return Checked(task, finding, task.hints[min(tries, len(task.hints) - 1)])
