"""What a lesson is before it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dhcpkit.course.checks import Task
from dhcpkit.course.prediction import Question
from dhcpkit.lab.lab import Lab


@dataclass(frozen=True, slots=True)
class LessonDefinition:
    """A lesson's lab, questions and tasks.

    Attributes:
        name: What ``lesson(...)`` calls it.
        title: Its title.
        speed: Lab seconds in a real second at its start.
        set_up: Brings a fresh lab to where the lesson begins.
        questions: What the learner is asked to predict.
        tasks: What the learner is to reach, in order.
    """

    name: str
    title: str
    speed: float
    set_up: Callable[[Lab], None]
    questions: tuple[Question, ...]
    tasks: tuple[Task, ...]
