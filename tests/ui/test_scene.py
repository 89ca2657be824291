from __future__ import annotations

import json
from typing import Any

import pytest

from dhcpkit.client.events import ClientStateEntered, LeaseEnded
from dhcpkit.failover.events import ContactEstablished, ContactLost, PartnerStateSeen, RelationshipChanged
from dhcpkit.failover.settings import Mode
from dhcpkit.lab.events import FrameSeen, LinkChanged, ServiceStarted, ServiceStopped
from dhcpkit.lab.hosts.status import FailoverStatus
from dhcpkit.protocol.failover.codes import ServerState
from dhcpkit.ui.scene import Scene, picture
from tests.ui.scenes import ADDRESS, DHCP2, RELATIONSHIP, Log

GUIDE = [("DHCP1", "server", "10.0.0.1"), ("DHCP2", "server", "10.0.0.2"), ("Client1", "client", "")]


def _scene() -> Scene:
    scene = Scene.of(GUIDE, "10.0.0.0/24", "contoso.com")
    scene.feed(Log().add(0, "DHCP1", ServiceStarted("server")).add(0, "DHCP2", ServiceStarted("server")).events)
    return scene


def _status(**changes: Any) -> FailoverStatus:
    values: dict[str, Any] = {
        "name": RELATIONSHIP,
        "partner_server": "dhcp1.contoso.com",
        "mode": Mode.LOAD_BALANCE,
        "load_balance_percent": 70,
        "server_role": "",
        "reserve_percent": None,
        "max_client_lead_time": 60,
        "state_switch_interval": None,
        "state": ServerState.NORMAL,
        "partner_state": ServerState.NORMAL,
        "in_contact": True,
        "scope_ids": ("10.0.0.0",),
        "enable_auth": True,
        "created_here": True,
        "free": 122,
        "partner_free": 121,
        "unacknowledged": 0,
    }
    return FailoverStatus(**(values | changes))


def _in_contact(scene: Scene) -> Scene:
    scene.set_relationship("dhcp1", _status())
    scene.set_relationship("dhcp2", _status(load_balance_percent=30))
    return scene


def test_the_drawing_in_text_is_the_same_whatever_happens() -> None:
    before = picture(Scene.of(GUIDE, "10.0.0.0/24", "contoso.com"))
    scene = _in_contact(_scene())
    scene.feed(Log().bound(0, DHCP2, "new").events)
    assert before.splitlines() == [
        " ┌──────────┐   ┌──────────┐",
        " │  DHCP1   │   │  DHCP2   │",
        " │ 10.0.0.1 │   │ 10.0.0.2 │",
        " └──────────┘   └──────────┘",
        "══════════════════════════════  10.0.0.0/24  contoso.com",
        "     ┌─────────────────┐",
        "     │     Client1     │",
        "     │ address by DHCP │",
        "     └─────────────────┘",
    ]


def test_a_client_shows_its_address_its_state_and_who_serves_it() -> None:
    scene = _scene()
    scene.feed(Log().add(0, "Client1", ClientStateEntered("BOUND", "REQUESTING", "")).bound(0, DHCP2, "new").events)
    client = scene.hosts["client1"]
    assert (client.address, client.state, client.served_by) == ("10.0.0.11", "BOUND", "dhcp2")
    assert scene.describe(client) == "Client1, client, address 10.0.0.11, state BOUND, lease from DHCP2."
    scene.feed(Log().add(1, "Client1", LeaseEnded(ADDRESS, DHCP2, "released")).events)
    assert (client.address, client.served_by) == ("", "")


def test_a_server_is_described_with_state_share_and_contact() -> None:
    scene = _in_contact(_scene())
    assert scene.describe(scene.hosts["dhcp1"]) == (
        "DHCP1, DHCP server, address 10.0.0.1, service running, failover state NORMAL, 70 % of the clients,"
        " in contact with its partner."
    )
    assert scene.document()["link"] == {"exists": True, "contact": True, "cut": False, "text": "failover: in contact"}


def test_a_stopped_server_has_no_state_and_the_link_no_contact() -> None:
    scene = _in_contact(_scene())
    log = Log().add(0, "DHCP2", ServiceStopped("server", "stopped")).add(0, "DHCP1", ContactLost(RELATIONSHIP, ""))
    log.state(0, "DHCP1", ServerState.COMMUNICATIONS_INTERRUPTED)
    scene.feed(log.events)
    assert (scene.hosts["dhcp2"].service, scene.hosts["dhcp2"].state) == ("stopped", "")
    assert scene.hosts["dhcp1"].state == "COMMUNICATIONS-INTERRUPTED"
    assert not scene.document()["link"]["contact"]
    assert "service stopped" in scene.describe(scene.hosts["dhcp2"])


