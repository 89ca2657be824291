from __future__ import annotations

from collections.abc import Callable

import pytest

from dhcpkit.lab.events import ActionFailed
from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC
from dhcpkit.protocol.datagram import Datagram
from tests.lab.kernel.labs import TriedLab, address, host, mac
from tests.tools import require

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


@pytest.fixture
def tried(lab: Labs) -> TriedLab:
    """Two servers with addresses and two clients without."""
    return lab().open(
        host(1, "server"), host(2, "server"), host(3, "client", addressed=False), host(4, "client", addressed=False)
    )


def broadcast(payload: bytes) -> Datagram:
    return Datagram(payload, 0, 68, BROADCAST, 67)


def heard(tried: TriedLab, name: str) -> list[Datagram]:
    return [datagram for (datagram,) in tried.told(name, "datagram")]


def test_a_client_without_an_address_reaches_all_servers_and_no_client(tried: TriedLab) -> None:
    tried.command("H3", "send", datagram=broadcast(b"hello"))
    tried.wait_for(lambda: heard(tried, "H1") and heard(tried, "H2"))
    (datagram,) = heard(tried, "H1")
    assert datagram == Datagram(b"hello", 0, 68, BROADCAST, 67)
    assert not heard(tried, "H3")
    assert not heard(tried, "H4")


def test_a_server_reaches_a_client_that_has_no_address_by_its_mac(tried: TriedLab) -> None:
    """Only that one: the bridge may flood the frame, but the others are not meant."""
    offer = Datagram(b"offer", address(1), 67, address(11), 68, destination_mac=mac(3))
    tried.command("H1", "send", datagram=offer)
    tried.wait_for(lambda: heard(tried, "H3"))
    assert heard(tried, "H3") == [offer._replace(source_mac=mac(1))]
    tried.command(
        "H1", "send", datagram=broadcast(b"all")._replace(source=address(1), source_port=67, destination_port=68)
    )
    tried.wait_for(lambda: heard(tried, "H4"))
    assert [datagram.payload for datagram in heard(tried, "H4")] == [b"all"]
    assert heard(tried, "H4")[0].destination_mac == BROADCAST_MAC


def test_a_configured_client_speaks_to_one_server_from_its_address(tried: TriedLab) -> None:
    tried.command("H3", "configure", address=address(11), prefix_length=24, router=address(1))
    tried.command("H3", "send", datagram=Datagram(b"renew", address(11), 68, address(2), 67))
    tried.wait_for(lambda: heard(tried, "H2"))
    assert heard(tried, "H2") == [Datagram(b"renew", address(11), 68, address(2), 67)]
    assert not heard(tried, "H1")
    # And the answer, which the server sends the ordinary way: to an address that answers ARP.
    tried.command("H2", "send", datagram=Datagram(b"ack", address(2), 67, address(11), 68))
    tried.wait_for(lambda: heard(tried, "H3"))
    assert heard(tried, "H3")[0].payload == b"ack"
    assert "icmp" not in tried.wire.run("H3", ["cat", "/proc/net/dev"]).stdout.lower()


def test_the_address_is_what_was_configured_last(tried: TriedLab) -> None:
    def shown() -> tuple[str, str]:
        addresses = tried.wire.run("H3", ["ip", "-o", "-4", "address", "show", "dev", "eth0"]).stdout
        return " ".join(addresses.split()[3:6]), tried.wire.run("H3", ["ip", "route", "show", "default"]).stdout.strip()

    tried.command("H3", "configure", address=address(11), prefix_length=24, router=address(1))
    assert shown() == ("10.0.0.11/24 brd 10.0.0.255", "default via 10.0.0.1 dev eth0 proto dhcp")
    tried.command("H3", "configure", address=address(12), prefix_length=24, router=address(2))
    assert shown() == ("10.0.0.12/24 brd 10.0.0.255", "default via 10.0.0.2 dev eth0 proto dhcp")
    tried.command("H3", "configure", address=address(12), prefix_length=24)
    assert shown() == ("10.0.0.12/24 brd 10.0.0.255", "")
    tried.command("H3", "configure", address=0)
    assert shown() == ("", "")
    assert not tried.log.of(ActionFailed)


def test_a_probe_finds_who_has_an_address_and_nobody_for_a_free_one(tried: TriedLab) -> None:
    tried.command("H3", "probe", address=address(99))
    tried.command("H3", "probe", address=address(2))
    tried.wait_for(lambda: tried.told("H3", "in use"))
    assert tried.told("H3", "in use") == [(address(2), mac(2))]


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (Datagram(b"x", address(11), 68, address(2), 67), "send a datagram"),
        (Datagram(bytes(70_000), 0, 68, BROADCAST, 67), "send a datagram"),
        (Datagram(b"x", 0, 68, BROADCAST, 67, interface="eth7"), "send a datagram"),
    ],
)
def test_what_the_system_refuses_is_an_event(tried: TriedLab, datagram: Datagram, why: str) -> None:
    tried.command("H3", "send", datagram=datagram)
    (failed,) = tried.wait_for(lambda: tried.log.of(ActionFailed))
    assert (failed.host, failed.what.action) == ("H3", why)
    assert tried.command("H3", "count") == 1


def test_an_address_that_cannot_be_is_an_event(tried: TriedLab) -> None:
    tried.command("H3", "configure", address=0xE0000001, prefix_length=40)
    (failed,) = tried.wait_for(lambda: tried.log.of(ActionFailed))
    assert failed.what.action == "configure the interface"
    assert tried.command("H3", "count") == 1


def test_many_datagrams_at_once_are_all_taken(tried: TriedLab) -> None:
    require("python3", "python3")
    flood = (
        "import socket\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for n in range(500): s.sendto(b'%d' % n, ('10.0.0.1', 67))\n"
    )
    done = tried.wire.run("H2", ["/usr/bin/python3", "-c", flood])
    assert done.returncode == 0, done.stderr
    tried.wait_for(lambda: len(heard(tried, "H1")) == 500)
    assert [datagram.payload for datagram in heard(tried, "H1")] == [b"%d" % number for number in range(500)]


@pytest.mark.parametrize("junk", [b"", b"\x00", bytes(1472)])
def test_any_payload_passes(tried: TriedLab, junk: bytes) -> None:
    tried.command("H3", "send", datagram=broadcast(junk))
    tried.wait_for(lambda: heard(tried, "H1"))
    assert heard(tried, "H1")[0].payload == junk
