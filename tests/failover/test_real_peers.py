"""The endpoint against what it was not written with: the bytes of two ISC dhcpd servers, and tshark as its reader."""

import pytest

from dhcpkit.engine.actions import Close, Connect, Log, Transmit
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope
from dhcpkit.failover.endpoint import Endpoint
from dhcpkit.failover.events import ConnectionRefused, PartnerStateSeen, UpdateRejected
from dhcpkit.failover.hash import bucket_of
from dhcpkit.failover.settings import Role, Settings
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import BindingStatus as B
from dhcpkit.protocol.failover.codes import MessageType, Option
from dhcpkit.protocol.failover.codes import ServerState as S
from dhcpkit.protocol.failover.message import FailoverMessage, Framer
from tests.failover.pair import Client, Pair
from tests.protocol.failover.captures import MESSAGES, streams
from tests.protocol.failover.tshark import dissect, write_segments

SCOPE = Scope.create("lab", parse_ip("10.0.0.100"), parse_ip("10.0.0.119"), 24, lease_duration=120)
ISC = Settings(
    "lab-fo",
    Role.SECONDARY,
    parse_ip("10.0.0.2"),
    parse_ip("10.0.0.1"),
    scopes=(SCOPE.id,),
    mclt=3600,
    primary_percent=100,
    dialect="isc",
)


class Replay:
    """One endpoint that hears one side of a recorded conversation."""

    def __init__(self, settings, now):
        self.now = now
        self.table = LeaseTable()
        self.table.add_scope(SCOPE)
        self.endpoint = Endpoint(settings, self.table, fresh=True)
        self.log, self.sent, self.closed, self.dialled = [], [], [], []
        self.do(self.endpoint.start(now))

    def do(self, actions):
        for action in actions:
            if isinstance(action, Log):
                self.log.append(action.event)
            elif isinstance(action, Transmit):
                self.sent += [FailoverMessage.decode(raw) for raw in Framer().feed(action.data)]
            elif isinstance(action, Close):
                self.closed.append(action.stream)
            elif isinstance(action, Connect):
                self.dialled.append(action.stream)

    def hear(self, stream, raw):
        self.now = max(self.now, int.from_bytes(raw[4:8], "big"))
        self.do(self.endpoint.stream_data(stream, raw, self.now))

    def events(self, kind):
        return [event for event in self.log if isinstance(event, kind)]


def conversations(sender):
    """Return name and messages of each connection that this server's side begins with the handshake."""
    found = []
    for name in MESSAGES:
        for number, stream in enumerate(streams(name)):
            messages = Framer().feed(stream.data)
            if stream.source == sender and messages[0][2] in (MessageType.CONNECT, MessageType.CONNECTACK):
                found.append(pytest.param(messages, id=f"{name}-{number}"))
    return found


@pytest.mark.parametrize("messages", conversations("10.0.0.1"))
def test_an_isc_primary_is_understood(messages):
    first = int.from_bytes(messages[0][4:8], "big")
    replay = Replay(ISC, float(first))
    replay.do(replay.endpoint.stream_accepted("in/1", ISC.partner, replay.now))
    for raw in messages:
        replay.hear("in/1", raw)
    assert not replay.events(ConnectionRefused)
    assert "in/1" not in replay.closed
    heard = [FailoverMessage.decode(raw) for raw in messages]
    updates = [message.xid for message in heard if message.type == MessageType.BNDUPD]
    answers = [message.xid for message in replay.sent if message.type == MessageType.BNDACK]
    assert answers == updates
    assert len(replay.events(PartnerStateSeen)) == sum(message.type == MessageType.STATE for message in heard)
    assert replay.endpoint.in_contact == any(message.type == MessageType.STATE for message in heard)
    # The primary's word counts, not this server's setting.
    assert replay.endpoint._mclt == int.from_bytes(heard[0].get(Option.MCLT), "big")


