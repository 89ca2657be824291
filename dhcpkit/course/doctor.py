"""``make doctor``: whether this machine can run the lab on the kernel wire, and what is missing for what."""

from __future__ import annotations

import platform
import shutil

from dhcpkit.lab.kernel.probe import probe

PROGRAMS = {
    "tcpdump": "watch packets inside a host",
    "udhcpc": "try another DHCP client (tests)",
    "dhclient": "try another DHCP client (tests)",
    "dhcpcd": "try another DHCP client (tests)",
    "tshark": "check what is sent against Wireshark's dissectors (tests)",
    "chromium": "drive the lessons in a browser (tests)",
}


def report() -> int:
    """Print the findings; return 0 when the kernel wire can be had, else 1."""
    print(f"Python {platform.python_version()} on {platform.system()} {platform.release()}")
    result = probe()
    if result.ok:
        print("Kernel wire: yes. Every host of a lab is a process in a network namespace of its own.")
    else:
        print(f"Kernel wire: no. {result.sentence}")
        print("The lessons run all the same, on the memory wire: one process, a simulated Ethernet.")
    for program, purpose in PROGRAMS.items():
        print(f"  {program:<10} {'found' if _is_installed(program) else 'missing':<8} {purpose}")
    return 0 if result.ok else 1


def _is_installed(program: str) -> bool:
    """Whether it is there; the folders for administrators' programs are not in everybody's PATH."""
    return any(shutil.which(program, path=path) for path in (None, "/usr/local/sbin:/usr/sbin:/sbin"))
