"""What some tests need of the machine: programs that they hold the package against, and namespaces."""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import NoReturn

import pytest

from dhcpkit.lab.kernel.probe import ProbeResult, probe


def require(program: str, package: str) -> str:
    """Return the path of a program that a test needs.

    Without it the test is skipped with the package to install, but in CI (environment variable ``CI``) it fails:
    there everything is installed, and a test that quietly stops running proves nothing.
    """
    path = found(program)
    if not path:
        missing(f"{program} is not installed; install it with: apt-get install {package}")
    return path


def found(program: str) -> str | None:
    """Return the path of a program, also of an administrator's, or None."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def require_kernel_wire() -> None:
    """Do without the test where no lab can be had in network namespaces; in CI that is a failure."""
    result = probed()
    if not result.ok:
        missing(result.sentence)


@cache
def probed() -> ProbeResult:
    """What this machine offers for the kernel wire."""
    return probe()


def missing(reason: str) -> NoReturn:
    """Skip the test for something that is not there, but fail it in CI."""
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(reason)
    pytest.fail(reason)
