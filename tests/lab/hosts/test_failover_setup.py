"""Setting up, editing and ending a relationship when something goes wrong on the way, and several at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dhcpkit.failover.events import (
    ConnectionRefused,
    ContactLost,
    FailoverMessageReceived,
    FailoverMessageSent,
    StateEntered,
)
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.failover.codes import RejectReason, ServerState
from tests.lab.hosts.pairs import SECOND, ask, at_step, configure, holdings, kept, normal

STEPS = [
    "Add scopes on partner server",
    "Disable scopes on partner server",
    "Creation of failover configuration on partner server",
    "Creation of failover configuration on host server",
    "Activate scopes on partner server",
]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(wire="memory", speed=0) as lab:
        lab.dhcp2.add_guide_scope()
        yield lab
        assert not [event for event in lab.events.of(ServiceStopped) if event.what.how == "crashed"]


def test_the_steps_are_the_guides_and_each_is_told_as_it_begins_and_ends(lab: Lab) -> None:
    told: list[tuple[str, str]] = []
    assert configure(lab, on_progress=lambda *step: told.append(step)) == STEPS
    every = [*STEPS, "Contact with the partner server"]
    assert told == [(step, outcome) for step in every for outcome in ("", "Successful")]
    assert normal(lab)


@pytest.mark.parametrize("step", STEPS)
def test_whatever_step_fails_all_is_as_it_was(lab: Lab, step: str) -> None:
    """The partner's service dies when a step begins; it comes back with what it had kept by then."""
    before = holdings(lab)
    told: list[tuple[str, str]] = []
    killing = at_step(step, lambda: lab.dhcp1.kill())

    def progress(text: str, outcome: str) -> None:
        told.append((text, outcome))
        killing(text, outcome)

    with pytest.raises(LabError, match=r"could not be told to undo what was done.* delete 10\.0\.0\.0"):
        configure(lab, on_progress=progress)
    assert told[-1][1] == "Failed"
    assert lab.dhcp2.failover() is None
    lab.dhcp1.start()
    for scope in lab.dhcp1.scopes():
        if scope.relationship:
            lab.dhcp1.remove_failover(force=True)
        lab.dhcp1.remove_scope(scope.scope_id)
    assert holdings(lab) == before
    configure(lab)
    lab.until(lambda: normal(lab), within=5).result()


@pytest.mark.parametrize("step", STEPS[1:])
def test_a_step_whose_answer_is_lost_is_undone_as_soon_as_the_partner_hears_of_it(lab: Lab, step: str) -> None:
    """The way back from the partner is cut: it does what it is asked, and nobody learns of it."""
    before = holdings(lab)
    failing = STEPS[4] if step == STEPS[3] else step  # the step on the host server itself needs no answer
    with pytest.raises(LabError, match=f"{failing}: .* could not be told to undo"):
        configure(lab, on_progress=at_step(step, lambda: lab.network.set_link("DHCP1", "DHCP2", True, False)))
    assert lab.dhcp2.failover() is None
    lab.mend("dhcp1", "dhcp2")
    lab.run(30).result()
    assert holdings(lab) == before


def test_a_partner_that_is_back_in_time_is_told_to_undo(lab: Lab) -> None:
    cut = at_step(STEPS[1], lambda: lab.network.set_link("DHCP1", "DHCP2", True, False))

    def progress(step: str, outcome: str) -> None:
        cut(step, outcome)
        if outcome == "Failed":
            lab.network.set_link("DHCP1", "DHCP2", True, True)

    before = holdings(lab)
    with pytest.raises(LabError, match=f"{STEPS[1]}: .* no answer within 10 s; what was done before it was undone"):
        configure(lab, on_progress=progress)
    assert holdings(lab) == before
    configure(lab)
    lab.until(lambda: normal(lab), within=5).result()


def test_a_partner_that_refuses_one_of_two_scopes_takes_neither(lab: Lab) -> None:
    lab.dhcp2.add_scope(**SECOND)
    lab.dhcp1.add_scope("In the way", "10.0.1.129", "10.0.1.254", 25)
    before = holdings(lab)
    with pytest.raises(LabError, match=r"Add scopes on partner server: network 10\.0\.1\.0/24 .* overlaps"):
        configure(lab, scope=["10.0.0.0", "10.0.1.0"])
    assert holdings(lab) == before


def test_a_scope_named_twice_is_one_scope(lab: Lab) -> None:
    configure(lab, scope=["10.0.0.0", "10.0.0.0"])
    assert lab.dhcp1.failover().scope_ids == lab.dhcp2.failover().scope_ids == ("10.0.0.0",)


