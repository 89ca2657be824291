"""The first cell of every lesson: ``lab = lesson("failover-demonstration")`` builds the lab that the lesson needs.

The lab it returns shows its desk as a cell's output, and knows the lesson's questions and tasks.
"""

from __future__ import annotations

import os
from typing import Any

from dhcpkit.course.checks import Checked, Checker
from dhcpkit.course.definition import LessonDefinition
from dhcpkit.course.demonstration import DEMONSTRATION
from dhcpkit.course.magics import register_magics
from dhcpkit.course.prediction import Prediction, Revealed
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.lab import Lab
from dhcpkit.ui.desk import Desk

LESSONS: dict[str, LessonDefinition] = {definition.name: definition for definition in (DEMONSTRATION,)}

_current: list[LessonLab] = []


class LessonLab(Lab):
    """A lab with a lesson around it.

    Attributes:
        lesson: The lesson.
        desk: Its desk, made when it is first shown.
    """

    def __init__(self, definition: LessonDefinition, **options: Any) -> None:
        self._desk: Desk | None = None  # Before anything that can fail: a lab that cannot be built is closed.
        super().__init__(**options)
        self.lesson = definition
        self._predictions: dict[str, Prediction] = {}
        self._checker = Checker(self, definition.tasks)

    @property
    def desk(self) -> Desk:
        """The lab's desk: topology, chart, controls."""
        if self._desk is None:
            self._desk = Desk(self)
        return self._desk

    def predict(self, name: str) -> Prediction:
        """Ask one of the lesson's questions."""
        if name not in self._predictions:
            questions = {question.name: question for question in self.lesson.questions}
            if name not in questions:
                raise LabError(f"this lesson has no question {name!r}; its questions: {', '.join(questions)}")
            self._predictions[name] = Prediction(questions[name])
        return self._predictions[name]

    def reveal(self, *names: str) -> Revealed:
        """Take up predictions: say what is so, here and where the question stands."""
        return Revealed([self.predict(name) for name in names])

    def check(self, task: str) -> Checked:
        """Look whether a task of the lesson is done.

        Raises:
            LabError: the lesson has no such task.
        """
        try:
            return self._checker.check(task)
        except ValueError as error:
            raise LabError(str(error)) from None

    def close(self) -> None:
        """End the lab and its desk."""
        if self._desk is not None:
            self._desk.close()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.desk._repr_mimebundle_(**options)


def lesson(name: str, *, wire: str = "auto", speed: float | None = None) -> LessonLab:
    """Build the lab of a lesson, as it is at the lesson's start. Called again, it starts anew.

    Args:
        name: The lesson, e.g. ``failover-demonstration``.
        wire: ``auto``, ``kernel`` or ``memory``.
        speed: Lab seconds in a real second; None is the lesson's own. The environment variable DHCPKIT_SPEED
            goes before it, for whoever runs all lessons unattended.

    Raises:
        LabError: there is no such lesson, or the lab cannot be built.
    """
    definition = LESSONS.get(name)
    if definition is None:
        raise LabError(f"there is no lesson {name!r}; there are: {', '.join(LESSONS)}")
    while _current:
        _current.pop().close()
    chosen = float(os.environ.get("DHCPKIT_SPEED") or (definition.speed if speed is None else speed))
    lab = LessonLab(definition, wire=wire, speed=chosen)
    _current.append(lab)
    definition.set_up(lab)
    lab.until(lambda: lab.client1.state == "BOUND", within=120, what="the client's first lease").result()
    register_magics(lab)
    return lab
