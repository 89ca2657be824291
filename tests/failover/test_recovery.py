"""PARTNER-DOWN and the ways back: recovery, the wait of the MCLT, lost stores, conflicts."""

import pytest

from dhcpkit.failover.events import FailoverMessageSent, UpdateRejected
from dhcpkit.failover.settings import Mode, Role
from dhcpkit.protocol.failover.codes import BindingStatus as B
from dhcpkit.protocol.failover.codes import ServerState as S
from tests.failover.pair import Client, Pair
from tests.failover.test_serving import client_of, lease_of


def sent(server):
    return [event.message for event in server.events(FailoverMessageSent)]


def partner_down(pair, gone, how="stop"):
    """Stop one server and put the other in PARTNER-DOWN; return the other."""
    getattr(gone, how)()
    pair.run(5)
    left = pair.other(gone)
    left.do(left.endpoint.partner_down(pair.now))
    return left


@pytest.mark.parametrize("name", ["primary", "secondary"])
def test_the_way_back_after_a_stop_shorter_than_the_mclt(name):
    pair = Pair().normal()
    gone = getattr(pair, name)
    mine = client_of(pair, Role.PRIMARY if name == "primary" else Role.SECONDARY)
    mine.get()
    pair.run(1)
    left = partner_down(pair, gone)
    stopped = pair.now - 5
    client = Client(pair, 77)
    assert client.get() is not None
    pair.run(5)
    gone.boot()
    pair.run(1)
    assert gone.state is S.RECOVER_WAIT
    assert left.state is S.PARTNER_DOWN
    assert "UPDREQ" in sent(gone)
    assert "UPDDONE" in sent(left)
    assert lease_of(gone, client).status is B.ACTIVE
    newcomer = Client(pair, 78)
    assert newcomer.get() is not None  # the server left goes on serving and telling
    pair.run(1)
    assert lease_of(gone, newcomer).status is B.ACTIVE
    pair.run(stopped + 59 - pair.now)
    assert gone.state is S.RECOVER_WAIT
    pair.run(2)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert gone.states()[4:] == [S.STARTUP, S.RECOVER, S.RECOVER_WAIT, S.RECOVER_DONE, S.NORMAL]
    pair.run(12)
    pair.assert_equal_tables()


def test_after_a_stop_longer_than_the_mclt_nothing_is_waited_for():
    pair = Pair().normal()
    partner_down(pair, pair.primary)
    pair.run(100)
    pair.primary.boot()
    pair.run(1)
    assert pair.primary.state is S.NORMAL
    pair.run(12)
    pair.assert_equal_tables()


def test_a_killed_server_cannot_know_when_and_waits_from_its_start():
    pair = Pair().normal()
    partner_down(pair, pair.primary, "kill")
    pair.run(100)
    pair.primary.boot()
    pair.run(59)
    assert pair.primary.state is S.RECOVER_WAIT
    pair.run(2)
    assert pair.primary.state is S.NORMAL


def test_the_wait_survives_a_restart_and_a_lost_contact():
    pair = Pair().normal()
    left = partner_down(pair, pair.primary, "kill")
    pair.primary.boot()
    pair.run(10)
    assert pair.primary.state is S.RECOVER_WAIT
    left.kill()
    pair.run(49)
    assert pair.primary.state is S.RECOVER_WAIT
    pair.run(2)
    assert pair.primary.state is S.RECOVER_DONE
    left.boot()
    pair.run(1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2


@pytest.mark.parametrize("name", ["primary", "secondary"])
def test_a_server_that_lost_its_store_learns_everything(name):
    pair = Pair().normal()
    clients = [Client(pair, number) for number in range(1, 31)]
    for client in clients:
        client.get()
    pair.run(1)
    gone = getattr(pair, name)
    left = partner_down(pair, gone, "kill")
    for client in clients:
        client.rebind()
    gone.lose_store()
    gone.boot()
    pair.run(1)
    assert "UPDREQALL" in sent(gone)
    for client in clients:
        assert lease_of(gone, client).client == client.key
    pair.run(15)
    for client in clients:
        client.rebind()
    pair.run(50)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert not left.events(UpdateRejected)
    pair.run(12)
    pair.assert_equal_tables()


def test_both_in_partner_down_resolve_the_conflict_primary_first():
    pair = Pair().normal()
    shared = client_of(pair, Role.PRIMARY)
    shared.get()
    pair.run(1)
    pair.cut = True
    pair.run(200)
    for server in pair.servers:
        server.do(server.endpoint.partner_down(pair.now))
    for index, server in enumerate(pair.servers):
        pair.other(server).up = False
        for number in range(1, 6):
            assert Client(pair, 50 + 10 * index + number).get() is not None
        pair.other(server).up = True
    pair.cut = False
    pair.run(75)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert pair.primary.states()[-3:] == [S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, S.NORMAL]
    assert pair.secondary.states()[-2:] == [S.POTENTIAL_CONFLICT, S.NORMAL]
    assert sent(pair.primary).count("UPDREQ") == sent(pair.secondary).count("UPDREQ") == 1
    pair.run(12)
    pair.assert_equal_tables()


def test_contact_lost_while_resolving_a_conflict():
    pair = Pair().normal()
    partner_down(pair, pair.secondary)
    pair.primary.kill()
    pair.secondary.boot()
    pair.run(301)  # alone: back to COMMUNICATIONS-INTERRUPTED
    pair.secondary.do(pair.secondary.endpoint.partner_down(pair.now))
    pair.primary.boot()
    while pair.primary.state is not S.POTENTIAL_CONFLICT:
        pair.run(0.001)
    pair.secondary.kill()
    pair.run(0.1)
    assert pair.primary.state is S.RESOLUTION_INTERRUPTED
    pair.secondary.boot()
    pair.run(1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2


def test_a_server_cut_off_but_running_meets_a_partner_that_took_over():
    pair = Pair().normal()
    pair.cut = True
    pair.run(200)
    pair.primary.do(pair.primary.endpoint.partner_down(pair.now))
    pair.cut = False
    pair.run(75)
    assert S.POTENTIAL_CONFLICT in pair.secondary.states()
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2


def test_a_server_restarted_after_serving_beside_the_partner_is_in_conflict_too():
    """It served while the partner was in PARTNER-DOWN already, then it was stopped: learning is not enough."""
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    pair.cut = True
    pair.run(200)
    pair.secondary.do(pair.secondary.endpoint.partner_down(pair.now))
    pair.run(5)
    pair.secondary.up = False
    Client(pair, 9).get()  # only the primary hears it
    pair.secondary.up = True
    pair.primary.kill()
    pair.cut = False
    pair.run(1)
    pair.primary.boot()
    pair.run(1)
    assert pair.primary.states()[-4:] == [S.STARTUP, S.POTENTIAL_CONFLICT, S.CONFLICT_DONE, S.NORMAL]
    pair.run(12)
    pair.assert_equal_tables()


def test_an_ended_lease_of_the_partner_is_reused_only_when_it_is_safe():
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    client = Client(pair, 1)
    client.get()
    pair.run(30)
    client.renew()
    pair.run(1)
    known = lease_of(pair.secondary, client).received_potential
    left = partner_down(pair, pair.primary, "kill")
    lease = lease_of(left, client)
    while lease.status is B.ACTIVE:
        pair.run(1)
    assert lease.status is B.EXPIRED
    endpoint = left.endpoint
    assert not endpoint.reusable(lease, known + 59)
    assert endpoint.reusable(lease, known + 60)
    assert endpoint.since + 60 <= known + 60
