from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import LinkChanged
from tests.lab.kernel.labs import TriedLab, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


@pytest.fixture
def poor(lab: Labs) -> TriedLab:
    return lab(build="tests.lab.kernel.poorer:build").open(host(1, "server"), host(2))


def test_without_overlays_a_host_has_a_copy_of_etc(poor: TriedLab) -> None:
    before = Path("/etc/resolv.conf").read_bytes()
    write = "echo nameserver 10.0.0.1 > /etc/resolv.conf; cat /etc/resolv.conf"
    done = poor.wire.run("H2", ["sh", "-c", f"grep -c . /etc/passwd; {write}; grep /etc /proc/mounts"])
    count, resolver, mount = done.stdout.splitlines()[:3]
    assert int(count) == len([line for line in Path("/etc/passwd").read_text().splitlines() if line])
    assert resolver == "nameserver 10.0.0.1"
    assert mount.startswith("tmpfs /etc tmpfs")
    assert Path("/etc/resolv.conf").read_bytes() == before


def test_without_nftables_a_cable_can_be_cut_whole_and_all_else_is_refused(poor: TriedLab) -> None:
    for inbound, outbound, peer in ((True, False, None), (False, True, None), (False, False, "H2")):
        with pytest.raises(LabError, match="this kernel has no nftables for bridges"):
            poor.wire.set_link("H1", peer, inbound, outbound)
    assert not poor.log.of(LinkChanged)
    assert poor.pings("H2", 1)
    poor.wire.set_link("H1", None, False, False)
    assert not poor.pings("H2", 1)
    poor.wire.set_link("H1", None, True, True)
    assert poor.pings("H2", 1)
