"""The command prompt of a host: a line in, its output out."""

from __future__ import annotations

import shlex

from dhcpkit.console import ipconfig
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.handles import ClientHost
from dhcpkit.lab.lab import Lab


def run_lines(lab: Lab, host: str, text: str) -> str:
    """Type lines at a host's prompt, one after the other, and return what they print.

    ``ipconfig`` answers as on Windows; any other program runs on the host itself (kernel wire).

    Raises:
        LabError: there is no such host, or a program failed.
    """
    return "".join(_run(lab, host, line) for line in text.splitlines() if line.strip())


def _run(lab: Lab, name: str, line: str) -> str:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise LabError(f"the line {line!r} cannot be read: {error}") from None
    host = lab[name]
    if words[0].lower() in ("ipconfig", "ipconfig.exe"):
        if not isinstance(host, ClientHost):
            raise LabError(f"ipconfig is there on the lab's clients, and {host.name} is a {host.kind}")
        return ipconfig.run(host, words[1:])
    return host.run(*words)
