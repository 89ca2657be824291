"""Who is nobody's partner gets nowhere: strangers, junk and silence on a server's two TCP ports."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from dhcpkit.engine.actions import Close, Connect, Transmit
from dhcpkit.lab import guide
from dhcpkit.lab.clock import Clock
from dhcpkit.lab.events import ServiceStopped
from dhcpkit.lab.hosts.build import build_node
from dhcpkit.lab.hosts.management import CALLER_PATIENCE, MANAGEMENT_PORT, MAX_MESSAGE, seal
from dhcpkit.lab.hosts.sessions import PATIENCE
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.lab.lab import Lab
from dhcpkit.lab.log import EventLog
from dhcpkit.lab.memory.wire import MemoryWire
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.failover.codes import FAILOVER_PORT, MessageType, Option, ServerState
from dhcpkit.protocol.failover.message import FailoverMessage
from tests.lab.nodes import Recorder

KEY = b"the lab's"
STRANGER = HostSpec("Stranger", "server", (InterfaceSpec(b"\x00\x15\x5d\x00\x00\x99", 0x0A000099, 24),))


class Field:
    """A wire with hosts, of which one, the stranger, does what a test says once it is started anew."""

    def __init__(self, *specs: HostSpec) -> None:
        self.log = EventLog()
        self.stranger = Recorder()
        self.stranger.tcp_ports = (FAILOVER_PORT,)
        self.wire = MemoryWire(Clock(speed=0), self.log, build=self._build)
        self._name = ""
        self._streams = 0
        self.wire.open(specs)

    def _build(self, spec: HostSpec, saved: Saved) -> Any:
        return self.stranger if spec.name == self._name else build_node(spec, saved)

    def make_stranger(self, name: str) -> None:
        self._name = name
        self.wire.kill_service(name)
        self.wire.start_service(name)
        self.wire.advance(1)

    def ask(self, command: str, arguments: dict[str, Any] | None = None, host: str = "DHCP2") -> Any:
        return self.wire.command(host, command, arguments or {})

    def connect(self, port: int, host: int = guide.DHCP1) -> str:
        self._streams += 1
        stream = f"s{self._streams}"
        self.do(Connect(stream, host, port))
        self.wire.advance(0.01)
        assert self.stranger.of("stream_opened")[-1][0] == stream
        return stream

    def do(self, *actions: Any) -> None:
        self.wire.command(self._name, "do", {"actions": actions})

    def say(self, stream: str, data: bytes) -> None:
        self.do(Transmit(stream, data))
        self.wire.advance(0.01)

    def heard(self, stream: str) -> bytes:
        return b"".join(data for name, data, _ in self.stranger.of("stream_data") if name == stream)

    def hung_up(self, stream: str) -> bool:
        return stream in [name for name, *_ in self.stranger.of("stream_closed")]

    def unharmed(self) -> None:
        """The servers run and are partners still, and do what they are asked at once."""
        for host in ("DHCP1", "DHCP2"):
            (status,) = self.ask("failover", host=host)
            assert status.state is status.partner_state is ServerState.NORMAL
        self.ask("set_failover", {"percent": 60})
        assert not [event for event in self.log.of(ServiceStopped) if event.host != "Stranger"]


@pytest.fixture
def field() -> Iterator[Field]:
    """DHCP1 and DHCP2 as partners, and a stranger."""
    one, two, _ = guide.hosts(1, KEY)
    field = Field(one, two, STRANGER)
    field.ask("add_scope", guide.scope_arguments())
    field.ask("configure_failover", {"scopes": [guide.SCOPE_ID], "partner": "dhcp1", "name": "one", "secret": "s"})
    field.make_stranger("Stranger")
    yield field
    field.unharmed()
    field.wire.close()


def test_a_stranger_is_hung_up_on_at_the_failover_port(field: Field) -> None:
    stream = field.connect(FAILOVER_PORT)
    field.wire.advance(1)
    assert field.hung_up(stream)
    assert field.heard(stream) == b""


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: dhcp1\r\n\r\n",
        b"\0\0\0\x02{}",
        b"\0\0\0\x04null",
        b'\0\0\0\x13{"body":1,"mac":"x"}',
        (MAX_MESSAGE + 1).to_bytes(4, "big"),
        b"\0\0\x27\x10" + b"[" * 10_000,
        seal({"call": "hello", "arguments": {}}, b"another lab's"),
        seal({"call": "remove_relationship", "arguments": {"name": "one", "scopes": []}}, b""),
        random.Random(1).randbytes(5000),
    ],
    ids=["http", "empty", "null", "no text", "endless", "deep", "other key", "no key", "noise"],
)
def test_junk_on_the_management_port_is_answered_by_hanging_up(field: Field, junk: bytes) -> None:
    stream = field.connect(MANAGEMENT_PORT)
    field.say(stream, junk)
    assert field.hung_up(stream)
    assert field.heard(stream) == b""


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"call": None, "arguments": {}},
        {"call": "dance", "arguments": {}},
        {"call": "hello", "arguments": []},
        {"call": "add_scopes", "arguments": {"scopes": 5}},
        {"call": "add_scopes", "arguments": {"scopes": [{"id": 1}]}},
        {"call": "replace_scopes", "arguments": {"scopes": [None]}},
        {"call": "activate_scopes", "arguments": {"ids": [1], "active": True}},
        {"call": "activate_scopes", "arguments": {"ids": ["x"], "active": True}},
        {"call": "add_relationship", "arguments": {"settings": {}}},
        {"call": "add_relationship", "arguments": {"settings": []}},
        {"call": "change_relationship", "arguments": {"settings": {"role": "king"}}},
        {"call": "remove_relationship", "arguments": {"name": ["one"], "scopes": []}},
        {"call": "undo_configuration", "arguments": {"name": {}}},
        {"call": ["hello"], "arguments": {}, "number": {"deep": [1, 2]}},
    ],
)
def test_a_call_that_makes_no_sense_is_answered_by_an_error(field: Field, call: dict[str, Any]) -> None:
    """Even one with the right key, from a partner of another version, say."""
    before = [field.ask("scopes", host=host) for host in ("DHCP1", "DHCP2")]
    stream = field.connect(MANAGEMENT_PORT)
    field.say(stream, seal(call, KEY))
    assert b"error" in field.heard(stream)
    assert not field.hung_up(stream)
    assert [field.ask("scopes", host=host) for host in ("DHCP1", "DHCP2")] == before


def test_connections_on_which_nothing_is_said_are_closed_after_a_while(field: Field) -> None:
    streams = [field.connect(MANAGEMENT_PORT) for _ in range(30)]
    field.say(streams[0], b"\0\0\1")
    field.unharmed()
    field.wire.advance(CALLER_PATIENCE + 1)
    assert all(field.hung_up(stream) for stream in streams)


def test_a_call_cut_short_is_no_call(field: Field) -> None:
    stream = field.connect(MANAGEMENT_PORT)
    field.say(stream, seal({"call": "hello", "arguments": {}}, KEY)[:-1])
    field.do(Close(stream))
    field.wire.advance(1)
    assert field.heard(stream) == b""


class TestAPartnersAddressWithoutItsManners:
    """DHCP1 is gone, and another host has taken its address."""

    @pytest.fixture(params=[1, 2], ids=["one relationship", "two relationships"])
    def field(self, request: pytest.FixtureRequest) -> Iterator[Field]:
        """DHCP2 as the secondary of one or two relationships, so that it waits for its primary to call."""
        one, two, _ = guide.hosts(1, KEY)
        field = Field(one, two)
        for number in range(request.param):
            start = guide.DHCP1 + 256 * number
            field.ask("add_scope", {"name": "a", "start": start, "end": start + 9, "prefix_length": 24}, "DHCP1")
            given = {"scopes": [f"10.0.{number}.0"], "partner": "dhcp2", "name": f"r{number}", "secret": "secret"}
            field.ask("configure_failover", given, "DHCP1")
        field.make_stranger("DHCP1")
        yield field
        assert not [event for event in field.log.of(ServiceStopped) if event.host == "DHCP2"]
        assert {status.in_contact for status in field.ask("failover")} == {False}
        field.wire.close()

    @pytest.mark.parametrize(
        "junk",
        [
            b"GET / HTTP/1.1\r\n\r\n",
            b"\0\x0c\x05\x0c\0\0\0\0\0\0\0\1",
            random.Random(2).randbytes(4000),
            FailoverMessage(MessageType.CONNECT, 1, 0, []).encode(),
            FailoverMessage(MessageType.STATE, 1, 0, []).encode(b"secret", 2),
            FailoverMessage(MessageType.CONNECT, 1, 0, [(Option.RELATIONSHIP_NAME, b"r0")]).encode(b"another", 2),
            FailoverMessage(MessageType.CONNECT, 1, 0, [(Option.RELATIONSHIP_NAME, b"\xff")]).encode(b"secret", 2),
        ],
        ids=["text", "header only", "noise", "no digest", "out of turn", "other secret", "odd name"],
    )
    def test_junk_ends_the_connection(self, field: Field, junk: bytes) -> None:
        stream = field.connect(FAILOVER_PORT, guide.DHCP2)
        field.say(stream, junk)
        field.wire.advance(PATIENCE + 1)
        assert field.hung_up(stream)

    def test_silence_ends_it_too(self, field: Field) -> None:
        streams = [field.connect(FAILOVER_PORT, guide.DHCP2) for _ in range(20)]
        field.wire.advance(PATIENCE + 1)
        assert all(field.hung_up(stream) for stream in streams)


TALK = """
import socket
for port, data in ((647, b"junk" * 1000), (5985, b"junk" * 1000), (647, b""), (5985, b"")):
    with socket.create_connection(("10.0.0.1", port), 5) as stream:
        stream.sendall(data)
        stream.settimeout(5)
        if data or port == 647:
            try:
                assert stream.recv(100) == b""
            except ConnectionResetError:
                pass
print("hung up")
"""


@pytest.mark.kernel
def test_a_real_client_host_gets_nowhere_either(kernel: None) -> None:
    with Lab(wire="kernel", speed=20) as lab:
        lab.dhcp2.add_guide_scope()
        lab.until(lambda: lab.client1.state == "BOUND").result()
        lab.dhcp2.configure_failover(secret="secret", mclt=60)
        assert lab.client1.run(sys.executable, "-c", TALK) == "hung up\n"
        assert [server.failover().state for server in lab.servers] == [ServerState.NORMAL] * 2
        assert not lab.events.of(ServiceStopped)
