"""What clients get from a pair: who answers, from which addresses, for how long; and that both servers know it."""

from dataclasses import replace

import pytest

from dhcpkit.engine.events import RequestAnswered, RequestIgnored
from dhcpkit.failover.events import FailoverMessageSent, PoolBalanced, UpdateRejected
from dhcpkit.failover.hash import bucket_of
from dhcpkit.failover.settings import FailoverError, Mode, Role
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import BindingStatus as B
from dhcpkit.protocol.failover.codes import ServerState as S
from tests.failover.pair import SCOPE, Client, Pair


def change(pair, **changes):
    for server in (pair.secondary, pair.primary):
        server.do(server.endpoint.change_settings(replace(server.endpoint.settings, **changes), pair.now))


def client_of(pair, role, start=1):
    """A client whose bucket is this role's at 50 %."""
    for number in range(start, 256):
        client = Client(pair, number)
        if (bucket_of(client.client_id, client.hardware) < 128) == (role is Role.PRIMARY):
            return client
    raise AssertionError


def lease_of(server, client):
    return server.table.get(client.address)


def test_first_lease_and_renewals_follow_the_worked_example():
    """Lease 120 s, MCLT 60 s: 60, then 120 each, while the partner acknowledges (measured on two ISC servers)."""
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY)
    zero = pair.now
    for at, granted, potential in ((0, 60, 150), (30, 120, 210), (90, 120, 270)):
        pair.run(zero + at - pair.now)
        assert (client.get() if at == 0 else client.renew()) == granted
        pair.run(1)
        assert lease_of(pair.primary, client).acked_potential == zero + potential
        assert lease_of(pair.secondary, client).received_potential == zero + potential
        assert lease_of(pair.secondary, client).expires == zero + at + granted
        pair.assert_equal_tables()
    pair.run(zero + 100 - pair.now)
    pair.secondary.kill()
    pair.run(1)
    assert pair.primary.state is S.COMMUNICATIONS_INTERRUPTED
    for at, granted in ((150, 120), (210, 120), (270, 60), (300, 60), (330, 60)):
        pair.run(zero + at - pair.now)
        assert client.renew() == granted, at
        assert lease_of(pair.primary, client).acked_potential == zero + 270
    answers = pair.primary.events(RequestAnswered)
    assert answers[0].limit == "the partner has not acknowledged this lease yet: the maximum client lead time, 60 s"
    assert answers[-1].limit == "the maximum client lead time (60 s) beyond what the partner has acknowledged"


def test_each_server_serves_its_buckets_from_its_part_of_the_range():
    pair = Pair().normal()
    for number in range(1, 61):
        client = Client(pair, number)
        assert client.get() == 60
        low = bucket_of(client.client_id, client.hardware) < 128
        assert client.served_by == ("primary" if low else "secondary")
        assert (client.address <= parse_ip("10.0.0.132")) == low
    pair.run(1)
    pair.assert_equal_tables()
    silent = pair.primary.events(RequestIgnored)[0]
    assert silent.state == "NORMAL"
    assert silent.rule == f"bucket {silent.bucket} of 256 is the partner's share (this server: load balance 50 %)"


@pytest.mark.parametrize("to_secondary", [True, False])
def test_all_the_load_to_one_server_moves_buckets_and_addresses_at_once(to_secondary):
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY if to_secondary else Role.SECONDARY)
    old, new = (pair.primary, pair.secondary) if to_secondary else (pair.secondary, pair.primary)
    client.get()
    pair.run(30)
    assert client.renew() == 120
    assert client.served_by == old.name
    pair.run(10)
    address = client.address
    change(pair, primary_percent=0 if to_secondary else 100)
    pair.run(1)
    status = B.BACKUP if to_secondary else B.FREE
    assert pair.primary.count(status) == pair.secondary.count(status) == 243
    pair.assert_equal_tables()
    pair.run(49)
    assert client.renew() is None  # T1: the old server leaves its former client alone
    pair.run(45)
    assert client.rebind() == 120  # T2: the new one has it, in full, for the partner knew the lease
    assert (client.served_by, client.address) == (new.name, address)
    pair.run(1).assert_equal_tables()


