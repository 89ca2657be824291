"""Node builders that, imported by a lab's helper, take something away from it that older kernels do not have."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.kernel import namespaces, netlink
from dhcpkit.lab.store import Saved
from tests.lab.kernel.nodes import ScriptedNode

_mount = namespaces.mount
_Netlink = netlink.Netlink


def _no_overlay(source: str, target: str, filesystem: str | None = None, **more: Any) -> None:
    if filesystem == "overlay":
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    _mount(source, target, filesystem, **more)


class _NoNetfilter(_Netlink):
    def __init__(self, family: int = netlink.NETLINK_ROUTE) -> None:
        if family == netlink.NETLINK_NETFILTER:
            raise OSError(errno.EPROTONOSUPPORT, os.strerror(errno.EPROTONOSUPPORT))
        super().__init__(family)


if "dhcpkit.lab.kernel.helper" in sys.modules:
    namespaces.mount = _no_overlay
    netlink.Netlink = _NoNetfilter  # type: ignore[misc]


def build(spec: HostSpec, saved: Saved) -> ScriptedNode:
    return ScriptedNode(spec, saved)
