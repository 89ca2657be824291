"""Every lesson runs on both wires and gives what is stored in it."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from dhcpkit.lab.kernel.probe import probe
from tests.lessons.rules import faults
from tests.lessons.validation import ROOT, validate
from tools import store_outputs

LESSONS = sorted((ROOT / "lessons").glob("*.ipynb"))
SPEED = "60"

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


def need_kernel_wire() -> None:
    """Skip where there are no network namespaces, saying why; in CI they have to be there."""
    result = probe()
    if result.ok:
        return
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(result.sentence)
    pytest.fail(result.sentence)


def test_there_are_lessons() -> None:
    assert LESSONS


@every_lesson
def test_a_lesson_is_stored_as_it_ought_to_be(lesson: Path) -> None:
    assert faults(nbformat.read(lesson, as_version=4)) == [], "run: make outputs"


@every_lesson
@pytest.mark.parametrize("wire", ["memory", pytest.param("kernel", marks=pytest.mark.kernel)])
@pytest.mark.lesson
def test_a_lesson_gives_what_is_stored(lesson: Path, wire: str, tmp_path: Path) -> None:
    if wire == "kernel":
        need_kernel_wire()
    verdict = validate(lesson, tmp_path, DHCPKIT_WIRE=wire, DHCPKIT_SPEED=SPEED)
    assert verdict.passed, verdict.report


@every_lesson
@pytest.mark.lesson
def test_what_is_stored_is_a_run_in_memory_to_the_byte(lesson: Path) -> None:
    assert store_outputs.run(lesson) == lesson.read_text(encoding="utf-8"), "run: make outputs"


@every_lesson
@pytest.mark.lesson
def test_every_output_of_a_lesson_is_compared(lesson: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(lesson, as_version=4)
    expected = []
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for output in cell.outputs:
            where, kind = (output, "text") if output.output_type == "stream" else (output.data, "text/plain")
            where[kind] = where[kind][:-1] + "~"
        expected.append("failure" if cell.outputs else "passed")
    doctored = tmp_path / lesson.name
    nbformat.write(notebook, doctored)
    verdict = validate(doctored, tmp_path, DHCPKIT_WIRE="memory", DHCPKIT_SPEED="0")
    assert "failure" in expected
    assert verdict.outcomes == expected, verdict.report
