from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing settles by itself in a paused lab, so a check that fails need not look again for long."""
    monkeypatch.setattr("dhcpkit.course.checks.SETTLING", 0.01)
