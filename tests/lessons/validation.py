"""Running a notebook with nbval, as strictly as that goes, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import nbformat

ROOT = Path(__file__).parent.parent.parent
SANITIZE = Path(__file__).parent / "sanitize.cfg"

UNSEEN = "unhandled iopub msg"
"""What nbval prints of a message that it leaves out of the comparison: an update of an output, say."""


@dataclass(frozen=True)
class Verdict:
    """What came of a run.

    Attributes:
        outcomes: Outcome of each code cell in order: passed, failure, error or skipped.
        unseen: Whether something was shown that nbval does not compare.
        report: What nbval wrote.
    """

    outcomes: list[str]
    unseen: bool
    report: str

    @property
    def passed(self) -> bool:
        """Whether every code cell ran and gave what is stored."""
        return not self.unseen and set(self.outcomes) == {"passed"}


def validate(notebook: Path, scratch: Path, **environment: str) -> Verdict:
    """Run every cell of a notebook in a fresh kernel and compare what it gives with what is stored.

    Args:
        notebook: The notebook; its folder is the kernel's working directory.
        scratch: A folder for what Jupyter, IPython and pytest write.
        environment: More environment variables for the kernel.
    """
    notebook = notebook.resolve()
    results = scratch / "results.xml"
    results.unlink(missing_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DHCPKIT_"))}
    places = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    options = (
        *("-s", "-vv", "--color=no", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={notebook.parent}"),
        *("-c", os.devnull, f"--junitxml={results}"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=60", f"--nbval-sanitize-with={SANITIZE}"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(notebook)],
        cwd=notebook.parent,
        env={**inherited, **dict.fromkeys(places, str(scratch)), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    if not results.exists():
        raise RuntimeError(f"nbval did not run:\n{done.stdout}")
    outcomes = [_outcome(case) for case in ElementTree.parse(results).iter("testcase")]
    cells = sum(cell.cell_type == "code" for cell in nbformat.read(notebook, as_version=4).cells)
    if len(outcomes) != cells or (done.returncode == 0) != (set(outcomes) == {"passed"}):
        raise RuntimeError(f"nbval tells of {len(outcomes)} of {cells} cells:\n{done.stdout}")
    return Verdict(outcomes, UNSEEN in done.stdout, done.stdout)


def _outcome(case: ElementTree.Element) -> str:
    return next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
