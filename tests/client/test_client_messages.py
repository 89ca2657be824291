"""What the client puts on the wire, read back by scapy, against RFC 2131 table 5."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from scapy.layers.dhcp import BOOTP, DHCP

from dhcpkit.client.client import Client
from dhcpkit.client.messages import Messages
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram
from tests.client.driver import ADDRESS, MAC, MEMORY, OTHER_MAC, SERVER, START, Driver

SERVER_TEXT, ADDRESS_TEXT = "10.0.0.2", "10.0.0.11"
DESCRIPTION = {
    "hostname": b"Client1",
    "vendor_class_id": b"MSFT 5.0",
    "param_req_list": [1, 3, 6, 15, 28, 51, 58, 59],
}


def read(datagram: Datagram) -> tuple[BOOTP, dict[str, object]]:
    """Return the message as scapy reads it: header and options."""
    packet = BOOTP(datagram.payload)
    assert (packet.op, packet.htype, packet.hlen, packet.hops, packet.giaddr) == (1, 1, 6, 0, "0.0.0.0")
    assert packet.chaddr[:6] == MAC
    assert int(packet.flags) == 0
    options = {option[0]: option[1] for option in packet[DHCP].options if isinstance(option, tuple)}
    assert options.pop("client_id") == b"\x01" + MAC
    return packet, options


def discover() -> Driver:
    driver = Driver()
    driver.start()
    return driver


def request() -> Driver:
    driver = discover()
    driver.offer()
    return driver


def reboot() -> Driver:
    driver = Driver(remembered=MEMORY)
    driver.start()
    return driver


def renew() -> Driver:
    driver = Driver().bind()
    driver.run_until(START + 60)
    return driver


def rebind() -> Driver:
    driver = Driver().bind()
    driver.run_until(START + 105)
    return driver


def decline() -> Driver:
    driver = Driver(probe=True)
    driver.start()
    driver.offer()
    driver.ack()
    driver.take(driver.client.address_in_use(ADDRESS, OTHER_MAC, driver.now))
    return driver


def release() -> Driver:
    driver = Driver().bind()
    driver.take(driver.client.release(driver.now))
    return driver


@pytest.mark.parametrize(
    ("act", "kind", "ciaddr", "options", "source", "destination"),
    [
        (discover, 1, 0, DESCRIPTION, 0, BROADCAST),
        (request, 3, 0, {"requested_addr": ADDRESS_TEXT, "server_id": SERVER_TEXT} | DESCRIPTION, 0, BROADCAST),
        (reboot, 3, 0, {"requested_addr": ADDRESS_TEXT} | DESCRIPTION, 0, BROADCAST),
        (renew, 3, ADDRESS, DESCRIPTION, ADDRESS, SERVER),
        (rebind, 3, ADDRESS, DESCRIPTION, ADDRESS, BROADCAST),
        (decline, 4, 0, {"requested_addr": ADDRESS_TEXT, "server_id": SERVER_TEXT}, 0, BROADCAST),
        (release, 7, ADDRESS, {"server_id": SERVER_TEXT}, ADDRESS, SERVER),
    ],
)
def test_message(
    act: Callable[[], Driver], kind: int, ciaddr: int, options: dict[str, object], source: int, destination: int
) -> None:
    driver = act()
    datagram = driver.sent[-1][1]
    packet, found = read(datagram)
    assert found == {"message-type": kind} | options
    assert packet.ciaddr == (ADDRESS_TEXT if ciaddr else "0.0.0.0")
    assert packet.yiaddr == "0.0.0.0"
    assert (datagram.source, datagram.source_port) == (source, 68)
    assert (datagram.destination, datagram.destination_port) == (destination, 67)
    assert datagram.source_mac == MAC


def test_discover_asks_for_the_address_from_before() -> None:
    driver = release()
    driver.take(driver.client.renew(driver.now))
    _, options = read(driver.sent[-1][1])
    assert options == {"message-type": 1, "requested_addr": ADDRESS_TEXT} | DESCRIPTION


def test_request_carries_number_and_seconds_of_the_discover() -> None:
    driver = discover()
    driver.run_until(START + 20)
    asked, _ = read(driver.sent[-1][1])
    driver.offer()
    driver.run_until(START + 26)
    requests = [read(datagram)[0] for time, datagram in driver.sent if time >= START + 20]
    assert len(requests) == 2
    assert {(packet.xid, packet.secs) for packet in requests} == {(asked.xid, asked.secs)}
    assert asked.secs >= 11


def test_seconds_rise_with_each_discover() -> None:
    driver = discover()
    driver.run_until(START + 100)
    assert [read(datagram)[0].secs for _, datagram in driver.sent] == [int(time - START) for time, _ in driver.sent]
    assert len({read(datagram)[0].xid for _, datagram in driver.sent}) == 1


def test_seconds_of_a_renewal_go_on_in_rebinding() -> None:
    driver = rebind()
    seconds = [(round(time - START, 1), read(datagram)[0].secs) for time, datagram in driver.sent][2:]
    assert seconds[0] == (60.0, 0)
    assert seconds[-1] == (105.0, 45)


def test_seconds_stay_within_their_field() -> None:
    messages = Messages(MAC, "Client1", b"\x01" + MAC)
    assert BOOTP(messages.discover(1, 10**9, 0).payload).secs == 0xFFFF
    assert BOOTP(messages.discover(1, -5.0, 0).payload).secs == 0


def test_other_client_identifier() -> None:
    client = Client(MAC, hostname="Client1", rng=random.Random(1), client_id=b"\x00pc-7")
    datagram = next(action.datagram for action in client.start(START) if hasattr(action, "datagram"))
    assert dict(o for o in BOOTP(datagram.payload)[DHCP].options if isinstance(o, tuple))["client_id"] == b"\x00pc-7"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((b"\x00\x15", "Client1", b"\x01\x02"), "6 bytes, not 2"),
        ((MAC, "", b"\x01\x02"), "'' cannot be a client's host name"),
        ((MAC, "Kühn", b"\x01\x02"), "ASCII"),
        ((MAC, "x" * 64, b"\x01\x02"), "1 to 63"),
        ((MAC, "Client1", b"\x01"), "2 to 255 bytes, not 1"),
    ],
)
def test_what_a_message_cannot_hold(arguments: tuple[bytes, str, bytes], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Messages(*arguments)
