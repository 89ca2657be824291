"""Can this machine have the kernel wire? Tried for real, step by step, in a process of its own."""

from __future__ import annotations

import errno
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What the probe found.

    Attributes:
        ok: The kernel wire can be had.
        step: The step that failed, in words; empty when none did.
        errno: The system's error number for it, 0 for none.
        way_out: One sentence that says what would make it possible; empty when it is.
    """

    ok: bool
    step: str = ""
    errno: int = 0
    way_out: str = ""

    @property
    def sentence(self) -> str:
        """What failed and the way out, in words for people; empty when nothing failed."""
        if self.ok:
            return ""
        why = f" ({os.strerror(self.errno)})" if self.errno else ""
        return f"this machine does not let the lab {self.step}{why}. {self.way_out}"


def probe() -> ProbeResult:
    """Try, in a process of its own, everything that the kernel wire needs; about 70 ms. Nothing is left of it."""
    if sys.platform != "linux":
        return ProbeResult(
            False,
            "make network namespaces",
            0,
            f"{platform.system() or 'This system'} has none: use the memory wire, or run the course in a Linux VM.",
        )
    package = str(Path(__file__).parents[3])
    if any(Path(place).resolve().is_relative_to("/run") for place in (package, sys.prefix)):
        way_out = "The lab's hosts have a /run of their own and would not see them: move the course out of /run."
        return ProbeResult(False, "see the course's own files, which are under /run", 0, way_out)
    path = [package, *(entry or os.getcwd() for entry in sys.path)]
    boot = "import sys; sys.path[:] = sys.argv[1:]; from dhcpkit.lab.kernel.probe import main; main()"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", boot, *path],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            start_new_session=True,
        )
        return ProbeResult(**json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return ProbeResult(False, "try namespaces in time", errno.ETIMEDOUT, "Close other programs and try again.")
    except (ValueError, TypeError):
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return ProbeResult(False, f"run the probe: {last}", 0, "Reinstall the course, which is incomplete here.")


def main() -> None:
    """Try the steps in this process, which is to do nothing else, and print the result as JSON."""
    print(json.dumps(asdict(_try_all())))


def _try_all() -> ProbeResult:
    for step, attempt in _steps():
        try:
            attempt()
        except OSError as error:
            number = error.errno or 0
            return ProbeResult(False, step, number, _way_out(step, number))
        except ModuleNotFoundError as error:
            return ProbeResult(False, step, 0, f"Install what is missing: pip install {error.name}.")
    return ProbeResult(True)


_USER_NAMESPACE = "make a user namespace"
_USER_IDS = "become root inside a user namespace"
_NAMESPACES = "make network, mount and process namespaces"
_FILESYSTEM = "mount a memory filesystem"
_NETLINK = "load pyroute2"
_BRIDGE = "make a bridge"
_CABLE = "make a virtual cable (veth) between two network namespaces"
_PACKETS = "open packet sockets"
_PORTS = "listen on ports 67, 68 and 647"


def _steps() -> list[tuple[str, Callable[[], None]]]:
    from dhcpkit.lab.kernel import syscalls

    spaces = syscalls.CLONE_NEWNET | syscalls.CLONE_NEWNS | syscalls.CLONE_NEWUTS
    steps: list[tuple[str, Callable[[], None]]] = []
    if not syscalls.may_do_without_user_namespace():
        user, group = os.geteuid(), os.getegid()
        steps += [
            (_USER_NAMESPACE, lambda: syscalls.unshare(syscalls.CLONE_NEWUSER)),
            (_USER_IDS, lambda: syscalls.become_root_of_user_namespace(user, group)),
        ]
    return [
        *steps,
        (_NAMESPACES, lambda: syscalls.unshare(spaces | syscalls.CLONE_NEWPID)),
        (_FILESYSTEM, _try_filesystem),
        (_NETLINK, _try_pyroute2),
        (_BRIDGE, _try_bridge),
        (_CABLE, _try_cable),
        (_PACKETS, _try_packets),
        (_PORTS, _try_ports),
    ]


def _try_filesystem() -> None:
    from dhcpkit.lab.kernel.namespaces import take_over_filesystem

    take_over_filesystem()


def _try_pyroute2() -> None:
    import dhcpkit.lab.kernel.network  # noqa: F401


def _try_bridge() -> None:
    from dhcpkit.lab.kernel.network import Segments

    Segments().bridge("probe")


def _try_cable() -> None:
    from dhcpkit.lab.hosts.spec import InterfaceSpec
    from dhcpkit.lab.kernel import syscalls
    from dhcpkit.lab.kernel.namespaces import Namespaces
    from dhcpkit.lab.kernel.network import Addresses, Segments

    syscalls.unshare(syscalls.CLONE_NEWNET)  # away from the bridge that was tried before
    home = Namespaces()
    segments = Segments()
    syscalls.unshare(syscalls.CLONE_NEWNET)
    host = Namespaces()
    home.enter()
    card = InterfaceSpec(bytes.fromhex("020000000001"), 0x0A000001, 24)
    segments.plug(card, host.network)
    host.enter()
    Addresses().bring_up(card)


def _try_packets() -> None:
    from dhcpkit.lab.kernel.capture import open_capture

    open_capture("eth0").close()


def _try_ports() -> None:
    import socket

    for kind, port in ((socket.SOCK_DGRAM, 67), (socket.SOCK_DGRAM, 68), (socket.SOCK_STREAM, 647)):
        with socket.socket(socket.AF_INET, kind) as tried:
            tried.bind(("", port))


def _way_out(step: str, number: int) -> str:
    """Return what to do about a failed step, told from what else the system says about itself."""
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") and os.geteuid() != 0:
        return (
            "AppArmor restricts user namespaces (Ubuntu 24.04 and later): allow them with "
            "'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0', or give Python an AppArmor profile."
        )
    if step in (_USER_NAMESPACE, _NAMESPACES) and number == errno.ENOSPC:
        return (
            "Namespaces are limited: raise the limits with "
            "'sudo sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000'."
        )
    if _reads("/proc/sys/kernel/unprivileged_userns_clone", "0") and os.geteuid() != 0:
        return "Allow user namespaces with 'sudo sysctl kernel.unprivileged_userns_clone=1'."
    if step in (_USER_NAMESPACE, _NAMESPACES) and number in (errno.EPERM, errno.EACCES) and _under_seccomp():
        return (
            "The container forbids it: start it with '--security-opt seccomp=unconfined' or a seccomp profile that "
            "allows unshare, or use rootless Podman."
        )
    if number in (errno.EPERM, errno.EACCES):
        return "Run the course in a Linux VM, or in a container started with '--cap-add SYS_ADMIN --cap-add NET_ADMIN'."
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENODEV, errno.EPROTONOSUPPORT):
        return "The kernel was built without it: use a current Linux kernel, for example in a VM."
    return "Use the memory wire, or run the course in a Linux VM."


def _reads(path: str, value: str) -> bool:
    try:
        return Path(path).read_text().strip() == value
    except OSError:
        return False


def _under_seccomp() -> bool:
    return any(line.startswith("Seccomp:") and line.split()[1] != "0" for line in _status_lines())


def _status_lines() -> list[str]:
    try:
        return Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return []
