"""How two servers find each other, stay in contact, and refuse each other."""

from dataclasses import replace

import pytest

from dhcpkit.failover.events import (
    ConnectionRefused,
    ContactEstablished,
    ContactLost,
    FailoverMessageReceived,
    FailoverMessageSent,
    PoolBalanced,
    UpdateRejected,
)
from dhcpkit.failover.settings import FailoverError, Mode, Role, Timers
from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, RejectReason
from dhcpkit.protocol.failover.codes import ServerState as S
from dhcpkit.protocol.failover.digest import verify
from dhcpkit.protocol.failover.message import FailoverMessage, Framer
from dhcpkit.protocol.failover.payloads import ConnectParameters, StateReport
from tests.failover.pair import BASE, PRIMARY, SCOPE, SECONDARY, Client, Pair


def messages(server, kind=FailoverMessageSent):
    return [event.message for event in server.events(kind)]


def refusals(server):
    return [(event.reason, event.by_partner) for event in server.events(ConnectionRefused)]


def test_a_new_relationship_reaches_normal_at_once_without_waiting_the_mclt():
    pair = Pair().start().run(0.5)
    for server in pair.servers:
        assert server.states() == [S.STARTUP, S.RECOVER, S.RECOVER_DONE, S.NORMAL]
        assert len(server.events(ContactEstablished)) == 1
        assert server.endpoint.in_contact
        assert server.endpoint.partner_state is S.NORMAL
        assert not server.events(ConnectionRefused)
        assert not server.events(UpdateRejected)
    assert pair.primary.count(BindingStatus.FREE) == 122
    assert pair.secondary.count(BindingStatus.BACKUP) == 122
    assert pair.primary.events(PoolBalanced) == [PoolBalanced("guide", SCOPE, 122, 122, 122)]
    pair.assert_equal_tables()


def test_the_order_of_messages_is_the_drafts():
    pair = Pair().normal()
    conversation = [name for name in messages(pair.primary) if name not in ("BNDUPD", "BNDACK")]
    assert conversation[:4] == ["CONNECT", "STATE", "STATE", "UPDREQALL"]  # starting, then RECOVER
    assert messages(pair.secondary)[:2] == ["CONNECTACK", "STATE"]
    sent = {event.message for server in pair.servers for event in server.events(FailoverMessageSent)}
    assert not sent & {"POOLREQ", "POOLRESP", "DISCONNECT"}  # Windows has no use for them


def test_every_message_is_signed_with_the_secret():
    pair = Pair(secret=b"lab-secret")
    seen = []
    transmit = pair.transmit

    def tap(server, stream, data):
        seen.extend(Framer().feed(data))
        transmit(server, stream, data)

    pair.transmit = tap
    pair.normal()
    assert len(seen) > 200
    assert {verify(raw, b"lab-secret") for raw in seen} == {None}
    assert all(raw[12:17] == b"\x00\x11\x00\x21\x02" for raw in seen)  # first option: HMAC-SHA-256


def test_a_secret_is_not_needed():
    Pair(secret=b"").normal().assert_equal_tables()


@pytest.mark.parametrize(
    ("primary", "secondary", "reason"),
    [
        (b"one", b"two", RejectReason.DIGEST_MISMATCH),
        (b"", b"two", RejectReason.DIGEST_MISSING),
        (b"one", b"", RejectReason.DIGEST_NOT_CONFIGURED),
    ],
)
def test_a_wrong_secret_keeps_the_servers_apart(primary, secondary, reason):
    pair = Pair()
    for server, secret in zip(pair.servers, (primary, secondary), strict=True):
        server.settings = replace(server.settings, secret=secret)
    pair.start().run(59)
    assert refusals(pair.secondary) == [(reason, False)]
    assert refusals(pair.primary) == [(reason, True)]
    assert [server.state for server in pair.servers] == [S.STARTUP] * 2
    pair.run(10)
    assert len(refusals(pair.primary)) == 2  # tried again a minute later, not at once


def test_clocks_may_differ_by_a_minute_and_no_more():
    for skew in (59, -59):
        pair = Pair()
        pair.secondary.skew = skew
        pair.normal()
    for skew, words in ((61, "behind"), (-61, "ahead")):
        pair = Pair()
        pair.secondary.skew = skew
        pair.start().run(1)
        assert refusals(pair.secondary) == [(RejectReason.TIME_MISMATCH, False)]
        assert refusals(pair.primary) == [(RejectReason.TIME_MISMATCH, True)]
        assert words in pair.secondary.events(ConnectionRefused)[0].detail


