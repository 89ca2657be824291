from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dhcpkit.lab.kernel import groups, syscalls
from dhcpkit.lab.kernel import probe as probing
from dhcpkit.lab.kernel.probe import ProbeResult, probe
from tests.lab.kernel.test_lifetime import processes_below
from tests.tools import require

pytestmark = pytest.mark.kernel

ASK = "from dhcpkit.lab.kernel.probe import probe; r = probe(); print(r.ok, r.errno, r.sentence, sep='\\n')"
ROOT = Path(__file__).parents[3]


def asked(*before: str) -> tuple[bool, int, str]:
    """Ask the probe in a process that is limited by a command before it."""
    done = subprocess.run(
        [*before, sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    ok, number, sentence = done.stdout.split("\n", 2)
    return ok == "True", int(number), sentence.strip()


def limited(limits: str, *rights: str) -> tuple[bool, int, str]:
    """Ask inside a user namespace whose limits are set first."""
    unshare, setpriv = require("unshare", "util-linux"), require("setpriv", "util-linux")
    script = f'{limits}; exec {setpriv} {" ".join(rights)} "$@"'
    return asked(unshare, "--user", "--map-root-user", "--", "sh", "-ec", script, "sh")


def test_here_it_can_be_had_quickly_and_nothing_is_left(kernel: None) -> None:
    processes, descriptors = processes_below(os.getpid()), os.listdir("/proc/self/fd")
    times = []
    for _ in range(3):
        began = time.perf_counter()
        assert probe() == ProbeResult(True)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.4
    assert (processes_below(os.getpid()), os.listdir("/proc/self/fd")) == (processes, descriptors)
    assert probe().sentence == ""


def test_no_user_namespaces_left(kernel: None) -> None:
    ok, number, sentence = limited("echo 0 > /proc/sys/user/max_user_namespaces", "--bounding-set=-all")
    assert (ok, number) == (False, errno.ENOSPC)
    assert sentence.startswith("this machine does not let the lab make a user namespace (No space left on device). ")
    assert "sudo sysctl user.max_user_namespaces=" in sentence


def test_no_network_namespaces_left(kernel: None) -> None:
    ok, number, sentence = limited("echo 0 > /proc/sys/user/max_net_namespaces")
    assert (ok, number) == (False, errno.ENOSPC)
    assert "make network, mount and process namespaces" in sentence
    assert "user.max_net_namespaces=" in sentence


def test_a_containers_seccomp_profile() -> None:
    """The filter is of the kind that Docker's default profile is: ``unshare`` fails with EPERM."""
    machine, _ = groups._NUMBERS[platform.machine()]
    unshare_number = {"x86_64": 272, "aarch64": 97, "riscv64": 97}[platform.machine()]
    program = (
        (0x20, 0, 0, 4),
        (0x15, 0, 3, machine),
        (0x20, 0, 0, 0),
        (0x15, 0, 1, unshare_number),
        (0x06, 0, 0, 0x00050000 | errno.EPERM),
        (0x06, 0, 0, 0x7FFF0000),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    description = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))

    def forbid() -> None:
        syscalls.prctl(38, 1)  # PR_SET_NO_NEW_PRIVS, so that ordinary users may set a filter
        syscalls.prctl(22, 2, ctypes.addressof(description))

    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, preexec_fn=forbid)
    ok, number, sentence = done.stdout.split("\n", 2)
    assert (ok, int(number)) == ("False", errno.EPERM)
    assert "seccomp" in sentence
    assert "Operation not permitted" in sentence


def test_pyroute2_is_missing(kernel: None) -> None:
    boot = (
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]; "
        "from dhcpkit.lab.kernel.probe import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", boot], cwd=ROOT, capture_output=True, text=True, check=True)
    assert '"step": "load pyroute2"' in done.stdout
    assert "pip install pyroute2" in done.stdout


def test_a_system_that_is_not_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    result = probe()
    assert not result.ok
    assert "Darwin has none: use the memory wire, or run the course in a Linux VM." in result.sentence


def test_a_course_that_hosts_would_not_see(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/run/media/stick/course/.venv")
    assert "move the course out of /run" in probe().sentence


@pytest.mark.parametrize(
    ("readable", "step", "number", "words"),
    [
        (
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1"},
            "mount a memory filesystem",
            errno.EPERM,
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            {"/proc/sys/kernel/unprivileged_userns_clone": "0"},
            "make a user namespace",
            errno.EPERM,
            "sudo sysctl kernel.unprivileged_userns_clone=1",
        ),
        ({}, "make a bridge", errno.EOPNOTSUPP, "built without it"),
        ({}, "make a bridge", errno.EPERM, "--cap-add NET_ADMIN"),
        ({}, "make a bridge", errno.EIO, "Use the memory wire"),
    ],
)
def test_ways_out(
    monkeypatch: pytest.MonkeyPatch, readable: dict[str, str], step: str, number: int, words: str
) -> None:
    monkeypatch.setattr(probing, "_reads", lambda path, value: readable.get(path) == value)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert words in probing._way_out(step, number)


def test_a_probe_that_cannot_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", require("false", "coreutils"))
    result = probe()
    assert not result.ok
    assert "exit status 1" in result.sentence
