"""Run lessons and store their outputs in them, as they are read where no kernel runs, and compared by the tests.

    make outputs                                                    all lessons
    .venv/bin/python tools/store_outputs.py lessons/one.ipynb       one of them
    .venv/bin/python tools/store_outputs.py --check                 only say which are not up to date

A lesson runs on the memory wire with its clock paused, so that every wait jumps from event to event: the outputs are
the same to the byte each time. A lesson that raises an error is left as it was.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

LESSONS = Path(__file__).parent.parent / "lessons"

WIDGET = "application/vnd.jupyter.widget-view+json"
"""The kind of output that shows nothing without the kernel that made it; the text beside it is stored."""


def main(arguments: list[str]) -> int:
    """Store or check the outputs of lessons; return 1 when one failed or is not up to date."""
    parser = argparse.ArgumentParser(prog="store_outputs.py", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", type=Path, help="notebooks (default: all lessons)")
    parser.add_argument("--check", action="store_true", help="change nothing, say which are not up to date")
    options = parser.parse_args(arguments)
    status = 0
    for path in options.lessons or sorted(LESSONS.glob("*.ipynb")):
        before = path.read_text(encoding="utf-8")
        try:
            after = run(path)
        except LessonFailed as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
            continue
        if before == after:
            print(f"{path}: up to date")
        elif options.check:
            print(f"{path}: not up to date, run: make outputs", file=sys.stderr)
            status = 1
        else:
            path.write_text(after, encoding="utf-8")
            print(f"{path}: stored")
    return status


class LessonFailed(Exception):
    """A cell of a lesson raised an error; the text says which and how."""


def run(path: Path) -> str:
    """Run a lesson and return the text of its notebook with the outputs in it.

    Raises:
        LessonFailed: a cell raised an error, or took too long.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        environment = {**os.environ, "DHCPKIT_WIRE": "memory", "DHCPKIT_SPEED": "0", "IPYTHONDIR": scratch}
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=120,
            coalesce_streams=True,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
        )
        try:
            client.execute(env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise LessonFailed(str(error)) from None
    tidy(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def tidy(notebook: Any) -> None:
    """Take out of an executed notebook what differs between two runs, or between two machines."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in map(stored, cell.outputs) if output is not None]


def stored(output: Any) -> Any | None:
    """Return an output without what is not stored; None when nothing is left of it."""
    if "data" in output:
        output["data"].pop(WIDGET, None)
        if not output["data"]:
            return None
    return output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
