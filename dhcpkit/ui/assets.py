"""The scripts and style sheets of the widgets, read from the package's ``static`` directory."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def asset(*names: str) -> str:
    """Return files put one after another; a widget's script needs ``common.js`` before it."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)