def test_two_servers_that_do_not_get_in_contact_are_configured_and_the_list_says_so(lab: Lab) -> None:
    told: list[tuple[str, str]] = []
    cut = at_step("Contact", lambda: lab.network.set_link("DHCP1", "DHCP2", False, False))

    def progress(step: str, outcome: str) -> None:
        told.append((step, outcome))
        cut(step, outcome)

    configure(lab, on_progress=progress)
    expected = "Successful" if lab.dhcp2.failover().in_contact else "Failed"
    assert told[-1] == ("Contact with the partner server", expected)
    assert expected == "Failed"
    lab.mend("dhcp1", "dhcp2")
    lab.until(lambda: normal(lab)).result()


def test_no_lease_passes_under_a_wrong_secret(lab: Lab) -> None:
    configure(lab)
    lab.until(lambda: lab.client1.state == "BOUND").result()
    lab.run(5).result()
    lab.dhcp1.set_failover(secret="another", only_here=True)
    begun = len(lab.events)
    lab.run(400).result()
    for server in ("DHCP1", "DHCP2"):
        assert lab.events.of(ContactLost, host=server)
        received = lab.events.of(FailoverMessageReceived, host=server, since=begun)
        assert {event.what.message for event in received} <= {"CONNECT", "CONNECTACK"}
        status = lab[server].failover()
        assert not status.in_contact
        assert status.state is ServerState.COMMUNICATIONS_INTERRUPTED
        assert "digest" in status.problem or "secret" in status.problem
    assert {event.what.reason for event in lab.events.of(ConnectionRefused)} == {RejectReason.DIGEST_MISMATCH}
    assert lab.client1.state == "BOUND"


@pytest.mark.parametrize("secret", [None, "another"])
def test_a_secret_changed_on_both_is_used_by_both(lab: Lab, secret: str | None) -> None:
    configure(lab)
    lab.dhcp1.set_failover(secret=secret)
    assert [server.failover().enable_auth for server in lab.servers] == [secret is not None] * 2
    lab.until(lambda: normal(lab), within=120).result()
    assert not lab.events.of(ConnectionRefused)


def test_an_edit_keeps_what_it_does_not_name_and_is_the_same_on_both(lab: Lab) -> None:
    configure(lab, percent=70, reserve=10, switch_interval=300)
    lab.dhcp1.set_failover(mclt=120)
    mine, theirs = lab.dhcp2.failover(), lab.dhcp1.failover()
    assert (mine.load_balance_percent, theirs.load_balance_percent) == (70, 30)
    assert [(seen.max_client_lead_time, seen.state_switch_interval) for seen in (mine, theirs)] == [(120, 300)] * 2
    lab.dhcp1.set_failover(switch_interval=None, percent=100)
    assert (lab.dhcp2.failover().load_balance_percent, lab.dhcp2.failover().state_switch_interval) == (0, None)
    lab.dhcp2.set_failover(mode="HotStandby")
    assert [seen.reserve_percent for seen in (lab.dhcp1.failover(), lab.dhcp2.failover())] == [10, 10]


def test_an_edit_that_the_partner_does_not_hear_of_changes_neither(lab: Lab) -> None:
    configure(lab)
    lab.cut("dhcp1", "dhcp2")
    before = holdings(lab)
    with pytest.raises(LabError, match="not reachable"):
        lab.dhcp2.set_failover(percent=0, mclt=120)
    assert holdings(lab) == before


def test_settings_of_a_scope_reach_the_partner_only_by_replication(lab: Lab) -> None:
    """A scope's options are not kept equal by themselves: leases are."""
    configure(lab)
    here = lab.dhcp2.scopes()[0]
    document = kept(lab, "dhcp1")["scope", "10.0.0.0"]
    changed = {**document, "lease_duration": 240, "name": "Changed there"}
    ask(lab, "dhcp1", "replace_scopes", {"scopes": [changed]})
    lab.run(120).result()
    assert [lab.dhcp1.scopes()[0].lease_duration, lab.dhcp2.scopes()[0].lease_duration] == [240, 120]
    assert lab.dhcp2.replicate() == ["10.0.0.0"]
    there = lab.dhcp1.scopes()[0]
    assert (there.name, there.lease_duration, there.options) == (here.name, here.lease_duration, here.options)
    lab.dhcp1.stop()
    with pytest.raises(LabError, match=r"not running on the partner server dhcp1\.contoso\.com"):
        lab.dhcp2.replicate()


