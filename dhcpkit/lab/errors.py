"""The one error that the lab raises to people: a sentence that names what is wrong and what would be right."""

from __future__ import annotations


class LabError(Exception):
    """A request to the lab was wrong or could not be carried out; nothing was changed.

    In a notebook it is shown as its sentence, without a page of traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]