def test_another_name_is_another_relationship():
    pair = Pair()
    pair.secondary.settings = replace(pair.secondary.settings, name="other")
    pair.start().run(1)
    assert refusals(pair.secondary) == [(RejectReason.INVALID_PARTNER, False)]
    assert refusals(pair.primary) == [(RejectReason.INVALID_PARTNER, True)]


class Stranger:
    """Speaks to a secondary by hand over one stream."""

    def __init__(self, secret=b"s"):
        self.pair = Pair(secret=secret)
        self.server = self.pair.secondary
        self.secret = secret
        self.server.boot(fresh=True)
        self.pair.run(1)
        self.answers = []
        self.open = True
        self.pair.transmit = self._transmit
        self.pair.sever = self._sever
        self.do(self.server.endpoint.stream_accepted("in/x", PRIMARY, self.now))

    @property
    def now(self):
        return self.pair.now

    def do(self, actions):
        self.server.do(actions)

    def _transmit(self, server, stream, data):
        if stream == "in/x":
            self.answers += [FailoverMessage.decode(raw) for raw in Framer().feed(data)]

    def _sever(self, server, stream):
        if stream == "in/x":
            self.open = False

    def raw(self, data):
        self.do(self.server.endpoint.stream_data("in/x", data, self.now))

    def send(self, kind, options=(), xid=1, time=None, secret=None):
        when = int(self.now) if time is None else time
        self.raw(FailoverMessage(kind, xid, when, list(options)).encode(self.secret if secret is None else secret))

    def connect(self, **changes):
        values = {
            "relationship_name": "guide",
            "max_unacked": 10,
            "receive_timer": 180,
            "mclt": 60,
            "buckets": bytes(32),
            "vendor": "x",
            "tls": 0,
        }
        self.send(MessageType.CONNECT, ConnectParameters(**{**values, **changes}).to_options())
        return self

    def introduce(self, state=S.NORMAL):
        self.connect()
        self.send(MessageType.STATE, StateReport(state, False, 1).to_options())
        assert self.server.endpoint.in_contact
        return self

    @property
    def reason(self):
        return self.server.events(ConnectionRefused)[-1].reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, RejectReason.VERSION_MISMATCH),
        ({"tls": 2}, RejectReason.TLS_NOT_SUPPORTED),
        ({"relationship_name": "Guide"}, RejectReason.INVALID_PARTNER),
        ({"mclt": None}, RejectReason.INVALID_MCLT),
        ({"mclt": 0}, RejectReason.INVALID_MCLT),
        ({"buckets": None}, RejectReason.HASH_BUCKET_CONFLICT),
    ],
)
def test_a_secondary_refuses_a_wrong_connect(changes, reason):
    stranger = Stranger().connect(**changes)
    assert stranger.reason is reason
    assert not stranger.open
    assert [answer.type for answer in stranger.answers] == [MessageType.CONNECTACK]
    assert stranger.answers[0].get(21) == bytes([reason])
    assert stranger.answers[0].xid == 1


def test_a_secondary_accepts_a_right_connect_and_says_its_state():
    stranger = Stranger().connect()
    assert stranger.open
    assert [answer.type for answer in stranger.answers] == [MessageType.CONNECTACK, MessageType.STATE]
    assert stranger.answers[0].get(26) == b"\x00"  # TLS-reply, because TLS-request came
    assert not stranger.server.endpoint.in_contact  # not before the partner's state is known


def test_another_address_is_no_partner():
    stranger = Stranger()
    stranger.open = True
    stranger.do(stranger.server.endpoint.stream_accepted("in/x", SECONDARY + 5, stranger.now))
    assert not stranger.open
    assert stranger.reason is RejectReason.INVALID_PARTNER


