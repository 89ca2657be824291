from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.tools import require


def test_a_program_is_found() -> None:
    assert require("sh", "dash").endswith("/sh")


def test_without_the_program_a_test_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match="apt-get install some-package"):
        require("no-such-program", "some-package")


def test_in_ci_a_missing_program_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match="apt-get install some-package"):
        require("no-such-program", "some-package")
