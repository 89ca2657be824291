from __future__ import annotations

from collections.abc import Callable

import pytest

from dhcpkit.lab.kernel.streams import MAX_QUEUED
from tests.lab.kernel.labs import TriedLab, address, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


@pytest.fixture
def tried(lab: Labs) -> TriedLab:
    return lab().open(host(1, "server"), host(2, "server"))


def connected(tried: TriedLab) -> str:
    """Open a stream ``s`` from H1 to H2; return what H2 calls it."""
    tried.command("H1", "connect", stream="s", address=address(2))
    tried.wait_for(lambda: tried.told("H1", "opened") and tried.told("H2", "accepted"))
    assert tried.told("H1", "opened") == [("s",)]
    ((name, port, peer),) = tried.told("H2", "accepted")
    assert (port, peer) == (647, address(1))
    return name


def test_both_ends_talk_and_a_close_comes_after_the_data(tried: TriedLab) -> None:
    name = connected(tried)
    tried.command("H1", "transmit", stream="s", data=b"echo" + b"reply" * 1000)
    closed = tried.wait_for(lambda: tried.told("H1", "closed"))
    assert closed == [("s", "the other side closed the connection")]
    assert sum(size for _, size in tried.told("H1", "data")) == 5000
    assert tried.told("H2", "data")[0][0] == name
    assert not tried.told("H2", "closed"), "no stream_closed follows one's own Close"


def test_a_lot_of_data_arrives_whole_and_in_order(tried: TriedLab) -> None:
    connected(tried)
    for _ in range(3):
        tried.command("H1", "transmit", stream="s", data=bytes(1 << 20))
    tried.command("H1", "close", stream="s")
    tried.wait_for(lambda: tried.told("H2", "closed"))
    assert sum(size for _, size in tried.told("H2", "data")) == 3 << 20


def test_what_cannot_be_opened_is_told(tried: TriedLab) -> None:
    tried.wire.stop_service("H2")
    tried.command("H1", "connect", stream="s", address=address(2))
    assert tried.wait_for(lambda: tried.told("H1", "closed")) == [("s", "Connection refused")]
    tried.command("H1", "connect", stream="t", address=0x0B000001)
    tried.wait_for(lambda: len(tried.told("H1", "closed")) == 2)
    assert tried.told("H1", "closed")[1] == ("t", "Network is unreachable")
    tried.command("H1", "transmit", stream="t", data=b"dropped")
    tried.command("H1", "close", stream="t")
    assert tried.command("H1", "count") == 1


@pytest.mark.parametrize("how", ["stop_service", "kill_service"])
def test_the_end_of_a_service_closes_its_streams(tried: TriedLab, how: str) -> None:
    connected(tried)
    getattr(tried.wire, how)("H2")
    assert tried.wait_for(lambda: tried.told("H1", "closed"))[0][0] == "s"


def test_a_partner_that_takes_nothing_is_cut_off(tried: TriedLab) -> None:
    connected(tried)
    hung = tried.wire._hosts["h2"].service.process
    tried.wire.run("H2", ["kill", "-STOP", str(hung)])
    for _ in range(16):
        tried.command("H1", "transmit", stream="s", data=bytes(MAX_QUEUED // 4))
    ((stream, because),) = tried.wait_for(lambda: tried.told("H1", "closed"))
    assert stream == "s"
    assert "takes nothing" in because


def test_closing_a_connection_that_is_not_open_yet(tried: TriedLab) -> None:
    tried.wire.set_link("H2", None, False, False)
    tried.command("H1", "connect", stream="s", address=address(2))
    tried.command("H1", "close", stream="s")
    tried.wire.set_link("H2", None, True, True)
    tried.command("H1", "connect", stream="s", address=address(2))
    tried.wait_for(lambda: tried.told("H1", "opened"))
    assert not tried.told("H1", "closed")
