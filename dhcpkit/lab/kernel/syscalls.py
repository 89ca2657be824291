"""The system calls of namespaces that Python 3.11 does not have, and what this process may do."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000

_PR_SET_PDEATHSIG = 1

# linux/capability.h: what root needs to build a lab without a user namespace of its own.
_NEEDED_CAPABILITIES = {
    "CAP_KILL": 5,
    "CAP_NET_BIND_SERVICE": 10,
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18,
    "CAP_SYS_ADMIN": 21,
}

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Move this process into new namespaces (``unshare(2)``).

    Raises:
        OSError: the kernel refused; ``errno`` says why.
    """
    _call("unshare", _libc.unshare, ctypes.c_int(flags))


def setns(fd: int, kind: int = 0) -> None:
    """Enter the namespace that a descriptor refers to (``setns(2)``); ``kind`` 0 takes any.

    Raises:
        OSError: the kernel refused.
    """
    _call("setns", _libc.setns, ctypes.c_int(fd), ctypes.c_int(kind))


def mount(source: str, target: str, filesystem: str | None = None, flags: int = 0, options: str | None = None) -> None:
    """Mount a filesystem, or bind one that is mounted (``mount(2)``).

    Raises:
        OSError: the kernel refused.
    """
    texts = [None if text is None else os.fsencode(text) for text in (source, target, filesystem, options)]
    _call(f"mount {target}", _libc.mount, texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])


def die_with_parent_thread(signal: int) -> None:
    """Have this process sent a signal when the thread that forked it ends (``PR_SET_PDEATHSIG``).

    Only for children of a process with one thread: there the thread's end is the process's end.

    Raises:
        OSError: the kernel refused.
    """
    prctl(_PR_SET_PDEATHSIG, signal)


def prctl(option: int, argument: int, third: int = 0) -> None:
    """Change something about this process (``prctl(2)``).

    Raises:
        OSError: the kernel refused.
    """
    words = [ctypes.c_ulong(word) for word in (argument, third, 0, 0)]
    _call("prctl", _libc.prctl, ctypes.c_int(option), *words)


def become_root_of_user_namespace(user: int, group: int) -> None:
    """Have this process, which has just entered a new user namespace, be root there.

    Args:
        user: The user id that it had before.
        group: The group id that it had before.

    Raises:
        OSError: the kernel refused.
    """
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def mount_own_proc() -> None:
    """Show the process namespace that this process is in under ``/proc``.

    Where parts of ``/proc`` are hidden, as in most containers, the kernel forbids it; the lab does without then, and
    programs on its hosts see the machine's.

    Raises:
        OSError: the kernel refused for another reason.
    """
    try:
        mount("proc", "/proc", "proc")
    except PermissionError:
        return


def may_do_without_user_namespace() -> bool:
    """Say whether this process is root with all rights that a lab needs (root in a container often is not)."""
    if os.geteuid() != 0:
        return False
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    held = int(found[1], 16) if found else 0
    return all(held >> number & 1 for number in _NEEDED_CAPABILITIES.values())


def _call(name: str, function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
