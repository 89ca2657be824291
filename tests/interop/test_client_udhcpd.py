"""The course's client against a server that nobody here wrote: BusyBox's udhcpd, on real network namespaces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dhcpkit.client.events import ClientStateEntered, LeaseBound, LeaseEnded
from dhcpkit.lab.clock import Clock
from dhcpkit.lab.hosts.client import ClientStatus
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.kernel.wire import KernelWire
from dhcpkit.lab.log import EventLog
from dhcpkit.protocol.addresses import parse_ip
from tests.tools import require

pytestmark = pytest.mark.kernel

SPEED = 10
SERVER = HostSpec("SERVER", "bare", (InterfaceSpec(bytes.fromhex("00155d000009"), parse_ip("10.0.0.2"), 24),))
CLIENT = HostSpec("Client1", "client", (InterfaceSpec(bytes.fromhex("00155d000003")),), seed=3)
CONFIGURATION = """
start 10.0.0.11
end 10.0.0.20
interface eth0
lease_file {directory}/leases
pidfile {directory}/pid
min_lease 10
option subnet 255.255.255.0
option dns 10.0.0.1
option domain contoso.com
option lease 40
"""


class Network:
    """A wire with a client on it, and a way to wait for what happens."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.log = EventLog()
        self.wire = KernelWire(Clock(speed=SPEED), self.log, build="dhcpkit.lab.hosts.client:ClientNode")
        self._grown = threading.Condition()
        self.log.subscribe(self._grow)

    def serve(self) -> None:
        (self.directory / "udhcpd.conf").write_text(CONFIGURATION.format(directory=self.directory))
        (self.directory / "leases").touch()
        command = f"busybox udhcpd -S -a 100 {self.directory}/udhcpd.conf >/dev/null 2>&1"
        assert self.wire.run("SERVER", ["sh", "-c", command]).returncode == 0

    def wait_for(self, what: Callable[[], bool]) -> None:
        with self._grown:
            assert self._grown.wait_for(what, timeout=20), [event.what for event in self.log.of(ClientStateEntered)]

    def bound(self) -> list[LeaseBound]:
        return [event.what for event in self.log.of(LeaseBound)]

    def _grow(self, _: object) -> None:
        with self._grown:
            self._grown.notify_all()


@pytest.fixture
def network(kernel: None, tmp_path: Path) -> Iterator[Network]:
    require("busybox", "busybox")
    network = Network(tmp_path)
    try:
        network.wire.open([SERVER, CLIENT])
        network.serve()
        yield network
        network.wire.run("SERVER", ["sh", "-c", f"kill $(cat {tmp_path}/pid)"])
    finally:
        network.wire.close()


def test_a_whole_life(network: Network) -> None:
    """New lease, renewal at T1, restart, release, and the same address again."""
    network.wait_for(lambda: [bound.how for bound in network.bound()] == ["new", "renewed"])
    network.wire.stop_service("Client1")
    network.wire.start_service("Client1")
    network.wait_for(lambda: [bound.how for bound in network.bound()][-1] == "rebooted")
    network.wire.command("Client1", "release", {})
    network.wait_for(lambda: bool(network.log.of(LeaseEnded)))
    status = network.wire.command("Client1", "renew", {"wait": True})
    assert isinstance(status, ClientStatus)
    assert status.lease is not None
    assert status.lease.lease_time == 40
    assert (status.lease.dns, status.lease.domain) == ((parse_ip("10.0.0.1"),), "contoso.com")
    assert len({bound.address for bound in network.bound()}) == 1
    shown = network.wire.run("Client1", ["ip", "-4", "-o", "addr", "show", "eth0"]).stdout
    assert "10.0.0." in shown
    assert "/24" in shown
    assert status.lease.server == parse_ip("10.0.0.2")
