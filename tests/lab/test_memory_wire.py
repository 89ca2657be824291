from __future__ import annotations

import pytest

from dhcpkit.engine.actions import (
    Commit,
    Configure,
    Document,
    Probe,
    Send,
)
from dhcpkit.lab.clock import LAB_START
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import (
    FrameSeen,
    ServiceStarted,
    ServiceStopped,
)
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.memory.wire import LATENCY
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.addresses import BROADCAST, parse_ip
from dhcpkit.protocol.ethernet import parse_frame
from tests.lab.nodes import lease
from tests.lab.world import NOBODY, ONE, THREE, TWO, World, datagram, spec


class TestDatagrams:
    def test_arp_finds_the_receiver_once_and_the_datagram_arrives(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, TWO)), Send(datagram(ONE, TWO, b"second")))
        world.wire.advance(1)
        first, second = world.nodes["H2"].of("datagram")
        assert first[0] == datagram(
            ONE, TWO, source_mac=b"\x00\x15\x5d\x00\x00\x01", destination_mac=b"\x00\x15\x5d\x00\x00\x02"
        )
        assert second[0].payload == b"second"
        assert first[1] == pytest.approx(LAB_START + 3 * LATENCY)
        assert world.nodes["H3"].of("datagram") == []
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        kinds = [(event.what.protocol, event.what.sender, event.what.receiver) for event in world.log.of(FrameSeen)]
        assert kinds == [("arp", "H1", "*"), ("arp", "H2", "H1")] + [("dhcp", "H1", "H2")] * 3

    @pytest.mark.parametrize("destination", [BROADCAST, parse_ip("10.0.0.255")])
    def test_a_broadcast_reaches_everybody_else_on_the_network(self, destination: int) -> None:
        world = World(spec(1), spec(2), spec(3), spec(4, network="other"))
        world.do("H1", Send(datagram(0, destination)))
        world.wire.advance(1)
        assert [len(world.nodes[f"H{number}"].of("datagram")) for number in (1, 2, 3, 4)] == [0, 1, 1, 0]

    def test_other_ports_and_other_addresses_are_not_the_nodes(self, world: World) -> None:
        mac = b"\x00\x15\x5d\x00\x00\x02"
        world.do("H1", Send(datagram(ONE, TWO, destination_mac=mac)._replace(destination_port=68)))
        world.do("H1", Send(datagram(ONE, THREE, destination_mac=mac)))
        world.wire.advance(1)
        assert len(world.frames()) == 2
        assert world.nodes["H2"].of("datagram") == []

    def test_a_host_without_address_hears_what_comes_to_its_hardware_address(self) -> None:
        world = World(spec(1), spec(2, address=0))
        world.do("H1", Send(datagram(ONE, NOBODY, destination_mac=b"\x00\x15\x5d\x00\x00\x02")))
        world.wire.advance(1)
        assert len(world.nodes["H2"].of("datagram")) == 1

    def test_what_has_nowhere_to_go_is_asked_for_and_dropped(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, NOBODY)), Send(datagram(ONE, parse_ip("192.168.9.9"))))
        world.wire.advance(10)
        assert len(world.frames()) == 3
        assert all("10.0.0.99" in frame for frame in world.frames())

    def test_a_stopped_service_hears_nothing_but_its_host_answers_arp(self, world: World) -> None:
        world.wire.stop_service("H2")
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        assert len(world.frames()) == 3
        assert world.nodes["H2"].of("datagram") == []


class TestAddresses:
    def test_a_probe_is_answered_by_who_has_the_address(self, world: World) -> None:
        world.do("H1", Probe(TWO), Probe(NOBODY))
        world.wire.advance(1)
        assert [(address, mac) for address, mac, _ in world.nodes["H1"].of("address_in_use")] == [
            (TWO, b"\x00\x15\x5d\x00\x00\x02")
        ]
        assert parse_frame(world.log.of(FrameSeen)[0].what.frame).arp.sender_address == 0

    def test_an_address_given_by_configure_is_used_and_taken_away_again(self) -> None:
        world = World(spec(1), spec(2, address=0))
        world.do("H2", Configure(NOBODY, 24))
        world.do("H1", Send(datagram(ONE, NOBODY)))
        world.wire.advance(1)
        assert len(world.nodes["H2"].of("datagram")) == 1
        world.do("H2", Configure(0))
        world.do("H1", Probe(NOBODY))
        world.wire.advance(1)
        assert world.nodes["H1"].of("address_in_use") == []

    def test_a_neighbour_that_changes_its_card_is_found_again(self) -> None:
        world = World(spec(1), spec(2), spec(3, address=0))
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        world.do("H2", Configure(0))
        world.do("H3", Configure(TWO, 24))
        world.wire.advance(61)
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        assert [len(world.nodes[name].of("datagram")) for name in ("H2", "H3")] == [1, 1]


