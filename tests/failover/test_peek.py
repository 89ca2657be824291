import pytest

from dhcpkit.failover.dialect import WINDOWS
from dhcpkit.failover.handshake import connect_options
from dhcpkit.failover.peek import relationship_named
from dhcpkit.protocol.failover.codes import MessageType
from dhcpkit.protocol.failover.message import FailoverMalformed, FailoverMessage
from tests.failover.pair import BASE


@pytest.mark.parametrize("secret", [b"", b"secret"])
def test_the_name_is_known_once_the_connect_is_whole(secret):
    data = FailoverMessage(MessageType.CONNECT, 1, 5, connect_options(BASE, WINDOWS, frozenset())).encode(secret)
    assert [relationship_named(data[:size]) for size in range(len(data))] == [None] * len(data)
    assert relationship_named(data) == "guide"
    assert relationship_named(data + b"\x00\x10") == "guide"


@pytest.mark.parametrize("data", [b"\x00\x00", b"\xff\xff", FailoverMessage(MessageType.CONTACT).encode()])
def test_anything_else_is_refused(data):
    with pytest.raises(FailoverMalformed):
        relationship_named(data)
