"""The client against hand-built servers, in virtual time."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpkit.client.events import LeaseBound, LeaseEnded, NoServerAnswered, RequestSent
from dhcpkit.client.lease import ClientLease
from dhcpkit.engine.actions import Configure, Log, Probe
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import DhcpMessage, MessageType
from dhcpkit.protocol.options import INFINITE, write_addresses, write_u32
from tests.client.driver import (
    ADDRESS,
    MAC,
    MEMORY,
    OTHER_ADDRESS,
    OTHER_MAC,
    OTHER_SERVER,
    SERVER,
    START,
    Driver,
    datagram_of,
    make_reply,
)


def names(actions: list[object]) -> list[str]:
    return [type(a.event).__name__ if isinstance(a, Log) else type(a).__name__ for a in actions]


class TestNewLease:
    def test_is_configured_then_logged(self) -> None:
        driver = Driver()
        assert names(driver.start()) == ["ClientStateEntered", "RequestSent", "Send"]
        assert names(driver.offer()) == ["ClientStateEntered", "RequestSent", "Send"]
        driver.now += 0.5
        done = driver.ack(options={3: write_addresses([OTHER_SERVER, SERVER])})
        assert names(done) == ["Configure", "LeaseBound", "ClientStateEntered"]
        assert done[0] == Configure(ADDRESS, 24, OTHER_SERVER)
        assert done[1].event == LeaseBound(
            ADDRESS, SERVER, MAC, 120, START, START + 60, START + 105, START + 120, "new"
        )
        assert driver.client.lease == ClientLease(
            ADDRESS, 24, SERVER, OTHER_SERVER, (OTHER_SERVER,), "contoso.com", 120, START, START + 60, START + 105,
            START + 120,
        )  # fmt: skip

    def test_counts_from_the_request_not_from_the_answer(self) -> None:
        driver = Driver()
        driver.start()
        driver.now += 2
        driver.offer()
        driver.now += 3
        driver.ack()
        assert driver.client.lease.obtained == START + 2
        assert driver.client.lease.expires == START + 122

    def test_times_of_the_server_count(self) -> None:
        driver = Driver()
        driver.start()
        driver.offer()
        driver.ack(options={51: write_u32(60), 58: write_u32(20), 59: write_u32(52)})
        lease = driver.client.lease
        assert (lease.t1, lease.t2, lease.expires) == (START + 20, START + 52, START + 60)

    def test_first_acceptable_offer_is_taken(self) -> None:
        driver = Driver()
        driver.start()
        for useless in ({51: None}, {51: write_u32(0)}, {54: None}, {1: b"\xff\x00\xff\x00"}):
            assert driver.offer(options=useless) == []
        for address in (0, 0x7F000001, 0xE0000001, 0xFFFFFFFF):
            assert driver.offer(yiaddr=address) == []
        driver.offer(yiaddr=OTHER_ADDRESS, options={54: write_u32(OTHER_SERVER)})
        assert driver.client.state == "REQUESTING"
        assert (driver.last.requested_address, driver.last.server_identifier) == (OTHER_ADDRESS, OTHER_SERVER)
        assert driver.offer(yiaddr=ADDRESS) == []

    def test_address_from_before_is_preferred(self) -> None:
        driver = Driver(remembered=replace(MEMORY, expires=START - 1))
        driver.start()
        discover = driver.last
        assert (discover.name, discover.requested_address) == ("DHCPDISCOVER", ADDRESS)
        assert driver.offer(yiaddr=OTHER_ADDRESS) == []
        driver.now += 0.3
        driver.offer(yiaddr=ADDRESS)
        assert driver.last.requested_address == ADDRESS

    def test_another_address_is_taken_after_a_second(self) -> None:
        driver = Driver(remembered=replace(MEMORY, expires=START - 1))
        driver.start()
        driver.offer(yiaddr=OTHER_ADDRESS)
        driver.offer(yiaddr=OTHER_ADDRESS + 1)
        driver.run_until(START + 1)
        assert driver.client.state == "REQUESTING"
        assert driver.last.requested_address == OTHER_ADDRESS

    @pytest.mark.parametrize("mask", [None, b"\xff\x00\x00\x00"])
    def test_without_a_mask_the_class_decides(self, mask: bytes | None) -> None:
        driver = Driver()
        driver.start()
        driver.offer(options={1: mask})
        driver.ack(options={1: mask})
        assert driver.client.lease.prefix_length == 8

    def test_infinite_lease_is_never_renewed(self) -> None:
        driver = Driver().bind(INFINITE)
        assert driver.client.lease.expires == math.inf
        assert driver.client.next_deadline() is None
        document = json.loads(json.dumps(driver.client.lease.to_document(), allow_nan=False))
        assert document["expires"] is None
        assert ClientLease.from_document(document) == driver.client.lease

    def test_answer_of_another_server_is_ignored_while_requesting(self) -> None:
        driver = Driver()
        driver.start()
        driver.offer()
        other = {54: write_u32(OTHER_SERVER)}
        assert driver.ack(options=other) == []
        assert driver.nak(options=other) == []
        assert driver.ack(yiaddr=OTHER_ADDRESS) == []
        assert driver.client.state == "REQUESTING"


class TestRenewal:
    def test_timeline_without_an_answer(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 119.999)
        assert [(time - START, datagram.destination) for time, datagram in driver.sent[2:]] == [
            (60, SERVER),
            (82.5, SERVER),
            (93.75, SERVER),
            (99.375, SERVER),
            (103.375, SERVER),
            (105, BROADCAST),
            (112.5, BROADCAST),
            (116.5, BROADCAST),
        ]
        assert driver.client.lease is not None
        driver.run_until(START + 120)
        assert driver.client.lease is None
        assert [(time - START, event.state) for time, event in driver.state_times()][3:] == [
            (60, "RENEWING"),
            (105, "REBINDING"),
            (120, "INIT"),
            (120, "SELECTING"),
        ]
        assert names(driver.at(START + 120)) == [
            "Configure",
            "LeaseEnded",
            "ClientStateEntered",
            "ClientStateEntered",
            "RequestSent",
            "Send",
        ]
        assert driver.events(LeaseEnded) == [LeaseEnded(ADDRESS, SERVER, "expired")]
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDISCOVER", ADDRESS)

    def test_attempts_are_counted_in_each_state(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 119)
        assert [(event.state, event.attempt, event.server) for event in driver.events(RequestSent)] == [
            ("SELECTING", 1, 0),
            ("REQUESTING", 1, SERVER),
            *(("RENEWING", attempt, SERVER) for attempt in range(1, 6)),
            *(("REBINDING", attempt, 0) for attempt in range(1, 4)),
        ]

    def test_first_lease_of_a_minute_turns_at_30_and_52_5_seconds(self) -> None:
        driver = Driver().bind(60)
        driver.run_until(START + 60)
        states = {event.state: time - START for time, event in driver.state_times()}
        assert (states["RENEWING"], states["REBINDING"]) == (30, 52.5)
        assert driver.client.state == "SELECTING"

    def test_at_t1_by_the_leasing_server(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 60)
        done = driver.ack(options={51: write_u32(300)})
        assert names(done) == ["Configure", "LeaseBound", "ClientStateEntered"]
        assert done[1].event == LeaseBound(
            ADDRESS, SERVER, MAC, 300, START + 60, START + 210, START + 322.5, START + 360, "renewed"
        )
        assert driver.client.next_deadline() == START + 210

    def test_at_t2_by_the_other_server(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 106)
        driver.ack(options={54: write_u32(OTHER_SERVER)})
        bound = driver.events(LeaseBound)[-1]
        assert (bound.address, bound.server, bound.how) == (ADDRESS, OTHER_SERVER, "rebound")
        assert bound.obtained == START + 105
        driver.run_until(START + 165)
        assert driver.client.state == "RENEWING"
        assert driver.sent[-1][1].destination == OTHER_SERVER

    def test_late_answer_counts_from_the_try_it_answers(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 60)
        first = make_reply(driver.last, MessageType.ACK)
        driver.run_until(START + 107)
        driver.take(driver.client.datagram(datagram_of(first), driver.now))
        bound = driver.events(LeaseBound)[-1]
        assert (bound.obtained, bound.how) == (START + 60, "renewed")

    def test_an_answer_for_another_address_is_ignored(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 60)
        assert driver.ack(yiaddr=OTHER_ADDRESS) == []
        assert driver.client.lease.expires == START + 120

    @pytest.mark.parametrize("moment", [60, 105])
    def test_refused(self, moment: float) -> None:
        driver = Driver().bind()
        driver.run_until(START + moment)
        done = driver.nak()
        assert names(done) == ["Configure", "LeaseEnded", "ClientStateEntered"]
        assert done[0] == Configure(0)
        assert done[1].event.because == "refused"
        assert driver.client.next_deadline() == driver.now + 1
        driver.next_tick()
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDISCOVER", 0)

    def test_a_jump_past_the_end_asks_nobody_to_extend(self) -> None:
        driver = Driver().bind()
        driver.now = START + 1000
        driver.take(driver.client.tick(driver.now))
        assert [DhcpMessage.decode(d.payload).name for _, d in driver.sent[2:]] == ["DHCPDISCOVER"]

    def test_no_server_for_a_refusal_means_no_refusal(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 60)
        assert driver.nak(options={54: None}) == []
        assert driver.client.lease is not None


class TestRetransmission:
    def test_discover_until_somebody_answers(self) -> None:
        driver = Driver()
        driver.start()
        driver.run_until(START + 300)
        times = driver.times("DHCPDISCOVER")
        waits = [after - before for before, after in pairwise(times)]
        for wait, centre in zip(waits, [4, 8, 16, 32, 64, 64], strict=False):
            assert centre - 1 <= wait <= centre + 1
        assert len(times) == 8
        assert driver.events(NoServerAnswered) == [NoServerAnswered("SELECTING", 3, 0)]
        assert driver.client.unanswered
        driver.offer()
        driver.ack()
        assert not driver.client.unanswered

    def test_request_three_times_then_from_the_beginning(self) -> None:
        driver = Driver()
        driver.start()
        driver.offer()
        driver.run_until(START + 32)
        assert len(driver.times("DHCPREQUEST")) == 3
        assert driver.events(NoServerAnswered) == [NoServerAnswered("REQUESTING", 3, 0)]
        assert driver.client.state == "SELECTING"

    def test_a_lost_ack_is_made_good(self) -> None:
        driver = Driver()
        driver.start()
        driver.offer()
        driver.run_until(START + 6)
        driver.ack()
        assert driver.client.state == "BOUND"
        assert driver.client.lease.obtained == START, "the first request may be the one that was granted"

    def test_refusing_server_is_asked_once_a_second(self) -> None:
        driver = Driver()
        driver.start()
        for _ in range(3):
            driver.offer()
            driver.nak()
            driver.run_until(driver.now + 1)
        assert driver.times("DHCPREQUEST") == [0, 1, 2]


class TestProbe:
    def acknowledged(self, **options: object) -> Driver:
        driver = Driver(probe=True, **options)
        driver.start()
        if driver.client.state == "SELECTING":
            driver.offer()
        assert driver.ack() == [Probe(ADDRESS)]
        return driver

    def test_address_is_used_when_nobody_answers(self) -> None:
        driver = self.acknowledged()
        assert driver.client.lease is None
        assert driver.ack() == [], "a second ACK changes nothing"
        driver.run_until(START + 0.2)
        assert driver.client.state == "BOUND"
        assert driver.client.lease.obtained == START

    def test_wait_is_configurable(self) -> None:
        driver = self.acknowledged(probe_wait=2.0)
        assert driver.client.next_deadline() == START + 2

    def test_conflict_is_declined_and_waited_out(self) -> None:
        driver = self.acknowledged()
        driver.now += 0.1
        done = driver.take(driver.client.address_in_use(ADDRESS, OTHER_MAC, driver.now))
        assert names(done) == ["LeaseEnded", "RequestSent", "Send", "ClientStateEntered"]
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDECLINE", ADDRESS)
        assert done[0].event == LeaseEnded(ADDRESS, SERVER, "declined")
        assert "00:15:5d:00:00:99 uses 10.0.0.11" in done[3].event.because
        driver.run_until(START + 10)
        assert driver.times("DHCPDISCOVER") == [0]
        driver.run_until(START + 10.1)
        assert driver.times("DHCPDISCOVER") == [0, 10.1]
        assert driver.last.requested_address == 0

    def test_late_answer_ends_the_use_of_the_address(self) -> None:
        driver = self.acknowledged()
        driver.run_until(START + 1)
        done = driver.take(driver.client.address_in_use(ADDRESS, OTHER_MAC, driver.now))
        assert done[0] == Configure(0)
        assert driver.last.name == "DHCPDECLINE"
        assert driver.client.lease is None
        assert driver.client.remembered is None

    @pytest.mark.parametrize(("address", "mac"), [(ADDRESS, MAC), (OTHER_ADDRESS, OTHER_MAC)])
    def test_own_or_other_answer_is_no_conflict(self, address: int, mac: bytes) -> None:
        driver = self.acknowledged()
        assert driver.client.address_in_use(address, mac, driver.now) == []
        driver.run_until(START + 1)
        assert driver.client.state == "BOUND"

    def test_rebooting_client_probes_too(self) -> None:
        driver = self.acknowledged(remembered=MEMORY)
        driver.run_until(START + 0.2)
        assert driver.events(LeaseBound)[0].how == "rebooted"

    def test_conflict_without_a_probe_is_ignored(self) -> None:
        driver = Driver()
        driver.start()
        assert driver.client.address_in_use(ADDRESS, OTHER_MAC, driver.now) == []

    def test_refusal_during_the_probe(self) -> None:
        driver = self.acknowledged()
        driver.nak()
        driver.run_until(START + 0.9)
        assert (driver.client.state, driver.client.lease) == ("INIT", None)


class TestRestart:
    def test_stopped_client_asks_for_its_address(self) -> None:
        driver = Driver().bind()
        driver.now += 10
        assert names(driver.take(driver.client.stop(driver.now))) == ["Configure", "ClientStateEntered"]
        assert (driver.client.state, driver.client.lease) == ("INIT-REBOOT", None)
        assert driver.client.next_deadline() is None
        driver.now += 10
        driver.start()
        assert (driver.client.state, driver.last.requested_address) == ("REBOOTING", ADDRESS)
        driver.ack()
        bound = driver.events(LeaseBound)[-1]
        assert (bound.how, bound.obtained) == ("rebooted", START + 20)

    def test_refused_reboot_starts_over(self) -> None:
        driver = Driver(remembered=MEMORY)
        driver.start()
        assert names(driver.nak()) == ["LeaseEnded", "ClientStateEntered"]
        driver.next_tick()
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDISCOVER", 0)

    def test_unanswered_reboot_uses_the_rest_of_the_lease(self) -> None:
        driver = Driver(remembered=MEMORY)
        driver.start()
        driver.run_until(START + 32)
        assert len(driver.times("DHCPREQUEST")) == 3
        assert driver.events(NoServerAnswered) == [NoServerAnswered("REBOOTING", 3, ADDRESS)]
        assert driver.client.lease == MEMORY
        assert Configure(ADDRESS, 24, 0) in [action for _, action in driver.done]
        assert driver.events(LeaseBound) == []
        driver.run_until(START + 40)
        assert driver.client.state == "RENEWING"

    def test_lease_that_ends_during_the_reboot(self) -> None:
        driver = Driver(remembered=replace(MEMORY, expires=START + 5))
        driver.start()
        driver.run_until(START + 5)
        assert driver.events(LeaseEnded) == [LeaseEnded(ADDRESS, SERVER, "expired")]
        assert (driver.client.state, driver.last.requested_address) == ("SELECTING", ADDRESS)

    def test_lease_that_ended_before_the_start(self) -> None:
        driver = Driver(remembered=replace(MEMORY, expires=START))
        driver.start()
        assert driver.events(LeaseEnded) == [LeaseEnded(ADDRESS, SERVER, "expired")]
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDISCOVER", ADDRESS)

    def test_stop_without_a_lease(self) -> None:
        driver = Driver()
        driver.start()
        reply = make_reply(driver.last, MessageType.OFFER)
        driver.take(driver.client.stop(driver.now))
        assert (driver.client.state, driver.client.next_deadline()) == ("INIT", None)
        assert driver.client.datagram(datagram_of(reply), driver.now) == []

    def test_start_of_a_client_at_work_does_nothing(self) -> None:
        driver = Driver().bind()
        assert driver.start() == []


class TestReleaseAndRenew:
    def test_release_tells_the_server_before_the_address_is_gone(self) -> None:
        driver = Driver().bind()
        driver.now += 5
        done = driver.take(driver.client.release(driver.now))
        assert names(done) == ["RequestSent", "Send", "Configure", "LeaseEnded", "ClientStateEntered"]
        assert driver.events(LeaseEnded) == [LeaseEnded(ADDRESS, SERVER, "released")]
        assert driver.client.next_deadline() is None
        assert driver.client.remembered is None

    def test_release_without_a_lease_does_nothing(self) -> None:
        driver = Driver()
        driver.start()
        due = driver.client.next_deadline()
        assert driver.client.release(driver.now) == []
        assert driver.client.next_deadline() == due

    def test_renew_after_release_asks_for_the_same_address(self) -> None:
        driver = Driver().bind()
        driver.take(driver.client.release(driver.now))
        driver.run_until(START + 1000)
        driver.take(driver.client.renew(driver.now))
        assert (driver.last.name, driver.last.requested_address) == ("DHCPDISCOVER", ADDRESS)

    def test_renew_asks_the_leasing_server_then_everybody(self) -> None:
        driver = Driver().bind()
        driver.now = START + 10
        driver.take(driver.client.renew(driver.now))
        assert (driver.client.state, driver.sent[-1][1].destination) == ("RENEWING", SERVER)
        driver.run_until(START + 14)
        assert (driver.client.state, driver.sent[-1][1].destination) == ("REBINDING", BROADCAST)
        driver.ack(options={54: write_u32(OTHER_SERVER)})
        bound = driver.events(LeaseBound)[-1]
        assert (bound.server, bound.how, bound.obtained) == (OTHER_SERVER, "rebound", START + 14)

    def test_failed_renewal_leaves_the_lease(self) -> None:
        driver = Driver().bind()
        lease = driver.client.lease
        driver.now = START + 1
        driver.take(driver.client.renew(driver.now))
        driver.run_until(START + 50)
        assert driver.events(NoServerAnswered) == [NoServerAnswered("REBINDING", 3, ADDRESS)]
        assert (driver.client.state, driver.client.lease) == ("BOUND", lease)
        first, second, third = driver.times("DHCPREQUEST")[2:]
        assert (first, 3 <= second - first <= 5, 7 <= third - second <= 9) == (5, True, True)
        driver.run_until(START + 60)
        assert driver.client.state == "RENEWING"

    def test_failed_renewal_after_t2_goes_on_rebinding(self) -> None:
        driver = Driver().bind(400)
        driver.run_until(START + 351)
        driver.take(driver.client.renew(driver.now))
        driver.run_until(START + 390)
        assert driver.events(NoServerAnswered) == [NoServerAnswered("REBINDING", 3, ADDRESS)]
        assert [event.state for time, event in driver.state_times() if time > START + 351] == ["REBINDING"]
        driver.run_until(START + 400)
        assert driver.events(LeaseEnded)[-1].because == "expired"

    def test_renewal_never_outlives_the_lease(self) -> None:
        driver = Driver().bind()
        driver.run_until(START + 118)
        driver.take(driver.client.renew(driver.now))
        driver.run_until(START + 120)
        assert driver.client.lease is None

    @pytest.mark.parametrize("offered", [False, True])
    def test_renew_without_a_lease_starts_over(self, offered: bool) -> None:
        driver = Driver()
        driver.start()
        if offered:
            driver.offer()
        driver.now += 1
        old = driver.last.xid
        driver.take(driver.client.renew(driver.now))
        assert driver.client.state == "SELECTING"
        assert driver.last.name == "DHCPDISCOVER"
        assert driver.last.xid != old

    def test_renew_while_rebooting_lets_it_go_on(self) -> None:
        driver = Driver(remembered=MEMORY)
        driver.start()
        assert driver.client.renew(driver.now) == []


class TestWhatIsIgnored:
    @pytest.mark.parametrize(
        "changes",
        [
            {"xid": 1},
            {"op": 1},
            {"chaddr": OTHER_MAC},
            {"options": {61: b"\x01" + OTHER_MAC}},
            {"options": {53: b"\x08"}},
            {"options": {53: None}},
        ],
        ids=str,
    )
    def test_not_for_this_client(self, changes: dict[str, object]) -> None:
        driver = Driver()
        driver.start()
        due = driver.client.next_deadline()
        assert driver.offer(**changes) == []
        assert (driver.client.state, driver.client.next_deadline()) == ("SELECTING", due)

    def test_reply_without_the_client_identifier_is_for_us(self) -> None:
        driver = Driver()
        driver.start()
        driver.offer(options={61: None})
        assert driver.client.state == "REQUESTING"

    @given(st.binary(max_size=700), st.integers(0, 3))
    def test_junk_changes_nothing(self, junk: bytes, phase: int) -> None:
        driver = Driver().bind() if phase > 1 else Driver()
        driver.start()
        driver.run_until(START + (60 if phase == 3 else 0))
        before = (driver.client.state, driver.client.lease, driver.client.next_deadline())
        assert driver.client.datagram(Datagram(junk, 0, 67, 0, 68), driver.now) == []
        assert (driver.client.state, driver.client.lease, driver.client.next_deadline()) == before

    @settings(max_examples=300)
    @given(st.data())
    def test_a_hostile_server_cannot_stop_the_client(self, data: st.DataObject) -> None:
        """Replies with the right numbers and anything else wrong: the client neither raises nor spins."""
        driver = Driver(seed=data.draw(st.integers(0, 9)), probe=data.draw(st.booleans()))
        driver.start()
        for _ in range(data.draw(st.integers(1, 12))):
            kind = data.draw(st.sampled_from([MessageType.OFFER, MessageType.ACK, MessageType.NAK]))
            options = data.draw(
                st.dictionaries(
                    st.sampled_from([1, 3, 6, 15, 51, 54, 58, 59]),
                    st.none() | st.binary(min_size=4, max_size=4) | st.integers(0, 3).map(write_u32),
                    max_size=4,
                )
            )
            yiaddr = data.draw(st.sampled_from([ADDRESS, OTHER_ADDRESS, 0]))
            driver.reply(kind, yiaddr=yiaddr, options=options)
            if data.draw(st.booleans()):
                driver.take(driver.client.address_in_use(ADDRESS, OTHER_MAC, driver.now))
            count = len(driver.sent)
            step = data.draw(st.floats(0, 200))
            driver.run_until(driver.now + step)
            assert len(driver.sent) - count <= 4 * step + 4
            assert (driver.client.state in ("BOUND", "RENEWING", "REBINDING")) == (driver.client.lease is not None)


def test_same_seed_same_bytes() -> None:
    def play(seed: int) -> list[tuple[float, Datagram]]:
        driver = Driver(seed=seed)
        driver.start()
        driver.run_until(START + 200)
        driver.offer()
        driver.run_until(START + 205)
        driver.ack()
        driver.run_until(START + 400)
        return driver.sent

    assert play(7) == play(7)
    assert play(7) != play(8)


@pytest.mark.parametrize(("address", "length"), [(0x0A000001, 8), (0x80000001, 16), (0xC0000001, 24)])
def test_classes(address: int, length: int) -> None:
    driver = Driver()
    driver.start()
    driver.offer(yiaddr=address, options={1: None})
    driver.ack(options={1: None})
    assert driver.client.lease.prefix_length == length


@pytest.mark.parametrize(
    "wrong", [{}, {"address": 1}, MEMORY.to_document() | {"dns": 5}, MEMORY.to_document() | {"t1": "soon"}, {"t9": 1}]
)
def test_unreadable_saved_lease(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="saved lease of a client cannot be read"):
        ClientLease.from_document(wrong)
