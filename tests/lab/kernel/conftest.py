from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lab.kernel.labs import TriedLab


@pytest.fixture
def lab(kernel: None) -> Iterator[Callable[..., TriedLab]]:
    """Make labs with ``lab(speed=..., ...)``; all are closed in the end."""
    made: list[TriedLab] = []

    def make(**options: Any) -> TriedLab:
        made.append(TriedLab(**options))
        return made[-1]

    yield make
    for each in made:
        each.wire.close()
