"""What an answer holds and where it goes (RFC 2131 section 4.1 and table 3), read by scapy, which we did not write."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.dhcp import BOOTP, DHCP

from dhcpkit.engine.actions import Send
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.dhcp import MessageType

from .talk import SERVER, Outcome, Rules, Talk, guide_scope, ip, mac, packed

FIRST = ip("10.0.0.11")
RELAY = ip("10.0.0.5")
EVERYONE = "255.255.255.255"


def by_scapy(outcome: Outcome) -> tuple[BOOTP, dict[str, Any], list[str]]:
    """Return the fields, the options by name and the order of the options, as scapy reads them."""
    (send,) = outcome.of(Send)
    packet = BOOTP(send.datagram.payload)
    assert packet.haslayer(DHCP), "the magic cookie is there"
    options = packet[DHCP].options
    pairs = [option for option in options if isinstance(option, tuple)]
    names = [option if isinstance(option, str) else option[0] for option in options]
    return packet, {name: rest[0] if len(rest) == 1 else rest for name, *rest in pairs}, names


def where(outcome: Outcome) -> tuple[str, int, bytes]:
    datagram = outcome.datagram
    assert (datagram.source, datagram.source_port) == (SERVER, 67)
    return format_ip(datagram.destination), datagram.destination_port, datagram.destination_mac


# Where answers go


@pytest.mark.parametrize(
    ("flags", "giaddr", "expected"),
    [
        (0, 0, ("10.0.0.11", 68, mac(1))),
        (0x8000, 0, (EVERYONE, 68, b"")),
        (0, RELAY, ("10.0.0.5", 67, b"")),
        (0x8000, RELAY, ("10.0.0.5", 67, b"")),
    ],
)
def test_where_offers_and_acks_for_clients_without_an_address_go(flags, giaddr, expected):
    talk = Talk()
    assert where(talk.discover(flags=flags, giaddr=giaddr)) == expected
    assert where(talk.select(FIRST, flags=flags, giaddr=giaddr)) == expected
    assert where(talk.reboot(FIRST, flags=flags, giaddr=giaddr)) == expected


@pytest.mark.parametrize("flags", [0, 0x8000])
def test_where_acks_for_clients_with_an_address_go(flags):
    talk = Talk()
    talk.lease()
    assert where(talk.renew(FIRST, flags=flags)) == ("10.0.0.11", 68, b"")
    assert where(talk.rebind(FIRST, flags=flags)) == ("10.0.0.11", 68, b"")
    assert where(talk.rebind(FIRST, flags=flags, giaddr=RELAY)) == ("10.0.0.5", 67, b"")
    assert where(talk.send(MessageType.INFORM, ciaddr=FIRST, flags=flags)) == ("10.0.0.11", 68, b"")


@pytest.mark.parametrize("flags", [0, 0x8000])
def test_where_naks_go(flags):
    talk = Talk()
    for outcome in (
        talk.reboot(ip("192.168.0.1"), flags=flags),
        talk.renew(ip("10.0.0.99"), flags=flags),
        talk.rebind(ip("10.0.0.99"), flags=flags),
    ):
        assert where(outcome) == (EVERYONE, 68, b"")
        assert by_scapy(outcome)[0].flags == flags
    relayed = talk.reboot(ip("192.168.0.1"), flags=flags, giaddr=RELAY)
    assert where(relayed) == ("10.0.0.5", 67, b"")
    assert by_scapy(relayed)[0].flags == "B", "the relay broadcasts it"


def test_an_answer_to_other_hardware_than_ethernet_is_broadcast():
    talk = Talk()
    assert where(talk.send(MessageType.DISCOVER, htype=32)) == (EVERYONE, 68, b"")


def test_an_answer_leaves_where_the_question_came_in():
    other = guide_scope(start=ip("10.0.7.1"), end=ip("10.0.7.9"), exclusions=())
    talk = Talk(guide_scope(), other, addresses={"eth0": (SERVER, 24), "eth1": (ip("10.0.7.1"), 24)})
    outcome = talk.discover(interface="eth1")
    assert outcome.answer == "DHCPOFFER 10.0.7.2"
    assert outcome.datagram.interface == "eth1"
    assert outcome.datagram.source == ip("10.0.7.1")
    assert outcome.reply.options[54] == packed("10.0.7.1")
    address = outcome.reply.yiaddr
    assert talk.select(address, server=ip("10.0.7.1"), interface="eth1").answer == "DHCPACK 10.0.7.2"
    assert talk.renew(address, to=SERVER).answer == "DHCPACK 10.0.7.2", "routed to the server's other address"
    assert talk.discover(2).answer == "DHCPOFFER 10.0.0.11"


# Fields


def test_the_fields_of_an_offer_an_ack_and_a_nak():
    talk = Talk()
    sent = {"secs": 9, "hops": 3, "flags": 0x8000, "giaddr": RELAY}
    for outcome, yiaddr, ciaddr in (
        (talk.discover(**sent), "10.0.0.11", "0.0.0.0"),
        (talk.select(FIRST, **sent), "10.0.0.11", "0.0.0.0"),
        (talk.rebind(FIRST, **sent), "10.0.0.11", "10.0.0.11"),
        (talk.rebind(ip("10.0.0.99"), **sent), "0.0.0.0", "0.0.0.0"),
    ):
        packet, _, _ = by_scapy(outcome)
        assert (packet.op, packet.htype, packet.hlen, packet.hops, packet.xid, packet.secs) == (2, 1, 6, 0, 7, 0)
        assert (packet.flags, packet.giaddr, packet.siaddr) == ("B", "10.0.0.5", "0.0.0.0")
        assert (packet.yiaddr, packet.ciaddr) == (yiaddr, ciaddr)
        assert packet.chaddr[:6] == mac(1)
        assert len(outcome.datagram.payload) >= 300


# Options


def test_the_options_of_the_guides_scope():
    talk = Talk(guide_scope(options={3: packed("10.0.0.254"), 6: packed("10.0.0.1"), 15: b"contoso.com"}))
    for outcome, name in ((talk.discover(), 2), (talk.select(FIRST), 5)):
        _, options, names = by_scapy(outcome)
        assert options["message-type"] == name
        assert options["server_id"] == "10.0.0.2"
        assert options["subnet_mask"] == "255.255.255.0"
        assert options["router"] == "10.0.0.254"
        assert options["name_server"] == "10.0.0.1"
        assert options["domain"] == b"contoso.com"
        assert (options["lease_time"], options["renewal_time"], options["rebinding_time"]) == (120, 60, 105)
        assert options["client_id"] == b"\x01" + mac(1), "echoed (RFC 6842)"
        assert names[0] == "message-type"
        assert names.index("subnet_mask") < names.index("router")


@pytest.mark.parametrize(
    ("granted", "t1", "t2"),
    [(120, 60, 105), (60, 30, 52), (3, 1, 2), (2, None, None), (1, None, None), (0xFFFFFFFF, None, None)],
)
def test_t1_and_t2_follow_from_the_time_that_is_granted(granted, t1, t2):
    rules = Rules(most=granted)
    talk = Talk(guide_scope(lease_duration=0xFFFFFFFF), authority=rules)
    talk.discover()
    _, options, _ = by_scapy(talk.select(FIRST))
    assert options["lease_time"] == granted
    assert (options.get("renewal_time"), options.get("rebinding_time")) == (t1, t2)
    assert talk.table.get(FIRST).expires <= 0xFFFFFFFF


def test_a_parameter_request_list_selects_and_orders_the_scopes_options():
    values = {3: packed("10.0.0.254"), 6: packed("10.0.0.1"), 15: b"contoso.com", 42: packed("10.0.0.1")}
    talk = Talk(guide_scope(options=values))
    _, options, names = by_scapy(talk.discover(options={55: bytes([15, 28, 3, 51, 1, 53, 82, 99])}))
    always = ["message-type", "server_id", "lease_time", "renewal_time", "rebinding_time", "subnet_mask"]
    rest = [name for name in names if name not in [*always, "end", "pad", "client_id"]]
    assert rest == ["domain", "router", "broadcast_address"]
    assert options["broadcast_address"] == "10.0.0.255"
    assert set(always) <= options.keys()


def test_a_broadcast_address_that_the_scope_sets_is_told_as_set():
    talk = Talk(guide_scope(options={28: packed("10.0.0.127")}))
    _, options, _ = by_scapy(talk.discover(options={55: bytes([28])}))
    assert options["broadcast_address"] == "10.0.0.127"


def test_a_nak_holds_no_more_than_it_may():
    talk = Talk()
    relay_info = b"\x01\x02ab"
    outcome = talk.reboot(ip("192.168.0.1"), giaddr=RELAY, options={82: relay_info, 55: bytes([1, 3, 6, 15])})
    _, options, names = by_scapy(outcome)
    assert set(names) - {"end", "pad"} == {
        "message-type",
        "server_id",
        "error_message",
        "client_id",
        "relay_agent_information",
    }
    assert options["message-type"] == 6
    assert b"does not belong to network 10.0.0.0/24" in options["error_message"]


def test_no_client_identifier_is_invented():
    _, options, _ = by_scapy(Talk().discover(client_id=False))
    assert "client_id" not in options


@pytest.mark.parametrize(("announced", "largest"), [(None, 548), (300, 548), (576, 548), (1200, 1172), (9000, 1472)])
def test_an_answer_is_no_larger_than_the_client_takes(announced, largest):
    values = dict.fromkeys((15, *range(224, 232)), b"x" * 200)
    talk = Talk(guide_scope(options=values))
    asked = {} if announced is None else {57: announced.to_bytes(2, "big")}
    outcome = talk.discover(options=asked)
    _, options, _ = by_scapy(outcome)
    assert largest - 210 < len(outcome.datagram.payload) <= largest
    assert {"lease_time", "server_id", "subnet_mask", "renewal_time", "rebinding_time"} <= options.keys()


# Relays


def test_the_relays_network_selects_the_scope():
    far = guide_scope(start=ip("10.9.0.10"), end=ip("10.9.0.20"), exclusions=())
    talk = Talk(guide_scope(), far)
    outcome = talk.discover(giaddr=ip("10.9.0.1"), to=SERVER)
    assert outcome.answer == "DHCPOFFER 10.9.0.10"
    assert talk.select(ip("10.9.0.10"), giaddr=ip("10.9.0.1"), to=SERVER).answer == "DHCPACK 10.9.0.10"
    assert talk.renew(ip("10.9.0.10")).answer == "DHCPACK 10.9.0.10", "sent past the relay: the address tells"
    assert talk.reboot(ip("10.9.0.10")).answer == "DHCPNAK", "moved to the server's own network"
    assert talk.discover(giaddr=ip("172.16.0.1")).rule == "no scope is for the network of 172.16.0.1"


def test_link_selection_selects_the_scope_and_the_answer_still_goes_to_the_relay():
    far = guide_scope(start=ip("10.9.0.10"), end=ip("10.9.0.20"), exclusions=())
    talk = Talk(guide_scope(), far)
    link = b"\x05\x04" + packed("10.9.0.0")
    outcome = talk.discover(giaddr=RELAY, options={82: link})
    assert outcome.answer == "DHCPOFFER 10.9.0.10"
    assert where(outcome) == ("10.0.0.5", 67, b"")
    assert talk.discover(2, options={82: link}).answer == "DHCPOFFER 10.0.0.11", "not honoured without a relay"


def test_relay_information_comes_back_byte_for_byte_as_the_last_option():
    talk = Talk()
    relay_info = b"\x01\x06eth0/7\x02\x03\xff\x00\x01"
    for outcome in (
        talk.discover(giaddr=RELAY, options={82: relay_info}),
        talk.select(FIRST, giaddr=RELAY, options={82: relay_info}),
        talk.reboot(ip("10.0.0.99"), giaddr=RELAY, options={82: relay_info}),
    ):
        assert outcome.reply.options[82] == relay_info
        payload = outcome.datagram.payload.rstrip(b"\0")
        assert payload.endswith(bytes([82, len(relay_info)]) + relay_info + b"\xff")


def test_relay_information_is_remembered_through_renewals_until_the_relay_speaks_again():
    talk = Talk()
    talk.lease(giaddr=RELAY, options={82: b"\x01\x01a"})
    assert talk.table.get(FIRST).relay_info == b"\x01\x01a"
    assert 82 not in talk.renew(FIRST).reply.options
    assert talk.table.get(FIRST).relay_info == b"\x01\x01a"
    talk.rebind(FIRST, giaddr=RELAY, options={82: b"\x01\x01b"})
    assert talk.table.get(FIRST).relay_info == b"\x01\x01b"
    talk.rebind(FIRST)
    assert talk.table.get(FIRST).relay_info == b""
