"""A prediction: the learner says what will happen before it is shown, and learns why it did or did not.

The answer is kept and nothing is said at first; ``reveal`` takes it up once the lab has shown what is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to choose.

    Attributes:
        text: The answer as the learner reads it.
        reply: What is said to whoever chose it, once the lab has shown what is so.
        right: Whether it is so.
        misconception: Id of the misconception behind a wrong answer (``M17``), empty for a right one.
    """

    text: str
    reply: str
    right: bool = False
    misconception: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers, in the order shown."""

    name: str
    text: str
    answers: tuple[Answer, ...]

    @property
    def right(self) -> Answer:
        """The answer that is so."""
        return next(answer for answer in self.answers if answer.right)

    def as_text(self) -> str:
        """The question as plain text, for a notebook that is read without a kernel."""
        return "\n".join([self.text, *(f"  ( ) {answer.text}" for answer in self.answers)])


class Prediction(widgets.VBox):  # type: ignore[misc]
    """A question on the screen. ``chosen`` is the answer, None while there is none."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.chosen: Answer | None = None
        self._revealed = False
        self._options = widgets.RadioButtons(
            options=[(answer.text, number) for number, answer in enumerate(question.answers)],
            index=None,
            layout=widgets.Layout(width="max-content"),
        )
        self._options.observe(self._choose, names="index")
        self._said = widgets.HTML()
        head = widgets.HTML(f"<b>{escape(question.text)}</b>")
        super().__init__([head, self._options, self._said], layout=widgets.Layout(margin="4px 0 8px 4px"))

    def reveal(self) -> str:
        """Say what is so, and answer what was predicted; return that as HTML."""
        self._revealed = True
        right = self.question.right
        if self.chosen is None:
            self._said.value = f"It is: <i>{escape(right.text)}</i>. {escape(right.reply)}"
        elif self.chosen.right:
            self._said.value = f"✔ You said so. {escape(right.reply)}"
        else:
            said, so = escape(self.chosen.text), escape(right.text)
            self._said.value = f"✘ You said: <i>{said}</i>. {escape(self.chosen.reply)} It is: <i>{so}</i>."
        self._options.disabled = True
        return str(self._said.value)

    def _choose(self, change: dict[str, Any]) -> None:
        if change["new"] is None:
            return
        self.chosen = self.question.answers[change["new"]]
        if not self._revealed:
            self._said.value = "Kept. Now find out."

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return _with_text(super()._repr_mimebundle_(**options), self.question.as_text())


class Revealed(widgets.VBox):  # type: ignore[misc]
    """What became of some predictions, together where they are taken up."""

    def __init__(self, predictions: Sequence[Prediction]) -> None:
        self._questions = [prediction.question for prediction in predictions]
        lines = [
            widgets.HTML(f"<b>{escape(prediction.question.text)}</b><br>{prediction.reveal()}")
            for prediction in predictions
        ]
        super().__init__(lines, layout=widgets.Layout(margin="4px 0 8px 4px"))

    def _repr_mimebundle_(self, **options: Any) -> Any:
        text = "\n".join(f"{each.text}\n  {each.right.text}. {each.right.reply}" for each in self._questions)
        return _with_text(super()._repr_mimebundle_(**options), text)


def _with_text(bundle: Any, text: str) -> Any:
    """Return a widget's output with a text that is the same each time, for who reads it without a kernel."""
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    if data is not None:
        data["text/plain"] = text
    return bundle
