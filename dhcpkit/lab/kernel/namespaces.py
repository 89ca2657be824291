"""A host's namespaces: its own network, mounts and name, kept alive by descriptors and entered when needed.

The filesystem is the machine's, but for what programs on a network write to: ``/etc``, ``/run`` and the lease
directories of DHCP clients are the host's own and live in the lab's memory, so nothing of it lands on the machine.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel.syscalls import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWUTS,
    MS_BIND,
    MS_PRIVATE,
    MS_REC,
    mount,
    setns,
    unshare,
)
from dhcpkit.protocol.addresses import format_ip

PRIVATE_ROOT = Path("/run")
"""Where the lab's own memory filesystem is mounted; each host sees its own directory of it there."""

STATE_DIRECTORY = PRIVATE_ROOT / "dhcpkit"
"""Where a host's service keeps its store, as the host sees it."""

_CLIENT_DIRECTORIES = ("/var/lib/dhcp", "/var/lib/dhcpcd", "/var/lib/dhcpcd5", "/var/db/dhcpcd")
_KINDS = {"net": CLONE_NEWNET, "mnt": CLONE_NEWNS, "uts": CLONE_NEWUTS}


def take_over_filesystem() -> None:
    """Put a memory filesystem of the lab over ``/run``, seen by nobody outside this process's mount namespace.

    Raises:
        OSError: the kernel refused.
    """
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", str(PRIVATE_ROOT), "tmpfs", options="mode=755")


class Namespaces:
    """Descriptors of namespaces: a host's, or those that this process is in."""

    def __init__(self) -> None:
        """Take hold of the namespaces that this process is in now."""
        self._descriptors = {kind: os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in _KINDS}

    @property
    def network(self) -> int:
        """Descriptor of the network namespace."""
        return self._descriptors["net"]

    def enter(self) -> None:
        """Move this process, which has one thread, into the namespaces.

        Raises:
            OSError: the kernel refused.
        """
        for kind, descriptor in self._descriptors.items():
            setns(descriptor, _KINDS[kind])

    def close(self) -> None:
        """Let go; namespaces that nobody holds or is in are gone."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)


def make_host(spec: HostSpec, home: Namespaces) -> Namespaces:
    """Make a host's namespaces and return them; this process is back in ``home`` afterwards.

    Raises:
        OSError: the kernel refused.
    """
    mine = PRIVATE_ROOT / "hosts" / spec.name.lower()
    for name in ("run/dhcpkit", "etc", "etc-work", "clients"):
        (mine / name).mkdir(parents=True)
    with _back_to(home):
        unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS)
        mount("none", "/", flags=MS_REC | MS_PRIVATE)
        socket.sethostname(spec.name.lower())
        _private_etc(spec, mine)
        for number, directory in enumerate(filter(os.path.isdir, _CLIENT_DIRECTORIES)):
            own = mine / "clients" / str(number)
            own.mkdir()
            mount(str(own), directory, flags=MS_BIND)
        mount(str(mine / "run"), str(PRIVATE_ROOT), flags=MS_BIND)  # last: it hides the directories above
        return Namespaces()


@contextmanager
def _back_to(home: Namespaces) -> Iterator[None]:
    try:
        yield
    finally:
        home.enter()


def _private_etc(spec: HostSpec, mine: Path) -> None:
    """Give the host an ``/etc`` of its own: the machine's beneath, what is written on top.

    Where the kernel lets no overlay be mounted in a user namespace (before Linux 5.11), it is a copy of what this
    user may read.
    """
    try:
        layers = f"lowerdir=/etc,upperdir={mine / 'etc'},workdir={mine / 'etc-work'},userxattr"
        mount("overlay", "/etc", "overlay", options=layers)
    except OSError:
        _copy_readable(Path("/etc"), mine / "etc")
        mount(str(mine / "etc"), "/etc", flags=MS_BIND)
    lines = ["127.0.0.1 localhost"]
    lines += [f"{format_ip(address)} {name} {name.partition('.')[0]}" for name, address in spec.names.items()]
    _write("/etc/hosts", "\n".join(lines) + "\n")
    _write("/etc/hostname", spec.name.lower() + "\n")
    _write("/etc/resolv.conf", "")


def _write(path: str, text: str) -> None:
    """Replace a file, or what was a symbolic link to one elsewhere."""
    if os.path.lexists(path):
        os.unlink(path)
    Path(path).write_text(text)


def _copy_readable(source: Path, target: Path) -> None:
    for directory, names, files in os.walk(source):
        there = target / Path(directory).relative_to(source)
        names[:] = [name for name in names if os.access(Path(directory, name), os.R_OK | os.X_OK)]
        there.mkdir(exist_ok=True)
        for name in files:
            path = Path(directory, name)
            if path.is_symlink() or (path.is_file() and os.access(path, os.R_OK)):
                shutil.copy2(path, there / name, follow_symlinks=False)
