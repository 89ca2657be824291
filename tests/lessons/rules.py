"""What a lesson's notebook must be like before it is run, so that running it with nbval proves something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LONGEST = 15
"""Lines of a code cell."""

NOT_COMPARED = ("application/vnd.jupyter.widget-view+json", "image/png", "image/jpeg")
"""Kinds of output that nbval does not compare."""

SWITCHES = ("NBVAL_", "PYTEST_VALIDATE_IGNORE_OUTPUT", "nbval-", "raises-exception")
"""How comments and tags switch nbval's comparison off."""

MOVING = ("display_id", "update_display", "clear_output", "Output(", "%%capture", "capture_output")
"""Words for outputs that change after they were shown, or go elsewhere: nbval does not see those."""


def faults(notebook: dict[str, Any]) -> list[str]:
    """Return what is wrong with a notebook, one sentence each; empty when nothing is."""
    found = []
    if "widgets" in notebook["metadata"]:
        found.append("the state of widgets is saved in the notebook")
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            found += [f"cell {cell['id']!r}: {fault}" for fault in _faults_of_cell(cell, count)]
    if not count:
        found.append("there is no code in it")
    return found


def _faults_of_cell(cell: dict[str, Any], expected_count: int) -> Iterator[str]:
    source = cell["source"]
    if cell["execution_count"] is None:
        yield "it was never executed"
    elif cell["execution_count"] != expected_count:
        yield f"it was executed as number {cell['execution_count']}, not {expected_count}: run the notebook in one go"
    if (lines := len(source.splitlines())) > LONGEST:
        yield f"it has {lines} lines, more than {LONGEST}"
    if "execution" in cell["metadata"]:
        yield "it holds when it was executed"
    for switch in SWITCHES:
        if switch in source or any(str(tag).startswith(switch) for tag in cell["metadata"].get("tags", ())):
            yield f"it takes itself out of the comparison ({switch})"
    for word in MOVING:
        if word in source:
            yield f"its output can change after it was shown ({word})"
    for output in cell["outputs"]:
        yield from _faults_of_output(output)


def _faults_of_output(output: dict[str, Any]) -> Iterator[str]:
    if output["output_type"] == "error":
        yield f"it raised {output['ename']}"
    if output.get("name") == "stderr":
        yield "it wrote to stderr, which is no place for a lesson's output"
    for text in (output.get("text", ""), *output.get("data", {}).values()):
        if "Traceback (most recent call last)" in str(text):
            yield "it shows a traceback"
    for kind in NOT_COMPARED:
        if kind in output.get("data", {}):
            yield f"it has an output that is not compared ({kind})"
