from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dhcpkit.lab.errors import LabError
from tests.lab.kernel.labs import TriedLab, address, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


def test_output_errors_and_status(lab: Labs) -> None:
    tried = lab().open(host(1))
    done = tried.wire.run("h1", ["sh", "-c", "echo out; echo err >&2; hostname; exit 3"])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\nh1\n", "err\n")
    assert done.args == ["sh", "-c", "echo out; echo err >&2; hostname; exit 3"]


def test_a_program_can_be_watched_and_ended(lab: Labs) -> None:
    tried = lab().open(host(1))
    program = tried.wire.spawn("H1", ["sh", "-c", "echo begun; sleep 100 & wait"])
    tried.written(program, "begun")
    with pytest.raises(LabError, match=r"sh still runs after 0\.05 s"):
        program.wait(0.05)
    program.terminate()
    assert program.wait() == -signal.SIGTERM
    program.kill()
    assert program.output == "begun\n"


def test_what_takes_too_long_is_ended_with_what_it_started(lab: Labs) -> None:
    tried = lab().open(host(1))
    with pytest.raises(LabError, match=r"sh on H1 took longer than 0\.1 s and was ended"):
        tried.wire.run("H1", ["sh", "-c", "sleep 100 & sleep 100"], timeout=0.1)
    assert tried.wire.run("H1", ["sh", "-c", "ls /proc/[0-9]*/exe -l | grep -c sleep"]).stdout == "0\n"


@pytest.mark.parametrize(
    ("words", "directory", "sentence"),
    [
        (["no-such-program"], "/", "no-such-program cannot run on H1: No such file or directory; install it"),
        (["/etc/passwd"], "/", "/etc/passwd cannot run on H1: Permission denied"),
        (["true"], "/no/such/place", "true cannot run on H1: No such file or directory"),
        ([], "/", "no program was named"),
    ],
)
def test_what_cannot_run_is_named(lab: Labs, words: list[str], directory: str, sentence: str) -> None:
    tried = lab().open(host(1))
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(LabError, match=sentence):
        tried.wire.spawn("H1", words, directory=directory)
    assert len(os.listdir("/proc/self/fd")) == before


def test_what_programs_write_to_etc_and_run_stays_on_their_host(lab: Labs) -> None:
    kept = [Path("/etc/resolv.conf"), Path("/etc/hosts"), Path("/etc/hostname")]
    before = [hashlib.sha256(path.read_bytes()).digest() for path in kept]
    names = {"dhcp1.contoso.com": address(1), "dhcp2.contoso.com": address(2)}
    tried = lab().open(host(1, names=names), host(2, "server", names=names))
    for name in ("H1", "H2"):
        script = "echo nameserver 10.0.0.1 > /etc/resolv.conf; echo x > /etc/dhcpkit-test; echo y > /run/dhcpkit-test"
        done = tried.wire.run(name, ["sh", "-c", script])
        assert (done.returncode, done.stderr) == (0, "")
    assert tried.wire.run("H1", ["cat", "/etc/resolv.conf"]).stdout == "nameserver 10.0.0.1\n"
    assert tried.wire.run("H1", ["getent", "hosts", "dhcp2"]).stdout.split() == [
        "10.0.0.2",
        "dhcp2.contoso.com",
        "dhcp2",
    ]
    assert [hashlib.sha256(path.read_bytes()).digest() for path in kept] == before
    assert not Path("/etc/dhcpkit-test").exists()
    assert not Path("/run/dhcpkit-test").exists()


def test_the_environment_can_be_added_to(lab: Labs) -> None:
    tried = lab().open(host(1))
    program = tried.wire.spawn(
        "H1", ["sh", "-c", "echo $COLOUR; pwd"], environment={"COLOUR": "blue"}, directory="/usr"
    )
    program.wait()
    assert program.output == "blue\n/usr\n"
