"""Opening the lessons in JupyterLab."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from dhcpkit.lab.errors import LabError

CLONE = Path(__file__).parent.parent.parent
LESSONS = CLONE / "lessons"
FIRST = "failover-demonstration.ipynb"


def open_lessons(extra: list[str]) -> int:
    """Become JupyterLab on the lessons: in a browser where there is one, else with the address to open printed.

    Raises:
        LabError: the lessons or JupyterLab are missing.
    """
    if not LESSONS.is_dir():
        raise LabError(f"there are no lessons in {LESSONS}; run this from a clone of the project")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={LESSONS}"]
    command.append(f"--LabApp.default_url=/lab/tree/{FIRST}")
    # Of all that JupyterLab reports, the address is what matters; and looking for language servers calls npm.
    command += ["--log-level=WARN", "--LanguageServerManager.autodetect=False"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    if not _browser_at_hand():
        command.append("--no-browser")
        print("No browser at hand: open the address that JupyterLab prints below (it ends in a token).", flush=True)
    os.environ.update({name: value for name, value in _places().items() if name not in os.environ})
    os.execv(sys.executable, [*command, *extra])


def _places() -> dict[str, str]:
    """Where Jupyter and IPython keep settings, histories and the like: in the clone, not in the home folder."""
    folder = CLONE / ".jupyter"
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def _browser_at_hand() -> bool:
    """Whether opening a page can work here: a desktop session, and something that opens pages."""
    if sys.platform == "darwin" or os.environ.get("BROWSER"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    openers = ("xdg-open", "gio", "firefox", "chromium", "google-chrome", "x-www-browser")
    return any(shutil.which(opener) for opener in openers)
