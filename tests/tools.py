"""Programs that some tests hold the package against."""

from __future__ import annotations

import os
import shutil

import pytest


def require(program: str, package: str) -> str:
    """Return the path of a program that a test needs.

    Without it the test is skipped with the package to install, but in CI (environment variable ``CI``) it fails:
    there everything is installed, and a test that quietly stops running proves nothing.
    """
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path:
        return path
    reason = f"{program} is not installed; install it with: apt-get install {package}"
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(reason)
    pytest.fail(reason)