def test_hot_standby():
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    assert pair.secondary.count(B.BACKUP) == 12  # 5 % of 244
    assert pair.primary.count(B.FREE) == 232
    for number in range(1, 20):
        client = Client(pair, number)
        assert client.get() == 60
        assert client.served_by == "primary"
    ignored = pair.secondary.events(RequestIgnored)[0]
    assert ignored.rule == "hot standby: this server stands by, the partner is the active one"
    pair.run(1).assert_equal_tables()


def test_hot_standby_takes_over_with_the_mclt_and_gives_back():
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    client = Client(pair, 1)
    client.get()
    pair.run(30)
    assert client.renew() == 120
    pair.run(20)
    pair.primary.stop()
    pair.run(40)
    assert client.renew() is None
    pair.run(45)
    assert client.rebind() == 60  # a client of the partner: the MCLT
    address = client.address
    pair.run(30)
    assert client.renew() == 60
    limit = pair.secondary.events(RequestAnswered)[-1].limit
    assert limit == "without contact, a client of the partner is given the maximum client lead time, 60 s"
    pair.run(1)
    pair.primary.boot()
    pair.run(1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    pair.assert_equal_tables()
    pair.run(30)
    assert client.renew() is None
    assert client.rebind() == 120
    assert (client.served_by, client.address) == ("primary", address)
    pair.run(1).assert_equal_tables()


def test_a_standby_out_of_reserve_refuses_new_clients_and_keeps_renewing():
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    pair.primary.kill()
    pair.run(1)
    clients = [Client(pair, number) for number in range(1, 14)]
    assert [client.get() for client in clients] == [60] * 12 + [None]
    assert clients[0].renew() == 60


def test_switching_the_mode_moves_the_addresses():
    pair = Pair().normal()
    change(pair, mode=Mode.HOT_STANDBY)
    pair.run(1)
    assert (pair.primary.count(B.FREE), pair.secondary.count(B.BACKUP)) == (232, 12)
    pair.assert_equal_tables()
    change(pair, active=Role.SECONDARY)
    pair.run(1)
    assert (pair.primary.count(B.FREE), pair.secondary.count(B.BACKUP)) == (12, 232)
    pair.assert_equal_tables()
    balanced = [event.moved for event in pair.primary.events(PoolBalanced)]
    assert balanced == [122, -110, 220]


def test_a_release_frees_the_address_on_both():
    pair = Pair().normal()
    client = client_of(pair, Role.SECONDARY)
    client.get()
    client.release()  # within the same second
    pair.run(1)
    assert lease_of(pair.secondary, client).status is lease_of(pair.primary, client).status
    assert lease_of(pair.primary, client).status is B.BACKUP  # straight back to the server of its client
    assert not pair.primary.events(UpdateRejected)
    pair.assert_equal_tables()
    address = client.address
    assert client.get() == 60  # as for any new lease
    assert client.address == address


def test_an_expired_lease_is_ended_by_its_giver_and_freed_on_both():
    pair = Pair().normal()
    clients = [client_of(pair, Role.PRIMARY), client_of(pair, Role.SECONDARY)]
    for client in clients:
        client.get()
    pair.run(59)
    assert [lease_of(pair.primary, client).status for client in clients] == [B.ACTIVE] * 2
    pair.run(2)
    assert [lease_of(pair.primary, client).status for client in clients] == [B.FREE, B.BACKUP]
    pair.assert_equal_tables()
    for server in pair.servers:
        sent = [event.detail for event in server.events(FailoverMessageSent) if event.message == "BNDUPD"]
        assert sent.count("EXPIRED") == 1
        assert not server.events(UpdateRejected)


def test_an_address_is_never_given_twice_in_a_partition():
    """Both alive, the cable cut: each serves everybody from its own part, and nothing collides afterwards."""
    pair = Pair(primary_percent=50).normal()
    pair.cut = True
    pair.run(200)
    assert [server.state for server in pair.servers] == [S.COMMUNICATIONS_INTERRUPTED] * 2
    given = {}
    for index, server in enumerate(pair.servers):
        other = pair.other(server)
        other.up = False  # this half of the clients hears only one server
        for number in range(1, 100):
            client = Client(pair, index * 100 + number)
            assert client.get() == 60
            assert client.address not in given
            given[client.address] = client
        other.up = True
    pair.cut = False
    pair.run(20)
    assert [server.state for server in pair.servers] == [S.COMMUNICATIONS_INTERRUPTED] * 2
    for client in given.values():
        assert client.renew() is not None
    pair.run(40)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert len(given) == 198
    pair.assert_equal_tables()
    for address, client in given.items():
        assert [server.table.get(address).client for server in pair.servers] == [client.key] * 2
    assert not any(server.events(UpdateRejected) for server in pair.servers)


def test_updates_made_without_contact_are_sent_when_it_is_back():
    pair = Pair().normal()
    clients = [Client(pair, number) for number in range(1, 41)]
    for client in clients[:20]:
        client.get()
    pair.run(30)
    pair.secondary.kill()
    pair.run(1)
    for client in clients[:10]:
        client.rebind()
    clients[10].release()
    for client in clients[20:]:
        client.get()
    pair.run(5)
    assert any(lease.unacknowledged for lease in pair.primary.table)
    pair.secondary.boot()
    pair.run(1)
    pair.assert_equal_tables()
    assert [lease_of(pair.secondary, client).status for client in clients[20:30]] == [B.ACTIVE] * 10


def test_a_killed_server_sends_what_was_not_acknowledged():
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY)
    pair.cut = True
    assert client.get() == 60
    pair.primary.kill()
    pair.run(1)
    pair.cut = False
    pair.secondary.kill()
    pair.primary.boot()
    pair.secondary.boot()
    pair.run(2)
    assert lease_of(pair.secondary, client).status is B.ACTIVE
    pair.assert_equal_tables()