class TestLinks:
    def test_a_cut_path_leaves_the_other_hosts_in_touch(self, world: World) -> None:
        world.wire.set_link("H1", "h2", inbound=True, outbound=False)
        world.do("H1", Send(datagram(ONE, BROADCAST)))
        world.do("H2", Send(datagram(TWO, BROADCAST)))
        world.wire.advance(1)
        assert [len(world.nodes[f"H{number}"].of("datagram")) for number in (1, 2, 3)] == [1, 1 - 1, 2]

    def test_a_frame_that_a_cut_stops_is_not_seen(self, world: World) -> None:
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        seen = len(world.frames())
        world.wire.set_link("H2", "H1", inbound=False, outbound=True)
        world.do("H1", Send(datagram(ONE, TWO)))
        world.wire.advance(1)
        assert len(world.frames()) == seen
        assert len(world.nodes["H2"].of("datagram")) == 1

    def test_a_cable_cut_outbound_still_hears(self, world: World) -> None:
        world.wire.set_link("H1", None, inbound=True, outbound=False)
        world.do("H1", Send(datagram(ONE, BROADCAST)))
        world.do("H2", Send(datagram(TWO, BROADCAST)))
        world.wire.advance(1)
        assert [len(world.nodes[f"H{number}"].of("datagram")) for number in (1, 2, 3)] == [1, 0, 1]
        assert len(world.frames()) == 1, "what does not reach the switch is not seen there"


class TestServices:
    def test_what_was_committed_survives_a_kill_and_the_rest_does_not(self, world: World) -> None:
        kept = lease(5)
        world.do("H1", Commit((kept,), (Document("scope", "a", {"v": 1}),)))
        kept.expires = 99
        world.wire.kill_service("H1")
        old = world.nodes["H1"]
        world.wire.start_service("H1")
        assert world.nodes["H1"] is not old
        assert world.saved["H1"] == Saved([lease(5)], {("scope", "a"): {"v": 1}})

    def test_services_are_logged_as_they_come_and_go(self, world: World) -> None:
        world.wire.stop_service("h1")
        world.wire.stop_service("h1")
        world.wire.start_service("h1")
        world.wire.start_service("h1")
        world.wire.kill_service("h1")
        assert [event.what for event in world.log.of(ServiceStarted, ServiceStopped, host="H1")] == [
            ServiceStarted("server"),
            ServiceStopped("server", "stopped"),
            ServiceStarted("server"),
            ServiceStopped("server", "killed"),
        ]

    def test_a_crash_is_reported_and_the_others_go_on(self, world: World) -> None:
        world.streams()
        with pytest.raises(LabError, match="the service of H1 crashed before it answered"):
            world.wire.command("H1", "raise", {})
        (stopped,) = world.log.of(ServiceStopped)
        assert stopped.what.how == "crashed"
        assert "ZeroDivisionError" in stopped.what.detail
        world.wire.advance(1)
        assert [because for _, because, _ in world.nodes["H2"].of("stream_closed")] == ["reset by the other side"]
        world.wire.start_service("H1")
        world.streams()

    def test_a_host_without_service_is_on_the_network_all_the_same(self) -> None:
        bare = HostSpec("Sniffer", "bare", (InterfaceSpec(b"\x00\x15\x5d\x00\x00\x09", NOBODY, 24),))
        world = World(spec(1), bare)
        world.do("H1", Probe(NOBODY))
        world.wire.advance(1)
        assert len(world.nodes["H1"].of("address_in_use")) == 1
        with pytest.raises(LabError, match="no service to start"):
            world.wire.start_service("sniffer")

    def test_hosts_can_be_added_but_not_twice(self, world: World) -> None:
        world.wire.add_host(spec(4))
        world.do("H4", Send(datagram(0, BROADCAST)))
        world.wire.advance(1)
        assert len(world.nodes["H1"].of("datagram")) == 1
        with pytest.raises(LabError, match="already has a host H4"):
            world.wire.add_host(spec(4))
