"""A notebook that is not true is refused: the rules, the comparison, and the tool that stores outputs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.lessons.rules import faults
from tests.lessons.validation import validate
from tools import store_outputs

SOURCES = ("print('one')", "1 + 1", "x = 3", "{'x': x}")
IPCONFIG = "   IPv4 Address. . . . : 10.0.0.11\n   Lease Obtained. . . : Friday, January 25, 2013 9:00:0{} AM\n"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a small notebook with the outputs that running it gives."""
    path = tmp_path_factory.mktemp("good") / "good.ipynb"
    cells = [new_markdown_cell("# Small", id="title")]
    cells += [new_code_cell(source, id=f"code-{number}") for number, source in enumerate(SOURCES)]
    nbformat.write(new_notebook(cells=cells), path)
    assert store_outputs.main([str(path)]) == 0
    return nbformat.read(path, as_version=4)


def saved(notebook: Any, folder: Path) -> Path:
    path = folder / "lesson.ipynb"
    nbformat.write(notebook, path)
    return path


def test_a_notebook_with_its_outputs_passes(good: Any, tmp_path: Path) -> None:
    assert faults(good) == []
    verdict = validate(saved(good, tmp_path), tmp_path)
    assert verdict.passed, verdict.report
    assert verdict.outcomes == ["passed"] * len(SOURCES)


def code(notebook: Any, number: int = 1) -> Any:
    return notebook.cells[number]


def never_executed(notebook: Any) -> None:
    code(notebook).execution_count = None


def executed_out_of_order(notebook: Any) -> None:
    code(notebook).execution_count = 7


def raised_an_error(notebook: Any) -> None:
    code(notebook).outputs = [new_output("error", ename="NameError", evalue="no x", traceback=[])]


def printed_a_traceback(notebook: Any) -> None:
    code(notebook).outputs = [new_output("stream", text="Traceback (most recent call last):\n")]


def wrote_to_stderr(notebook: Any) -> None:
    code(notebook).outputs = [new_output("stream", name="stderr", text="a warning\n")]


def saved_widget_state(notebook: Any) -> None:
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}


def saved_widget_view(notebook: Any) -> None:
    view = {"model_id": "0123", "version_major": 2, "version_minor": 0}
    code(notebook, 2).outputs[0]["data"]["application/vnd.jupyter.widget-view+json"] = view


def saved_picture(notebook: Any) -> None:
    code(notebook, 2).outputs[0]["data"]["image/png"] = "aGVsbG8="


def saved_times(notebook: Any) -> None:
    code(notebook).metadata["execution"] = {"iopub.execute_input": "2013-01-25T09:00:00Z"}


def too_long(notebook: Any) -> None:
    code(notebook).source = "\n".join(["pass"] * 16)


def told_nbval_to_look_away(notebook: Any) -> None:
    code(notebook).source = "# NBVAL_IGNORE_OUTPUT\nprint('one')"


def tagged_to_be_skipped(notebook: Any) -> None:
    code(notebook).metadata["tags"] = ["nbval-skip"]


def tagged_to_raise(notebook: Any) -> None:
    code(notebook).metadata["tags"] = ["raises-exception"]


def updates_its_display(notebook: Any) -> None:
    code(notebook).source = "handle = display('one', display_id=True)"


def clears_its_output(notebook: Any) -> None:
    code(notebook).source = "from IPython.display import clear_output"


def captures_into_a_widget(notebook: Any) -> None:
    code(notebook).source = "with widgets.Output():\n    print('one')"


def has_no_code(notebook: Any) -> None:
    notebook.cells = notebook.cells[:1]