def test_both_servers_renewed_the_same_client_while_apart():
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY)
    client.get()
    pair.run(2)
    pair.cut = True
    pair.run(10)
    for server in (pair.primary, pair.secondary):
        server.do(server.endpoint.stream_closed(next(iter(server.streams)), "reset", pair.now))
        server.streams.clear()
    pair.secondary.up = False
    client.rebind()
    pair.secondary.up, pair.primary.up = True, False
    pair.run(5)
    client.rebind()  # the later contact
    pair.primary.up = True
    newest = lease_of(pair.secondary, client).contacted
    pair.cut = False
    pair.run(70)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert lease_of(pair.primary, client).contacted == newest
    pair.assert_equal_tables()


def test_no_more_updates_are_under_way_than_the_partner_takes():
    pair = Pair()
    pair.secondary.settings = replace(pair.secondary.settings, max_unacked=7)
    under_way, most = 0, 0

    def watch(kind, step):
        def note(actions, do):
            nonlocal under_way, most
            for action in actions:
                event = getattr(action, "event", None)
                if type(event).__name__ == kind[0] and event.message == kind[1]:
                    under_way += step
                    most = max(most, under_way)
            do(actions)

        return note

    do = pair.primary.do
    sent, answered = watch(("FailoverMessageSent", "BNDUPD"), 1), watch(("FailoverMessageReceived", "BNDACK"), -1)
    pair.primary.do = lambda actions: answered(actions, lambda a: sent(a, do))
    pair.normal()
    assert most == 7
    assert under_way == 0
    assert pair.secondary.count(B.BACKUP) == 122
    pair.assert_equal_tables()


def test_an_acknowledged_update_is_on_the_partners_disk():
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY)
    client.get()
    pair.run(1)
    assert pair.secondary.leases[client.address].status is B.ACTIVE
    pair.secondary.kill()
    pair.secondary.boot()
    assert lease_of(pair.secondary, client).expires == lease_of(pair.primary, client).expires


