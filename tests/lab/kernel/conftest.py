from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dhcpkit.lab.kernel.probe import ProbeResult, probe
from tests.lab.kernel.labs import TriedLab


@pytest.fixture(scope="session")
def probed() -> ProbeResult:
    return probe()


@pytest.fixture
def kernel(probed: ProbeResult) -> None:
    """Skip where there are no namespaces; in CI that is a failure."""
    if probed.ok:
        return
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(probed.sentence)
    pytest.fail(probed.sentence)


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