JUNK = [
    b"\x00\x05\x05\x0c" + bytes(8),  # shorter than a header
    b"\xff\xff\x05\x0c" + bytes(8),  # longer than any message
    b"GET / HTTP/1.1\r\n\r\n" * 3,
    FailoverMessage(MessageType.STATE, 1, 0, [(24, b"\x02")]).encode(),  # no CONNECT yet
    FailoverMessage(77, 1, 0, []).encode(),
    b"\x00\x12\x05\x0c" + bytes(8) + b"\x00\x16\xff\xff\x00\x00",  # an option past the end
    FailoverMessage(MessageType.CONNECT, 1, 0, [(15, b"\x00")]).encode(b"s"),  # MCLT of one byte
]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_before_the_connect_closes_the_connection(junk):
    stranger = Stranger()
    stranger.raw(junk)
    assert not stranger.open
    assert len(stranger.server.events(ConnectionRefused)) == 1
    assert stranger.server.state is S.STARTUP


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (MessageType.STATE, [(24, b"\x32"), (23, b"\x00"), (25, bytes(4))]),
        (MessageType.STATE, []),
        (MessageType.BNDUPD, []),
        (MessageType.BNDUPD, [(2, b"\x0a\x00\x00"), (3, b"\x01")]),
        (MessageType.BNDUPD, [(2, b"\x0a\x00\x00\x14"), (3, b"\x08")]),
        (MessageType.BNDUPD, [(3, b"\x01"), (2, b"\x0a\x00\x00\x14")]),
        (MessageType.BNDUPD, [(2, b"\x0a\x00\x00\x14"), (3, b"\x02"), (13, b"\x00")]),
        (MessageType.BNDACK, []),
        (MessageType.BNDACK, [(2, b"\x0a")]),
    ],
)
def test_junk_in_contact_closes_the_connection(kind, options):
    stranger = Stranger().introduce()
    stranger.send(kind, options)
    assert not stranger.open
    assert not stranger.server.endpoint.in_contact
    assert "malformed" in stranger.server.events(ContactLost)[0].because
    assert stranger.server.table.get(0x0A000014) is None


def test_an_unsigned_message_in_contact_closes_the_connection():
    stranger = Stranger().introduce()
    stranger.send(MessageType.CONTACT, secret=b"")
    assert stranger.reason is RejectReason.DIGEST_MISSING
    assert not stranger.server.endpoint.in_contact


def test_unknown_types_from_128_on_are_passed_over():
    stranger = Stranger().introduce()
    stranger.send(200, [(1, b"x")])
    stranger.send(MessageType.POOLREQ)
    stranger.send(MessageType.DISCONNECT, [(21, b"\x06")])
    assert stranger.open
    assert "POOLRESP" not in messages(stranger.server)


def test_a_connection_without_connect_is_dropped_after_a_while():
    stranger = Stranger()
    stranger.pair.run(14)
    assert stranger.open
    stranger.pair.run(2)
    assert not stranger.open


def test_contact_messages_keep_the_connection():
    pair = Pair().normal()
    before = [len(server.events(FailoverMessageSent)) for server in pair.servers]
    pair.run(1000)
    for server, already in zip(pair.servers, before, strict=True):
        later = messages(server)[already:]
        assert set(later) == {"CONTACT"}
        assert 15 <= len(later) <= 17  # one a minute
        assert server.state is S.NORMAL


def test_a_cut_cable_is_noticed_after_the_receive_timer_and_mended_by_the_retry():
    pair = Pair().normal()
    pair.run(10)
    pair.cut = True
    pair.run(110)
    assert pair.primary.state is S.NORMAL
    pair.run(80)
    assert [server.state for server in pair.servers] == [S.COMMUNICATIONS_INTERRUPTED] * 2
    assert all("180 s" in server.events(ContactLost)[0].because for server in pair.servers)
    assert pair.primary.endpoint.partner_state is None
    pair.cut = False
    pair.run(76)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    pair.assert_equal_tables()


