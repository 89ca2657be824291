"""The lab as people handle it, on the memory wire: the same hosts and servers as on the kernel's."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest

from dhcpkit.client.events import LeaseBound
from dhcpkit.failover.events import StateEntered
from dhcpkit.failover.hash import bucket_of
from dhcpkit.failover.settings import Mode
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import AdministratorActed, ClockChanged, LinkChanged, ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.failover.codes import ServerState
from tests.lab.demonstration import AS_IN_THE_GUIDE, play


def paired(seed: int = 1, **given: object) -> Lab:
    lab = Lab(wire="memory", speed=0, seed=seed)
    lab.dhcp2.add_guide_scope()
    lab.dhcp2.configure_failover(secret="secret", mclt=60, **given)
    return lab


def test_the_guides_demonstration() -> None:
    with Lab(wire="memory", speed=0) as lab:
        assert play(lab) == AS_IN_THE_GUIDE
        assert {server.failover().state for server in lab.servers} == {ServerState.NORMAL}


def test_the_states_on_the_way_to_normal() -> None:
    with paired() as lab:
        for server in ("DHCP1", "DHCP2"):
            states = [event.what.state.label for event in lab.events.of(StateEntered, host=server)]
            assert states == ["STARTUP", "RECOVER", "RECOVER-DONE", "NORMAL"]


def test_the_same_seed_gives_the_same_log_and_the_same_frames(tmp_path: Path) -> None:
    def run(seed: int, name: str) -> tuple[list[str], bytes]:
        with Lab(wire="memory", speed=0, seed=seed) as lab:
            play(lab)
            lab.save_capture(tmp_path / name)
            return [repr(event) for event in lab.events], (tmp_path / name).read_bytes()

    first, again, other = run(1, "a"), run(1, "b"), run(2, "c")
    assert first == again
    assert first != other


def test_hot_standby_from_the_start_with_the_partner_active() -> None:
    with paired(mode="HotStandby", role="Standby", reserve=5) as lab:
        mine, theirs = lab.dhcp2.failover(), lab.dhcp1.failover()
        assert (mine.mode, mine.server_role, theirs.server_role) == (Mode.HOT_STANDBY, "Standby", "Active")
        assert (mine.free, mine.partner_free) == (12, 231)
        lab.until(lambda: lab.client1.served_by == "DHCP1").result()


def test_clients_are_shared_by_the_hash_of_their_identifier() -> None:
    with paired() as lab:
        for _ in range(15):
            lab.add_client()
        lab.until(lambda: all(client.state == "BOUND" for client in lab.clients), what="a lease for all").result()
        for client in lab.clients:
            mac = client.spec.interfaces[0].mac
            owner = "DHCP2" if bucket_of(b"\x01" + mac, b"\x01" + mac) < 128 else "DHCP1"
            assert client.served_by == owner
        assert {client.served_by for client in lab.clients} == {"DHCP1", "DHCP2"}
        assert len({client.address for client in lab.clients}) == 16


def test_every_server_knows_every_lease_and_both_survive_a_restart() -> None:
    with paired() as lab:
        lab.until(lambda: lab.client1.state == "BOUND").result()
        lab.run(5).result()
        before = [(lease.address, lease.client_id, lease.expires) for lease in lab.dhcp1.leases()]
        assert before
        assert before == [(lease.address, lease.client_id, lease.expires) for lease in lab.dhcp2.leases()]
        lab.dhcp1.kill()
        lab.dhcp2.kill()
        lab.dhcp1.start()
        lab.dhcp2.start()
        lab.until(lambda: all(server.failover().state is ServerState.NORMAL for server in lab.servers)).result()
        known = {lease.address: lease.expires for lease in lab.dhcp1.leases()}
        assert all(known[address] >= expires for address, _, expires in before)


def test_replicating_makes_the_partners_scope_as_this_servers() -> None:
    with paired() as lab:
        assert lab.dhcp2.replicate() == ["10.0.0.0"]
        mine, theirs = lab.dhcp2.scopes()[0], lab.dhcp1.scopes()[0]
        assert (theirs.name, theirs.exclusions, theirs.lease_duration, theirs.options, theirs.active) == (
            mine.name,
            mine.exclusions,
            mine.lease_duration,
            mine.options,
            True,
        )


def test_deconfigured_the_scope_stays_here_and_vanishes_there() -> None:
    with paired() as lab:
        lab.dhcp2.remove_failover()
        assert [server.failover() for server in lab.servers] == [None, None]
        assert lab.dhcp1.scopes() == []
        assert [scope.scope_id for scope in lab.dhcp2.scopes()] == ["10.0.0.0"]
        lab.until(lambda: lab.client1.served_by == "DHCP2").result()
        lab.dhcp2.configure_failover(secret="secret", mclt=60)
        assert lab.dhcp1.failover().state is ServerState.NORMAL


def test_a_partner_that_is_gone_is_left_by_force_only() -> None:
    with paired() as lab:
        lab.dhcp1.kill()
        with pytest.raises(LabError, match="with force"):
            lab.dhcp2.remove_failover()
        lab.dhcp2.remove_failover(force=True)
        assert lab.dhcp2.failover() is None


def test_declared_down_the_partners_addresses_are_free_after_the_mclt() -> None:
    with paired() as lab:
        lab.cut("dhcp1")
        lab.until(lambda: lab.dhcp2.failover().state is ServerState.COMMUNICATIONS_INTERRUPTED).result()
        lab.dhcp2.partner_down()
        assert lab.dhcp2.failover().state is ServerState.PARTNER_DOWN
        lab.until(lambda: lab.client1.served_by == "DHCP2").result()


def test_a_cut_cable_is_noticed_when_the_receive_timer_runs_out() -> None:
    with paired() as lab:
        lab.cut("dhcp2", "dhcp1")
        cut_at = lab.clock.now()
        assert lab.is_cut("DHCP2", "DHCP1")
        lab.until(lambda: not lab.dhcp1.failover().in_contact, within=400).result()
        assert 100 < lab.clock.now() - cut_at <= 185
        lab.mend("dhcp2", "dhcp1")
        assert not lab.is_cut("dhcp2", "dhcp1")
        lab.until(lambda: all(server.failover().state is ServerState.NORMAL for server in lab.servers)).result()
        assert lab.events.of(LinkChanged)


def test_what_is_done_is_in_the_log_as_the_administrators() -> None:
    with paired() as lab:
        lab.dhcp1.stop()
        acts = [event.what.what for event in lab.events.of(AdministratorActed)]
        assert any("Configure failover for 10.0.0.0 on DHCP2" in act for act in acts)
        assert acts[-1] == "Stop the DHCP Server service on DHCP1"
        assert [event.what.how for event in lab.events.of(ServiceStopped, host="DHCP1")] == ["stopped"]
        assert not lab.dhcp1.running
        assert lab.dhcp2.running


def test_a_released_client_gets_its_address_back() -> None:
    with paired() as lab:
        lab.until(lambda: lab.client1.state == "BOUND").result()
        address = lab.client1.address
        lab.client1.release()
        assert lab.client1.lease is None
        assert lab.client1.served_by == lab.client1.address == ""
        lab.client1.renew()
        lab.until(lambda: lab.client1.state == "BOUND").result()
        assert lab.client1.address == address


def test_hosts_go_by_their_names_in_whatever_case() -> None:
    with Lab(wire="memory", speed=0) as lab:
        assert lab["DHCP1"] is lab.dhcp1
        with pytest.raises(LabError, match="no host 'dhcp3'; its hosts: DHCP1, DHCP2, Client1"):
            lab["dhcp3"]
        with pytest.raises(LabError, match="already has a host"):
            lab.add_client("DHCP1")


def test_the_clock_is_told_and_refuses_what_no_clock_does() -> None:
    with Lab(wire="memory", speed=0) as lab:
        lab.set_speed(60)
        lab.pause()
        assert [event.what.speed for event in lab.events.of(ClockChanged)] == [60, 0]
        with pytest.raises(LabError, match="speed"):
            lab.set_speed(-1)


def test_a_wait_in_vain_ends_with_a_sentence() -> None:
    with Lab(wire="memory", speed=0) as lab, pytest.raises(LabError, match="in vain for: the sun"):
        lab.until(lambda: False, within=30, what="the sun").result()


def test_whoever_watches_is_told_of_a_wait_from_its_beginning_to_its_end() -> None:
    with Lab(wire="memory", speed=0) as lab:
        seen: list[tuple[str, bool]] = []
        unwatch = lab.watch_waiting(lambda waiting: seen.append((waiting.what, waiting.finished)))
        lab.run(20).result()
        unwatch()
        lab.run(20).result()
        assert seen[0] == ("20 s of lab time", False)
        assert seen[-1] == ("20 s of lab time", True)
        assert [finished for _, finished in seen].count(True) == 1


def test_the_environment_decides_for_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DHCPKIT_WIRE", "memory")
    with Lab(speed=0) as lab:
        assert (lab.wire, lab.wire_note) == ("memory", "")
    monkeypatch.setenv("DHCPKIT_WIRE", "copper")
    with pytest.raises(LabError, match="no wire 'copper'; choose kernel, memory or auto"):
        Lab()


def test_without_namespaces_auto_says_why_and_kernel_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = SimpleNamespace(ok=False, sentence="unshare is forbidden here; ask for it.")
    monkeypatch.delenv("DHCPKIT_WIRE", raising=False)
    monkeypatch.setattr("dhcpkit.lab.kernel.probe.probe", lambda: refusal)
    with Lab(speed=0) as lab:
        assert lab.wire == "memory"
        assert "unshare is forbidden here; ask for it." in lab.wire_note
    with pytest.raises(LabError, match="unshare is forbidden here"):
        Lab(wire="kernel")


def test_a_lab_that_is_dropped_is_closed() -> None:
    lab = Lab(wire="memory", speed=60)
    network, reference = lab.network, weakref.ref(lab)
    del lab
    gc.collect()
    assert reference() is None
    with pytest.raises(LabError):
        network.command("DHCP1", "scopes", {})


def test_closing_twice_is_fine() -> None:
    lab = Lab(wire="memory", speed=0)
    lab.close()
    lab.close()


def test_a_first_lease_is_the_mclt_and_the_renewal_the_scopes() -> None:
    with paired() as lab:
        lab.add_client()
        lab.run(400).result()
        times = [(event.what.lease_time, event.what.how) for event in lab.events.of(LeaseBound, host="Client2")]
        assert times[0] == (60, "new")
        assert set(times[1:]) == {(120, "renewed")}