def test_contact_and_the_partners_state_follow_the_log() -> None:
    scene = _scene()
    log = Log().add(0, "DHCP1", RelationshipChanged(RELATIONSHIP, "created"))
    log.add(0, "DHCP1", PartnerStateSeen(RELATIONSHIP, ServerState.NORMAL, startup=True))
    log.add(1, "DHCP1", ContactEstablished(RELATIONSHIP))
    scene.feed(log.events)
    host = scene.hosts["dhcp1"]
    assert (host.relationship, host.partner_state, host.contact) == (RELATIONSHIP, "STARTUP", True)
    scene.feed(Log().add(2, "DHCP1", RelationshipChanged(RELATIONSHIP, "deleted")).events)
    assert (host.relationship, host.contact) == ("", False)


@pytest.mark.parametrize(
    ("status", "share"),
    [
        (_status(), "70 % of the clients"),
        (_status(mode=Mode.HOT_STANDBY, load_balance_percent=None, server_role="Active", reserve_percent=5), "active"),
        (
            _status(mode=Mode.HOT_STANDBY, load_balance_percent=None, server_role="Standby", reserve_percent=5),
            "standby, 5 % reserve",
        ),
    ],
)
def test_a_servers_part_is_said_in_words(status: FailoverStatus, share: str) -> None:
    scene = _scene()
    scene.set_relationship("dhcp1", status)
    assert scene.hosts["dhcp1"].share == share


def test_cut_cables_and_paths_are_told_apart() -> None:
    scene = _in_contact(_scene())
    log = (
        Log().add(0, "", LinkChanged("DHCP1", "", True, False)).add(0, "", LinkChanged("DHCP2", "DHCP1", False, False))
    )
    scene.feed(log.events)
    assert (scene.hosts["dhcp1"].inbound, scene.hosts["dhcp1"].outbound) == (True, False)
    assert scene.document()["cuts"] == [["dhcp1", "dhcp2"]]
    assert scene.document()["link"]["cut"]
    assert "cable cut one way" in scene.describe(scene.hosts["dhcp1"])
    log = Log().add(1, "", LinkChanged("DHCP1", "", True, True)).add(1, "", LinkChanged("DHCP1", "DHCP2", True, True))
    scene.feed(log.events)
    assert scene.document()["cuts"] == []
    assert scene.hosts["dhcp1"].outbound


def test_packets_are_dhcp_and_failover_messages_and_nothing_else() -> None:
    frames = [
        FrameSeen("dhcp", "Client1", "*", "DHCPDISCOVER from 00:15:5d:00:00:03 (Client1)", b""),
        FrameSeen("arp", "DHCP2", "*", "who has 10.0.0.1? asks 10.0.0.2", b""),
        FrameSeen("failover", "DHCP2", "DHCP1", "TCP 10.0.0.2:647 to 10.0.0.1:49152, acknowledgement", b""),
        FrameSeen("failover", "DHCP2", "DHCP1", "BNDUPD 10.0.0.11 ACTIVE, 10.0.0.12 ACTIVE", b""),
        FrameSeen("other", "DHCP2", "DHCP1", "UDP", b""),
        FrameSeen("failover", "DHCP2", "DHCP1", "1208 bytes of a message that goes on", b""),
    ]
    log = Log()
    for frame in frames:
        log.add(0, "", frame)
    packets = _scene().feed(log.events)
    assert [(p.number, p.sender, p.receiver, p.label) for p in packets] == [
        (0, "client1", "*", "DHCPDISCOVER"),
        (3, "dhcp2", "dhcp1", "BNDUPD"),
    ]


def test_the_document_is_json_and_describes_every_host() -> None:
    document = json.loads(json.dumps(_in_contact(_scene()).document()))
    assert [host["key"] for host in document["hosts"]] == ["dhcp1", "dhcp2", "client1"]
    assert all(host["description"].endswith(".") for host in document["hosts"])
    assert document["hosts"][0]["letter"] != document["hosts"][1]["letter"]


def test_events_of_unknown_hosts_and_kinds_are_passed_over() -> None:
    scene = _scene()
    before = scene.document()
    assert scene.feed(Log().add(0, "DHCP9", ServiceStarted("server")).add(0, "DHCP1", object()).events) == []
    assert scene.document() == before
