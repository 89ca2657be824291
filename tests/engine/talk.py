"""A server to talk to in tests: messages go in as a client would send them, and what came out is easy to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dhcpkit.engine.actions import Action, Actions, Commit, Log, Send
from dhcpkit.engine.authority import Authority, Situation, Standalone, Verdict
from dhcpkit.engine.events import RequestAnswered, RequestIgnored
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.scope import Scope
from dhcpkit.engine.server import DhcpServer
from dhcpkit.protocol.addresses import BROADCAST, format_ip, parse_ip
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import BROADCAST_FLAG, DhcpMessage, MessageType
from dhcpkit.protocol.failover.codes import BindingStatus

T = TypeVar("T")

START = 1_359_104_400.0
"""2013-01-25 09:00 UTC."""


def ip(text: str) -> int:
    return parse_ip(text)


def packed(text: str) -> bytes:
    return ip(text).to_bytes(4, "big")


SERVER = ip("10.0.0.2")
OTHER_SERVER = ip("10.0.0.1")


def guide_scope(**changes: Any) -> Scope:
    values: dict[str, Any] = {
        "start": ip("10.0.0.1"),
        "end": ip("10.0.0.254"),
        "exclusions": [(ip("10.0.0.1"), ip("10.0.0.10"))],
        "lease_duration": 120,
        "options": {6: packed("10.0.0.1"), 15: b"contoso.com"},
        **changes,
    }
    return Scope.create(
        "Contoso-scope1", values.pop("start"), values.pop("end"), values.pop("prefix_length", 24), **values
    )


def mac(number: int) -> bytes:
    return b"\x00\x15\x5d\x00" + number.to_bytes(2, "big")


@dataclass
class Rules(Standalone):
    """An authority whose answers a test sets, and which remembers what it was told and asked."""

    refused: set[Situation] = field(default_factory=set)
    statuses: tuple[BindingStatus, ...] = (BindingStatus.FREE, BindingStatus.BACKUP)
    extends: Callable[[Lease], bool] = lambda lease: True
    reuses: bool = True
    expires: bool = True
    most: int = 0xFFFFFFFF
    told: list[tuple[int, BindingStatus]] = field(default_factory=list)
    granted_for: list[Lease | None] = field(default_factory=list)

    def may_answer(self, situation: Situation, client_id: bytes, hardware: bytes, secs: int, now: float) -> Verdict:
        return Verdict(situation not in self.refused, "bucket 84 decides", "NORMAL", 84)

    def allocatable(self, scope: int, now: float) -> tuple[BindingStatus, ...]:
        return self.statuses

    def reusable(self, lease: Lease, now: float) -> bool:
        return self.reuses

    def may_extend(self, lease: Lease, now: float) -> Verdict:
        return Verdict(self.extends(lease), "the partner has the lease", "NORMAL")

    def may_expire(self, lease: Lease, now: float) -> bool:
        return self.expires

    def grant(self, lease: Lease | None, desired: int, now: float) -> tuple[int, str]:
        self.granted_for.append(lease)
        return min(desired, self.most), "the maximum client lead time" if desired > self.most else ""

    def changed(self, lease: Lease, now: float) -> Actions:
        self.told.append((lease.address, lease.status))
        lease.unacknowledged = True
        return [Log(("told", lease.address, lease.status))]


@dataclass
class Outcome:
    """What a server made of one input."""

    actions: Actions

    def of(self, kind: type[T]) -> list[T]:
        return [action for action in self.actions if isinstance(action, kind)]

    def events(self, kind: type[T]) -> list[T]:
        return [log.event for log in self.of(Log) if isinstance(log.event, kind)]

    @property
    def datagram(self) -> Datagram:
        (send,) = self.of(Send)
        return send.datagram

    @property
    def reply(self) -> DhcpMessage | None:
        sends = self.of(Send)
        return DhcpMessage.decode(sends[0].datagram.payload) if sends else None

    @property
    def answer(self) -> str:
        """What the client gets, ``DHCPACK 10.0.0.11``, or ``silence``; checked against what was logged."""
        reply = self.reply
        if reply is None:
            assert not self.events(RequestAnswered)
            return "silence"
        (answered,) = self.events(RequestAnswered)
        assert answered.message == reply.name
        assert answered.rule
        return f"{reply.name} {format_ip(reply.yiaddr)}" if reply.yiaddr else reply.name

    @property
    def rule(self) -> str:
        (event,) = self.events(RequestIgnored) or self.events(RequestAnswered)
        return event.rule

    @property
    def leases(self) -> tuple[Lease, ...]:
        return tuple(lease for commit in self.of(Commit) for lease in commit.leases)


class Talk:
    """A server with the guide's scope (or others), and clients that are numbers."""

    def __init__(
        self,
        *scopes: Scope,
        authority: Authority | None = None,
        addresses: dict[str, tuple[int, int]] | None = None,
        **settings: Any,
    ) -> None:
        self.table = LeaseTable()
        lookup = {} if authority is None else {"authority": lambda scope_id: authority}
        self.server = DhcpServer(
            addresses or {"eth0": (SERVER, 24)}, self.table, scopes=scopes or (guide_scope(),), **lookup, **settings
        )
        self.now = START

    def send(
        self,
        kind: MessageType | None,
        client: int = 1,
        *,
        to: int = BROADCAST,
        interface: str = "eth0",
        options: dict[int, bytes] | None = None,
        client_id: bool = True,
        **fields: Any,
    ) -> Outcome:
        hardware = mac(client)
        sent: dict[int, bytes] = {} if kind is None else {53: bytes([kind])}
        if client_id:
            sent[61] = b"\x01" + hardware
        sent.update(options or {})
        message = DhcpMessage(op=fields.pop("op", 1), xid=7, chaddr=hardware, options=sent, **fields)
        datagram = Datagram(message.encode(1472), message.ciaddr, 68, to, 67, hardware, interface=interface)
        outcome = Outcome(self.server.handle(datagram, self.now))
        self.check_order(outcome.actions)
        return outcome

    def discover(
        self, client: int = 1, *, want: int = 0, options: dict[int, bytes] | None = None, **more: Any
    ) -> Outcome:
        asked = {50: want.to_bytes(4, "big")} if want else {}
        return self.send(MessageType.DISCOVER, client, options={**asked, **(options or {})}, **more)

    def select(self, address: int, client: int = 1, *, server: int = SERVER, **more: Any) -> Outcome:
        options = {50: address.to_bytes(4, "big"), 54: server.to_bytes(4, "big"), **more.pop("options", {})}
        return self.send(MessageType.REQUEST, client, options=options, **more)

    def reboot(self, address: int, client: int = 1, **more: Any) -> Outcome:
        options = {50: address.to_bytes(4, "big"), **more.pop("options", {})}
        return self.send(MessageType.REQUEST, client, options=options, **more)

    def renew(self, address: int, client: int = 1, **more: Any) -> Outcome:
        return self.send(MessageType.REQUEST, client, to=more.pop("to", SERVER), ciaddr=address, **more)

    def rebind(self, address: int, client: int = 1, **more: Any) -> Outcome:
        return self.send(MessageType.REQUEST, client, ciaddr=address, **more)

    def release(self, address: int, client: int = 1, *, server: int = SERVER, **more: Any) -> Outcome:
        options = {54: server.to_bytes(4, "big")}
        return self.send(MessageType.RELEASE, client, to=SERVER, ciaddr=address, options=options, **more)

    def decline(self, address: int, client: int = 1, *, server: int = SERVER) -> Outcome:
        options = {50: address.to_bytes(4, "big"), 54: server.to_bytes(4, "big")}
        return self.send(MessageType.DECLINE, client, options=options)

    def tick(self) -> Outcome:
        outcome = Outcome(self.server.tick(self.now))
        self.check_order(outcome.actions)
        return outcome

    def lease(self, client: int = 1, **more: Any) -> int:
        """Get a client a lease the usual way; return its address."""
        offer = self.discover(client, **more).reply
        assert offer is not None
        ack = self.select(offer.yiaddr, client, **more).reply
        assert ack is not None
        assert ack.message_type is MessageType.ACK
        return ack.yiaddr

    def status(self, address: int) -> BindingStatus | None:
        lease = self.table.get(address)
        return None if lease is None else lease.status

    @staticmethod
    def check_order(actions: list[Action]) -> None:
        """Check that the commit comes first, then what goes to the client, and that nothing else comes between."""
        kinds = [type(action) for action in actions if not isinstance(action, Log)]
        assert kinds in ([], [Commit], [Send], [Commit, Send])
        if Commit in kinds:
            assert isinstance(actions[0], Commit)


__all__ = ["BROADCAST_FLAG", "OTHER_SERVER", "SERVER", "START", "Outcome", "Rules", "Talk", "guide_scope", "ip", "mac"]
