"""From what a host is (``HostSpec``) to what runs on it."""

from __future__ import annotations

from dhcpkit.lab.hosts.client import ClientNode
from dhcpkit.lab.hosts.server import ServerNode
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.node import Node
from dhcpkit.lab.store import Saved


def build_node(spec: HostSpec, saved: Saved) -> Node:
    """Return a fresh node that goes on from what its store holds.

    Raises:
        ValueError: the host has no service (its kind is ``bare``), or its kind is unknown.
    """
    if spec.kind == "server":
        return ServerNode(spec, saved)
    if spec.kind == "client":
        return ClientNode(spec, saved)
    raise ValueError(f"{spec.name} is of kind {spec.kind!r}, which runs no service; server and client do")
