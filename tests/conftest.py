from __future__ import annotations

import pytest

from tests.tools import require_kernel_wire


@pytest.fixture(scope="session")
def kernel() -> None:
    """The test needs network namespaces."""
    require_kernel_wire()
