"""Nothing is left of a lab: not when it is closed, not when whoever opened it is killed."""

from __future__ import annotations

import gc
import hashlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.spec import HostSpec
from tests.lab.kernel.labs import TriedLab, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]

ROUNDS = int(os.environ.get("DHCPKIT_LABS", "20"))
"""Labs that are opened and closed; more than in every run with the environment variable ``DHCPKIT_LABS=100``."""

OPENER = """
import signal, sys
from tests.lab.kernel.labs import TriedLab, host
tried = TriedLab()
tried.open(host(1, "server"), host(2, "client", addressed=False), host(3))
tried.wire.spawn("H3", ["sh", "-c", "trap '' TERM; setsid sleep 1000 & sleep 1000"])
tried.wire.spawn("H3", ["setsid", "sh", "-c", "trap '' TERM HUP; while :; do sleep 1000; done"])
print(tried.wire._helper._process.pid, flush=True)
signal.pause()
"""


def processes_below(ancestor: int) -> set[int]:
    """All processes that descend from one."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                text = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(entry))
    found: set[int] = set()
    waiting = [ancestor]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.update(children)
        waiting += children
    return found


def state() -> tuple[object, ...]:
    """Everything of this machine that a lab might leave something in."""
    return (
        len(os.listdir("/proc/self/fd")),
        processes_below(os.getpid()),
        Path("/proc/self/mountinfo").read_text(),
        sorted(os.listdir(tempfile.gettempdir())),
        sorted(os.listdir("/run")),
        sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else [],
        Path("/proc/net/route").read_text(),
        Path("/proc/net/dev").read_text().count("\n"),
        hashlib.sha256(Path("/etc/resolv.conf").read_bytes()).digest(),
        sorted(thread.name for thread in threading.enumerate()),
    )


@pytest.fixture
def own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others on this machine use the common one."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_labs_opened_and_closed_leave_nothing(lab: Labs, own_temporary_directory: None) -> None:
    lab().open(host(1, "server")).wire.close()  # what a first lab loads and opens for good
    gc.collect()
    before = state()
    for number in range(ROUNDS):
        tried = lab().open(host(1, "server"), host(2, "client", addressed=False), host(3))
        tried.command("H1", "count")
        if number % 4 == 0:
            tried.wire.set_link("H1", None, True, False)
            tried.wire.kill_service("H2")
            tried.wire.spawn("H3", ["setsid", "sleep", "1000"])
            assert tried.pings("H3", 3)
        tried.wire.close()
    gc.collect()
    assert state() == before


def test_a_lab_that_cannot_be_opened_leaves_nothing(lab: Labs, own_temporary_directory: None) -> None:
    lab().open(host(1, "server")).wire.close()
    gc.collect()
    before = state()
    twice = HostSpec("H1", "bare", host(1).interfaces * 2)
    for broken in (host(1, "server", domain="broken"), twice):
        with pytest.raises(LabError):
            lab().open(host(2, "server"), broken)
    with pytest.raises(LabError, match="No module named 'no_such_module'"):
        lab(build="no_such_module:build").open(host(1))
    gc.collect()
    assert state() == before


def opened_elsewhere() -> tuple[subprocess.Popen[str], int]:
    """Have another process open a lab; return it and its helper's process id."""
    root = str(Path(__file__).parents[3])
    opener = subprocess.Popen([sys.executable, "-c", OPENER], cwd=root, stdout=subprocess.PIPE, text=True)
    assert opener.stdout is not None
    return opener, int(opener.stdout.readline())


def ended_within(seconds: float, processes: set[int]) -> bool:
    """Wait for processes that are not ours to reap, by their descriptors."""
    end = time.monotonic() + seconds
    for process in processes:
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        try:
            if not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
                return False
        finally:
            os.close(descriptor)
    return True


def test_a_killed_notebook_takes_its_lab_with_it(kernel: None) -> None:
    opener, helper = opened_elsewhere()
    with opener:
        lab_processes = processes_below(helper) | {helper}
        assert len(lab_processes) >= 7, "helper, PID 1, two services, three sleepers"
        opener.kill()
        assert ended_within(1.0, lab_processes)


def test_a_forked_child_of_the_notebook_does_not_keep_its_lab_alive(kernel: None) -> None:
    """Such a child holds a copy of the control channel, so its end is not seen there."""
    forking = OPENER.replace("print(", "import os\nchild = os.fork() or signal.pause()\nprint(child)\nprint(")
    root = str(Path(__file__).parents[3])
    with subprocess.Popen([sys.executable, "-c", forking], cwd=root, stdout=subprocess.PIPE, text=True) as opener:
        assert opener.stdout is not None
        child, helper = int(opener.stdout.readline()), int(opener.stdout.readline())
        try:
            lab_processes = processes_below(helper) | {helper}
            opener.kill()
            assert ended_within(1.0, lab_processes)
        finally:
            os.kill(child, signal.SIGKILL)


def test_an_interrupt_of_the_notebook_does_not_reach_the_lab(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    inside = processes_below(os.getpid())
    assert {os.getpgid(process) for process in inside}.isdisjoint({os.getpgrp()})
    assert {os.getsid(process) for process in inside}.isdisjoint({os.getsid(0)})
    assert tried.command("H1", "count") == 1


def test_a_killed_helper_takes_all_with_it_and_is_named(lab: Labs) -> None:
    tried = lab().open(host(1, "server"), host(3))
    sleeper = tried.wire.spawn("H3", ["sleep", "1000"])
    helper = tried.wire._helper
    assert helper is not None
    lab_processes = processes_below(helper._process.pid)
    os.kill(helper._process.pid, signal.SIGKILL)
    assert ended_within(1.0, lab_processes)
    assert sleeper.wait() == -signal.SIGKILL
    with pytest.raises(LabError, match=r"the lab's helper process ended|is gone"):
        tried.wire.run("H3", ["true"])
    with pytest.raises(LabError, match="no service runs on H1"):
        tried.command("H1", "count")
    tried.wire.close()


def test_a_lab_can_be_dropped_by_a_thread_that_ends(lab: Labs) -> None:
    """The helper belongs to the process, not to the thread that started it."""
    made: list[TriedLab] = []
    thread = threading.Thread(target=lambda: made.append(lab().open(host(1, "server"))))
    thread.start()
    thread.join()
    assert made[0].command("H1", "count") == 1


def test_opening_is_fast(lab: Labs) -> None:
    """The best of five, for the machine may be busy: three hosts, two services."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        tried = lab().open(host(1, "server"), host(2, "server"), host(3, "client", addressed=False))
        times.append(time.perf_counter() - began)
        tried.wire.close()
    assert min(times) < 0.4, times
