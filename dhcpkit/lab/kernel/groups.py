"""Lets programs that give up their groups work where the kernel forbids that: in an ordinary user's namespace.

A user who is not root gets a user namespace only with ``setgroups(2)`` switched off (user_namespaces(7)). Programs such
as tcpdump call it on their way to fewer rights and give up when it fails, although there is just one group to be in.
A seccomp filter has the call succeed without doing anything.
"""

from __future__ import annotations

import ctypes
import platform
import struct

from dhcpkit.lab.kernel.syscalls import prctl

_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_RETURN_ZERO = 0x00050000  # SECCOMP_RET_ERRNO with error number 0
_ALLOW = 0x7FFF0000

# By the machine's name: its number for seccomp (linux/audit.h) and the number of setgroups (asm/unistd.h).
_NUMBERS = {"x86_64": (0xC000003E, 116), "aarch64": (0xC00000B7, 159), "riscv64": (0xC00000F3, 159)}


def pretend_setgroups() -> None:
    """Have ``setgroups`` return success in this process and all it will execute; nothing on machines not known here.

    Raises:
        OSError: the kernel refused the filter.
    """
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        return
    machine, setgroups = numbers
    program = (
        (0x20, 0, 0, 4),  # load the word: the machine's number
        (0x15, 0, 3, machine),
        (0x20, 0, 0, 0),  # load the word: the system call's number
        (0x15, 0, 1, setgroups),
        (0x06, 0, 0, _RETURN_ZERO),
        (0x06, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    description = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(code)))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(description))