def test_partner_down_is_taken_in_communications_interrupted_only(lab: Lab) -> None:
    configure(lab, percent=100)
    lab.until(lambda: lab.client1.served_by == "DHCP2").result()
    for server in lab.servers:
        with pytest.raises(LabError, match="is in NORMAL; PARTNER-DOWN follows only from COMMUNICATIONS-INTERRUPTED"):
            server.partner_down()
    lab.dhcp2.stop()
    lab.until(lambda: lab.dhcp1.failover().state is ServerState.COMMUNICATIONS_INTERRUPTED).result()
    lab.dhcp1.partner_down()
    assert lab.dhcp1.failover().state is ServerState.PARTNER_DOWN
    lab.until(lambda: lab.client1.served_by == "DHCP1").result()
    newcomer = lab.add_client()
    lab.until(lambda: newcomer.served_by == "DHCP1").result()
    lab.dhcp2.start()
    lab.until(lambda: normal(lab), within=3600).result()
    states = [event.what.state.label for event in lab.events.of(StateEntered, host="DHCP2")]
    assert states[4:] == ["STARTUP", "RECOVER", "RECOVER-WAIT", "RECOVER-DONE", "NORMAL"]
    assert {lease.address for lease in lab.dhcp1.leases()} == {lease.address for lease in lab.dhcp2.leases()}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_both_servers_go_on_from_what_they_kept(lab: Lab, how: str) -> None:
    configure(lab)
    for _ in range(3):
        lab.add_client()
    lab.until(lambda: all(client.state == "BOUND" for client in lab.clients)).result()
    lab.run(5).result()
    settings = holdings(lab)
    leases = {lease.address: lease.client_id for lease in lab.dhcp1.leases()}
    for server in lab.servers:
        getattr(server, how)()
    for server in lab.servers:
        server.start()
    assert {lease.address: lease.client_id for lease in lab.dhcp2.leases()} == leases
    lab.until(lambda: normal(lab), within=60).result()
    assert holdings(lab) == settings
    lab.run(200).result()
    assert {client.address for client in lab.clients} == set(leases)


def test_forced_apart_the_other_server_can_be_cleaned_up_later(lab: Lab) -> None:
    configure(lab)
    lab.dhcp1.kill()
    lab.dhcp2.remove_failover(force=True)
    assert [scope.relationship for scope in lab.dhcp2.scopes()] == [""]
    lab.dhcp1.start()
    lab.run(120).result()
    assert lab.dhcp1.failover().state is not ServerState.NORMAL
    with pytest.raises(LabError, match=r"no failover relationship .*; with force"):
        lab.dhcp1.remove_failover()
    lab.dhcp1.remove_failover(force=True)
    lab.dhcp1.remove_scope("10.0.0.0")
    configure(lab)
    lab.until(lambda: normal(lab), within=5).result()


class TestTwoRelationshipsOfTheSameServers:
    @pytest.fixture
    def lab(self, lab: Lab) -> Lab:
        """DHCP2 is the primary of one and DHCP1 of the other."""
        lab.dhcp1.add_scope(**SECOND)
        configure(lab, "dhcp2", name="one")
        configure(lab, "dhcp1", name="two", scope="10.0.1.0", secret="another", mode="HotStandby")
        return lab

    def test_their_sessions_are_told_apart(self, lab: Lab) -> None:
        assert normal(lab)
        one, two = lab.dhcp1.failover("one"), lab.dhcp1.failover("two")
        assert (one.scope_ids, one.created_here) == (("10.0.0.0",), False)
        assert (two.scope_ids, two.created_here, two.server_role) == (("10.0.1.0",), True, "Active")
        with pytest.raises(LabError, match="several failover relationships: one, two; name one"):
            lab.dhcp1.failover()
        with pytest.raises(LabError, match="say which failover relationship; DHCP1 has: one, two"):
            lab.dhcp1.set_failover(percent=0)

    @pytest.mark.parametrize("restarted", [("dhcp1",), ("dhcp2",), ("dhcp1", "dhcp2")])
    def test_both_come_back_after_a_restart(self, lab: Lab, restarted: tuple[str, ...]) -> None:
        for host in restarted:
            lab[host].kill()
        for host in restarted:
            lab[host].start()
        lab.until(lambda: normal(lab), within=30).result()

    def test_both_come_back_after_a_cut(self, lab: Lab) -> None:
        lab.cut("dhcp1")
        lab.until(lambda: not any(lab.dhcp2.failover(name).in_contact for name in ("one", "two"))).result()
        lab.mend("dhcp1")
        lab.until(lambda: normal(lab), within=240).result()

    def test_a_wrong_secret_parts_only_the_one_it_is_for(self, lab: Lab) -> None:
        lab.dhcp2.set_failover("one", secret="wrong", only_here=True)
        lab.run(200).result()
        for server in lab.servers:
            assert not server.failover("one").in_contact
            assert server.failover("two").state is ServerState.NORMAL
        lab.dhcp2.set_failover("one", secret="secret", only_here=True)
        lab.until(lambda: normal(lab), within=240).result()

    def test_ending_one_leaves_the_other(self, lab: Lab) -> None:
        sent = len(lab.events.of(FailoverMessageSent))
        lab.dhcp2.remove_failover("one")
        assert [scope.scope_id for scope in lab.dhcp1.scopes()] == ["10.0.1.0"]
        assert normal(lab)
        lab.run(200).result()
        later = lab.events.of(FailoverMessageSent)[sent:]
        assert {event.what.relationship for event in later[-4:]} == {"two"}
