"""Whatever a partner sends, the endpoint does not raise, and what it does can be carried out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, Option
from dhcpkit.protocol.failover.codes import ServerState as S
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import BindingUpdate
from tests.failover.pair import Client, Pair
from tests.failover.test_contact import Stranger

LENGTHS = {3: 1, 21: 1, 23: 1, 24: 1, 26: 1, 27: 1, 20: 1, 12: 2, 11: 32}


def values(code):
    exact = LENGTHS.get(code, 4)
    if code in (Option.CLIENT_IDENTIFIER, Option.CLIENT_REQUEST_OPTIONS, Option.RELATIONSHIP_NAME, Option.MESSAGE):
        return st.binary(max_size=300) | st.just(b"x" * 1990) | st.just(b"\x63\x82\x53\x63\x0c\x05ab")
    if code == Option.CLIENT_HARDWARE_ADDRESS:
        return st.binary(max_size=18)
    if code == Option.ASSIGNED_IP_ADDRESS:
        return st.integers(0x0A000000, 0x0A0000FF).map(lambda address: address.to_bytes(4, "big"))
    return st.binary(min_size=exact, max_size=exact) | st.binary(max_size=5)


options = st.lists(
    st.sampled_from(list(Option)).flatmap(lambda code: st.tuples(st.just(int(code)), values(code))), max_size=8
)
messages = st.tuples(st.sampled_from([*MessageType, 127, 128, 255]), options, st.integers(0, 20))


def encode(kind, chosen, xid, time):
    try:
        return FailoverMessage(kind, xid, time, chosen).encode()
    except ValueError:
        return b"\x00\x0c"  # too long for one message: the beginning of another instead


@settings(max_examples=300, deadline=None)
@given(st.lists(messages, max_size=6), st.booleans(), st.sampled_from(list(S)))
def test_any_messages(sent, in_contact, state):
    stranger = Stranger(secret=b"")
    if in_contact and state is not S.STARTUP:
        stranger.introduce(state)
    for kind, chosen, xid in sent:
        stranger.raw(encode(kind, chosen, xid, int(stranger.now)))
        stranger.pair.run(20)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_in_any_pieces(data, size):
    stranger = Stranger(secret=b"").introduce()
    for start in range(0, len(data), size):
        stranger.raw(data[start : start + size])


def test_many_bindings_in_one_message_are_all_answered():
    """As many as 2048 bytes hold: the answers, with a reason each, need more than one message."""
    stranger = Stranger(secret=b"").introduce()
    chosen = []
    for number in range(150):
        chosen += BindingUpdate(0x0B000000 + number, 1).to_options() if number % 2 else []
    stranger.send(MessageType.BNDUPD, chosen, xid=9)
    answers = [message for message in stranger.answers if message.type == MessageType.BNDACK]
    addresses = [value for message in answers for code, value in message.options if code == 2]
    assert addresses == [value for code, value in chosen if code == 2]
    assert {message.xid for message in answers} == {9}
    assert len(answers) > 1


def test_a_client_identifier_too_long_to_pass_on_harms_nobody():
    pair = Pair().normal()
    client = Client(pair, 1)
    lease = pair.primary.table.record(0x0A000014)
    lease_time = int(pair.now) + 100
    pair.primary.table.change(
        lease,
        status=BindingStatus.ACTIVE,
        client_id=b"\x01" * 3000,
        hardware=client.hardware,
        expires=lease_time,
        contacted=1,
    )
    pair.primary.do(pair.primary.endpoint.changed(lease, pair.now))
    assert client.get() == 60
    pair.run(1)
    assert pair.primary.endpoint.in_contact
    assert pair.secondary.table.get(client.address).client == client.key