@pytest.mark.parametrize("name", ["primary", "secondary"])
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restarted_partner_is_back_within_a_moment(name, how):
    pair = Pair().normal()
    gone = getattr(pair, name)
    left = pair.other(gone)
    getattr(gone, how)()
    pair.run(0.1)
    assert left.state is S.COMMUNICATIONS_INTERRUPTED
    pair.run(100)
    gone.boot()
    pair.run(0.1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert gone.states()[4:] == [S.STARTUP, S.COMMUNICATIONS_INTERRUPTED, S.NORMAL]
    pair.run(1).assert_equal_tables()


def test_a_partner_restarted_behind_a_dead_connection_is_taken_back():
    """The connection broke without a word (a machine lost its power): the starting server's nudge tells."""
    for name in ("primary", "secondary"):
        pair = Pair().normal()
        pair.run(10)
        gone = getattr(pair, name)
        pair.cut = True
        gone.kill()
        pair.run(1)
        pair.cut = False
        assert pair.other(gone).state is S.NORMAL
        gone.boot()
        pair.run(1)
        assert [server.state for server in pair.servers] == [S.NORMAL] * 2
        assert pair.other(gone).states()[-2:] == [S.COMMUNICATIONS_INTERRUPTED, S.NORMAL]


def test_only_one_session_is_kept():
    pair = Pair().normal()
    assert all(len(server.streams) == 1 for server in pair.servers)


def test_a_starting_server_goes_on_alone_after_the_startup_time():
    pair = Pair().normal()
    pair.secondary.kill()
    pair.primary.stop()
    pair.run(5)
    pair.primary.boot()
    pair.run(299)
    assert pair.primary.state is S.STARTUP
    pair.run(2)
    assert pair.primary.state is S.COMMUNICATIONS_INTERRUPTED


def test_a_state_is_committed_before_anything_follows_from_it():
    pair = Pair().start()
    order = []
    for server in pair.servers:
        do = server.do

        def watch(actions, server=server, do=do):
            states = [a.event.state for a in actions if type(getattr(a, "event", None)).__name__ == "StateEntered"]
            do(actions)
            if states and states[-1] is not S.STARTUP:
                saved = server.documents["failover-state", "guide"]["state"]
                order.append((states[-1].name, saved))

        server.do = watch
    pair.run(1)
    assert len(order) >= 4
    assert all(entered == saved for entered, saved in order)


def test_changed_settings_reach_both_without_a_lost_contact():
    pair = Pair().normal()
    mode = {"mode": Mode.HOT_STANDBY, "mclt": 120, "primary_percent": 30, "switch_interval": 60}
    for server in (pair.secondary, pair.primary):
        server.do(server.endpoint.change_settings(replace(server.settings, **mode), pair.now))
        pair.run(2)
    assert all(len(server.events(ContactLost)) == 0 for server in pair.servers)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2


@pytest.mark.parametrize("first", ["primary", "secondary"])
def test_a_changed_secret_begins_a_new_connection(first):
    pair = Pair().normal()
    one = getattr(pair, first)
    for server in (one, pair.other(one)):
        server.do(server.endpoint.change_settings(replace(server.settings, secret=b"new"), pair.now))
        pair.run(0.5)
    pair.run(0.6)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert pair.primary.events(ContactLost)
    pair.run(1).assert_equal_tables()


def test_what_cannot_be_changed_is_refused_and_changes_nothing():
    pair = Pair().normal()
    endpoint = pair.primary.endpoint
    for change in ({"name": "x"}, {"partner": 5}, {"role": Role.SECONDARY}):
        with pytest.raises(FailoverError, match="cannot be changed"):
            endpoint.change_settings(replace(BASE, **change), pair.now)
    with pytest.raises(FailoverError, match="dialect"):
        endpoint.change_settings(replace(BASE, dialect="novell"), pair.now)
    assert endpoint.settings == BASE
    assert endpoint.in_contact


def test_the_same_inputs_give_the_same_bytes():
    runs = []
    for _ in range(2):
        pair = Pair()
        bytes_sent = []
        transmit = pair.transmit

        def tap(server, stream, data, bytes_sent=bytes_sent, transmit=transmit):
            bytes_sent.append((server.name, stream, data))
            transmit(server, stream, data)

        pair.transmit = tap
        pair.normal()
        client = Client(pair, 1)
        client.get()
        pair.run(400)
        runs.append(bytes_sent)
    assert runs[0] == runs[1]


@pytest.mark.parametrize("dialect", ["draft", "isc"])
def test_the_other_dialects_reach_normal_too(dialect):
    secret = b"" if dialect == "isc" else b"s"
    pair = Pair(dialect=dialect, secret=secret).start().run(1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2
    assert "POOLREQ" in messages(pair.secondary)
    assert "POOLRESP" in messages(pair.primary)
    assert pair.primary.count(BindingStatus.BACKUP) == 122
    pair.assert_equal_tables()
    assert "FailoverMessageReceived" in {type(e).__name__ for _, e in pair.primary.log}
    assert messages(pair.primary, FailoverMessageReceived)[0] == "CONNECTACK"


def test_two_primaries_do_not_nudge_each_other_without_end():
    pair = Pair()
    pair.secondary.settings = replace(pair.secondary.settings, role=Role.PRIMARY)
    pair.start().run(10)
    dialled = [server.endpoint._streams for server in pair.servers]
    assert max(dialled) <= 11
    assert [server.state for server in pair.servers] == [S.STARTUP] * 2


def test_a_new_relationship_stays_new_until_it_was_normal_once():
    """Killed before the servers met for the first time: still nobody promised anything, so nothing is waited for."""
    pair = Pair()
    pair.primary.boot(fresh=True)
    pair.run(1)
    pair.primary.kill()
    pair.secondary.boot(fresh=True)
    pair.primary.boot()
    pair.run(1)
    assert [server.state for server in pair.servers] == [S.NORMAL] * 2


def test_timers_of_no_length_are_refused():
    with pytest.raises(FailoverError, match="'rebalance' is 0 s"):
        Timers(rebalance=0)