def test_leases_made_before_the_relationship_reach_the_partner():
    pair = Pair()
    table_owner = pair.primary
    pair.start()
    lease = table_owner.table.record(parse_ip("10.0.0.50"))
    now = int(pair.now)
    hardware = b"\x01\x00\x15\x5d\x00\x00\x99"
    table_owner.table.change(
        lease, status=B.ACTIVE, hardware=hardware, expires=now + 500, contacted=now, started=now, granted_by=1
    )
    pair.run(1)
    assert pair.secondary.table.get(lease.address).hardware == hardware
    assert lease.acked_potential == now + 120 + 250
    assert pair.primary.count(B.FREE) + pair.primary.count(B.BACKUP) == 243


def test_a_scope_that_the_partner_has_not_yet_is_offered_again():
    pair = Pair(timers=replace(Pair().primary.settings.timers, rebalance=20))
    pair.secondary.settings = replace(pair.secondary.settings, scopes=())
    pair.start().run(1)
    assert pair.primary.events(UpdateRejected)[0].by_partner
    server = pair.secondary
    server.do(server.endpoint.change_settings(replace(server.settings, scopes=(SCOPE,)), pair.now))
    pair.run(25)
    pair.assert_equal_tables()
    assert pair.secondary.count(B.BACKUP) == 122


def test_a_clock_that_drifts_too_far_stops_updates_but_not_the_state():
    pair = Pair().normal()
    client = client_of(pair, Role.PRIMARY)
    pair.secondary.skew = 90
    pair.run(300)  # a few messages tell
    client.get()
    pair.run(1)
    assert pair.primary.state is S.NORMAL
    refused = pair.primary.events(UpdateRejected)[-1]
    assert refused.by_partner
    assert refused.reason.name == "TIME_MISMATCH"
    assert "synchronize the clocks" in refused.detail


def test_partner_down_by_the_administrator():
    pair = Pair(mode=Mode.HOT_STANDBY).normal()
    with pytest.raises(FailoverError, match="NORMAL"):
        pair.secondary.endpoint.partner_down(pair.now)
    pair.primary.kill()
    pair.run(1)
    pair.secondary.do(pair.secondary.endpoint.partner_down(pair.now))
    assert pair.secondary.state is S.PARTNER_DOWN
    clients = [Client(pair, number) for number in range(1, 21)]
    assert [client.get() for client in clients] == [60] * 12 + [None] * 8
    pair.run(59)
    assert Client(pair, 30).get() is None
    pair.run(1)
    assert Client(pair, 31).get() == 60  # MCLT after entry: the partner's free addresses too
    assert clients[0].renew() == 120 or clients[0].rebind() == 120


def test_partner_down_by_the_switch_interval():
    pair = Pair(switch_interval=300).normal()
    pair.secondary.kill()
    pair.run(299)
    assert pair.primary.state is S.COMMUNICATIONS_INTERRUPTED
    pair.run(2)
    assert pair.primary.state is S.PARTNER_DOWN
    assert pair.primary.documents["failover-state", "guide"]["state"] == "PARTNER_DOWN"


def test_scopes_join_and_leave_a_relationship():
    pair = Pair(scopes=())
    pair.start()
    client = Client(pair, 1)
    lease = pair.primary.table.record(parse_ip("10.0.0.40"))
    now = int(pair.now)
    pair.primary.table.change(
        lease, status=B.ACTIVE, hardware=client.hardware, expires=now + 500, contacted=now, started=now
    )
    pair.run(1)
    assert pair.secondary.table.get(lease.address) is None
    change(pair, scopes=(SCOPE,))
    pair.run(1)
    assert pair.secondary.table.get(lease.address).expires == now + 500
    assert pair.secondary.count(B.BACKUP) == 121
    pair.assert_equal_tables()
    change(pair, scopes=())
    pair.run(1)
    assert not any(server.events(UpdateRejected) for server in pair.servers)
