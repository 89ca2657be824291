"""The guide's lab on the kernel wire: real processes, real sockets, a real clock."""

from __future__ import annotations

import time

import pytest

from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.failover.codes import ServerState

pytestmark = pytest.mark.kernel


def test_three_hosts_come_up_and_both_servers_reach_normal(kernel: None) -> None:
    began = time.perf_counter()
    with Lab(wire="kernel") as lab:
        up = time.perf_counter() - began
        lab.dhcp2.add_guide_scope()
        lab.dhcp2.configure_failover(secret="secret", mclt=60)
        seen = [server.failover() for server in lab.servers]
        normal = time.perf_counter() - began
        assert [(status.state, status.partner_state) for status in seen if status] == [(ServerState.NORMAL,) * 2] * 2
    print(f"three hosts up after {up:.3f} s, both servers in NORMAL after {normal:.3f} s")
