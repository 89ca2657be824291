"""The kernel wire of an ordinary user, tried from root by becoming nobody; elsewhere all tests run so anyway."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyroute2
import pytest

import dhcpkit
from tests.lab.demonstration import AS_IN_THE_GUIDE
from tests.tools import require

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="this user is an ordinary one: all other tests are this test"),
]

NOBODY = 65534

USE_A_LAB = """
import json, os, sys, time
from dhcpkit.lab.kernel.probe import probe
from tests.lab.kernel.labs import TriedLab, host

found = {"user": os.geteuid(), "probe": probe().sentence}
began = time.perf_counter()
tried = TriedLab().open(host(1, "server"), host(2, "server"), host(3))
found["seconds"] = time.perf_counter() - began
found["ping"] = tried.pings("H3", 1)
found["counts"] = [tried.command("H1", "count"), tried.wire.kill_service("H1"), tried.wire.start_service("H1")]
found["counts"].append(tried.command("H1", "count"))
tried.wire.set_link("H1", "H3", True, False)
found["cut"] = tried.pings("H3", 1)
tried.wire.set_link("H1", "H3", True, True)
found["mended"] = tried.pings("H3", 1)
script = "id -u; echo nameserver 10.0.0.1 > /etc/resolv.conf && cat /etc/resolv.conf; echo x > /run/x && ls /run"
found["wrote"] = tried.wire.run("H3", ["sh", "-c", script]).stdout.split("\\n")
found["frames"] = len(tried.log)
listening = tried.wire.spawn("H1", ["tcpdump", "-Z", "root", "-i", "eth0", "-n", "-c", "1", "icmp"])
tried.written(listening, "listening on")
tried.pings("H3", 1)
found["tcpdump"] = [listening.wait(), listening.output]
tried.wire.close()
print(json.dumps(found))
"""

PLAY_THE_DEMONSTRATION = """
import json, os
from dhcpkit.lab.lab import Lab
from tests.lab.demonstration import play

with Lab(wire="kernel", speed=60) as lab:
    print(json.dumps({"user": os.geteuid(), "served": play(lab)}))
"""


@pytest.fixture
def readable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package and what the script needs, where nobody may read it; pytest's own directories are root's alone."""
    place = Path("/var/tmp") / f"dhcpkit-unprivileged-{os.getpid()}"
    place.mkdir(mode=0o755)
    try:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(dhcpkit.__file__).parent, place / "dhcpkit", ignore=ignored)
        shutil.copytree(Path(pyroute2.__file__).parent, place / "pyroute2", ignore=ignored)
        tests = Path(__file__).parents[2]
        mine = [tests / "__init__.py", *(tests / "lab").glob("*.py"), *Path(__file__).parent.glob("*.py")]
        for file in mine:
            target = place / "tests" / file.relative_to(tests)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        for path in (place, *place.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield place
    finally:
        shutil.rmtree(place)


def as_nobody(place: Path, script: str, *before: str) -> dict[str, Any]:
    """Run a script as nobody with the system's Python, for ours may be in root's home; return what it printed."""
    setpriv = require("setpriv", "util-linux")
    python = require("/usr/bin/python3", "python3")
    version = subprocess.run([python, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True)
    if version.stdout != b"True\n":
        pytest.skip("the system's own Python is older than 3.11; install a newer one as /usr/bin/python3")
    rights = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", *before]
    done = subprocess.run(
        [*rights, python, "-B", "-c", script],
        cwd=place,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_ordinary_user_has_the_whole_wire(kernel: None, readable: Path) -> None:
    require("tcpdump", "tcpdump")
    resolver = hashlib.sha256(Path("/etc/resolv.conf").read_bytes()).digest()
    found = as_nobody(readable, USE_A_LAB)
    assert (found["user"], found["probe"]) == (NOBODY, "")
    assert (found["ping"], found["cut"], found["mended"]) == (True, False, True)
    assert found["counts"] == [1, None, None, 2]
    assert found["wrote"] == ["0", "nameserver 10.0.0.1", "dhcpkit", "x", ""]
    assert found["frames"] > 4
    assert found["tcpdump"][0] == 0
    assert "10.0.0.3 > 10.0.0.1: ICMP echo request" in found["tcpdump"][1]
    assert hashlib.sha256(Path("/etc/resolv.conf").read_bytes()).digest() == resolver


def test_no_new_privileges_does_not_hinder_a_lab(kernel: None, readable: Path) -> None:
    """A hub for notebooks often starts its users' servers so."""
    found = as_nobody(readable, USE_A_LAB, "--no-new-privs")
    assert (found["probe"], found["ping"]) == ("", True)


def test_an_ordinary_user_plays_the_whole_demonstration(kernel: None, readable: Path) -> None:
    found = as_nobody(readable, PLAY_THE_DEMONSTRATION)
    assert found["user"] == NOBODY
    assert [tuple(one) for one in found["served"]] == AS_IN_THE_GUIDE