@pytest.mark.parametrize(
    ("doctor", "complaint"),
    [
        (never_executed, "cell 'code-0': it was never executed"),
        (executed_out_of_order, "executed as number 7, not 1"),
        (raised_an_error, "raised NameError"),
        (printed_a_traceback, "shows a traceback"),
        (wrote_to_stderr, "stderr"),
        (saved_widget_state, "state of widgets"),
        (saved_widget_view, "not compared (application/vnd.jupyter.widget-view+json)"),
        (saved_picture, "not compared (image/png)"),
        (saved_times, "when it was executed"),
        (too_long, "16 lines, more than 15"),
        (told_nbval_to_look_away, "out of the comparison"),
        (tagged_to_be_skipped, "out of the comparison"),
        (tagged_to_raise, "out of the comparison"),
        (updates_its_display, "can change after it was shown"),
        (clears_its_output, "can change after it was shown"),
        (captures_into_a_widget, "can change after it was shown"),
        (has_no_code, "no code"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_rules_refuse(doctor: Callable[[Any], None], complaint: str, good: Any) -> None:
    doctored = copy.deepcopy(good)
    doctor(doctored)
    found = faults(doctored)
    assert len(found) == 1, found
    assert complaint in found[0]


def executed(source: str, *outputs: Any) -> Any:
    return new_code_cell(source, execution_count=1, outputs=list(outputs))


def result(text: str) -> Any:
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def printed(text: str) -> Any:
    return new_output("stream", text=text)


def test_the_comparison_refuses_what_differs(tmp_path: Path) -> None:
    def ipconfig(stored: str) -> Any:
        return executed(f"print({IPCONFIG.format(5)!r}, end='')", printed(stored))

    told = IPCONFIG.format(0)
    cells = [
        (executed("print('one')", printed("one\n")), "passed"),
        (executed("print('one')", printed("One\n")), "failure"),
        (executed("print('one')", printed("one \n")), "failure"),
        (executed("print('one')"), "failure"),
        (executed("x = 1", printed("one\n")), "failure"),
        (executed("1 + 1", result("2")), "passed"),
        (executed("1 + 1", result("3")), "failure"),
        (executed("raise ValueError('no')"), "failure"),
        (ipconfig(told), "passed"),
        (ipconfig(told.replace("10.0.0.11", "10.0.0.12")), "failure"),
        (ipconfig(told.replace("AM", "am")), "failure"),
    ]
    verdict = validate(saved(new_notebook(cells=[cell for cell, _ in cells]), tmp_path), tmp_path)
    assert verdict.outcomes == [outcome for _, outcome in cells], verdict.report
    assert not verdict.passed


@pytest.mark.parametrize(
    "source",
    [
        "h = display('one', display_id='x'); h.update('one')",
        "from IPython.display import clear_output; print('one'); clear_output()",
    ],
)
def test_the_comparison_refuses_what_changes_later(source: str, tmp_path: Path) -> None:
    path = saved(new_notebook(cells=[new_code_cell(source)]), tmp_path)
    assert store_outputs.main([str(path)]) == 0
    assert not validate(path, tmp_path).passed


def test_what_is_stored_is_the_same_each_time(good: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(good, tmp_path)
    before = path.read_bytes()
    assert store_outputs.main([str(path)]) == 0
    assert path.read_bytes() == before
    assert "up to date" in capsys.readouterr().out


def test_checking_stores_nothing(good: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctored = copy.deepcopy(good)
    code(doctored).outputs = [printed("two\n")]
    path = saved(doctored, tmp_path)
    before = path.read_bytes()
    assert store_outputs.main(["--check", str(path)]) == 1
    assert path.read_bytes() == before
    assert "not up to date" in capsys.readouterr().err


def test_a_lesson_that_fails_is_left_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(new_notebook(cells=[new_code_cell("print('one')"), new_code_cell("1 / 0")]), tmp_path)
    before = path.read_bytes()
    assert store_outputs.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_widgets_are_stored_as_text_and_without_state(tmp_path: Path) -> None:
    source = "import ipywidgets\nipywidgets.IntSlider(3)"
    path = saved(new_notebook(cells=[new_code_cell(source)]), tmp_path)
    assert store_outputs.main([str(path)]) == 0
    notebook = nbformat.read(path, as_version=4)
    assert list(notebook.cells[0].outputs[0]["data"]) == ["text/plain"]
    assert faults(notebook) == []
    assert validate(path, tmp_path).passed