@pytest.mark.parametrize("messages", conversations("10.0.0.2"))
def test_an_isc_secondary_is_understood(messages):
    first = int.from_bytes(messages[0][4:8], "big")
    replay = Replay(
        Settings("lab-fo", Role.PRIMARY, ISC.partner, ISC.address, scopes=(SCOPE.id,), dialect="isc"), first
    )
    stream = replay.dialled[0]
    replay.do(replay.endpoint.stream_opened(stream, replay.now))
    connect = replay.sent[0]
    messages[0] = messages[0][:8] + connect.xid.to_bytes(4, "big") + messages[0][12:]
    for raw in messages:
        replay.hear(stream, raw)
    assert not replay.events(ConnectionRefused)
    assert stream not in replay.closed
    assert replay.endpoint.in_contact


def test_the_leases_of_an_isc_primary_arrive():
    """First contact and the pool split of capture 01: .100 to .109 become the secondary's."""
    (messages,) = [case.values[0] for case in conversations("10.0.0.1") if case.id.startswith("01")]
    replay = Replay(ISC, float(int.from_bytes(messages[0][4:8], "big")))
    replay.do(replay.endpoint.stream_accepted("in/1", ISC.partner, replay.now))
    for raw in messages:
        replay.hear("in/1", raw)
    assert list(replay.table.addresses(SCOPE.id, B.BACKUP)) == list(range(SCOPE.start, SCOPE.start + 10))
    assert replay.table.count(SCOPE.id, B.FREE) == 10
    assert not [event for event in replay.events(UpdateRejected) if not event.by_partner]
    assert replay.endpoint.partner_state is S.NORMAL


def test_the_clients_of_the_captures_are_served_by_the_server_that_served_them():
    """Buckets by the hash bucket assignment that ISC sends: bit 1 is the primary's (split 128)."""
    (messages,) = [case.values[0] for case in conversations("10.0.0.1") if case.id.startswith("01")]
    replay = Replay(ISC, float(int.from_bytes(messages[0][4:8], "big")))
    replay.do(replay.endpoint.stream_accepted("in/1", ISC.partner, replay.now))
    replay.hear("in/1", messages[0])
    mine = {"01020000000011", "0162726176", "ff000000010001000102aabbccdd"}
    for client_id in ("01020000000011", "0162726176", "ff000000010001000102aabbccdd", "01020000000014"):
        bucket = bucket_of(bytes.fromhex(client_id), b"")
        assert (bucket not in replay.endpoint._primary_buckets) == (client_id in mine)


@pytest.mark.parametrize("secret", [b"", b"lab-secret"])
def test_tshark_reads_a_whole_conversation(tmp_path, secret):
    """Contact, pool split, leases, renewal, release, expiry, loss and return: nothing malformed, nothing unknown."""
    pair = Pair(secret=secret)
    segments = {server.name: [] for server in pair.servers}
    transmit = pair.transmit

    def tap(server, stream, data):
        segments[server.name].append(data)
        transmit(server, stream, data)

    pair.transmit = tap
    pair.normal()
    clients = [Client(pair, number) for number in range(1, 9)]
    for client in clients:
        client.get()
    pair.run(30)
    for client in clients[:6]:
        client.renew()
    clients[7].release()
    pair.run(40)
    pair.secondary.kill()
    pair.run(5)
    clients[0].rebind()
    pair.secondary.boot()
    pair.run(150)
    for server in pair.servers:
        path = tmp_path / f"{server.name}.pcap"
        write_segments(path, segments[server.name])
        messages = dissect(path)
        sent = [FailoverMessage.decode(raw) for part in segments[server.name] for raw in Framer().feed(part)]
        assert [(message.type, message.xid) for message in messages] == [(m.type, m.xid) for m in sent]
        assert {m.name for m in sent} >= {"BNDUPD", "BNDACK", "STATE", "CONTACT", "UPDREQALL", "UPDDONE"}
        assert not any(message.malformed for message in messages)
        expected = {"Message digest type: 2, not allowed"} if secret else set()
        complaints = {text for message in messages for text in message.complaints}
        assert all(any(word in text for word in expected) for text in complaints), complaints
        for message, original in zip(messages, sent, strict=True):
            assert message.options == original.options
