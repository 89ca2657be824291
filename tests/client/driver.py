"""Plays server and clock for a client: hand-built replies, virtual time."""

from __future__ import annotations

import random
from dataclasses import replace

from dhcpkit.client.client import Client
from dhcpkit.client.events import ClientStateEntered
from dhcpkit.client.lease import ClientLease
from dhcpkit.engine.actions import Actions, Log, Send
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.dhcp import BOOTREPLY, DhcpMessage, MessageType
from dhcpkit.protocol.options import write_addresses, write_u32

START = 1359104400.0
MAC = bytes.fromhex("00155d000003")
OTHER_MAC = bytes.fromhex("00155d000099")
SERVER = parse_ip("10.0.0.2")
OTHER_SERVER = parse_ip("10.0.0.1")
ADDRESS = parse_ip("10.0.0.11")
OTHER_ADDRESS = parse_ip("10.0.0.12")

MEMORY = ClientLease(
    ADDRESS, 24, SERVER, 0, (OTHER_SERVER,), "contoso.com", 120, START - 20, START + 40, START + 85, START + 100
)


class Driver:
    """A client, the time, and everything the client has done."""

    def __init__(self, seed: int = 1, **options: object) -> None:
        options.setdefault("probe", False)
        self.client = Client(MAC, hostname="Client1", rng=random.Random(seed), **options)
        self.now = START
        self.done: list[tuple[float, object]] = []

    def take(self, actions: Actions) -> Actions:
        self.done += [(self.now, action) for action in actions]
        return actions

    def start(self) -> Actions:
        return self.take(self.client.start(self.now))

    def run_until(self, time: float) -> None:
        """Let time pass, ticking exactly when the client asks for it."""
        while (due := self.client.next_deadline()) is not None and due <= time:
            assert due >= self.now, "a deadline lies in the past after a tick"
            self.now = due
            self.take(self.client.tick(due))
        self.now = time

    def next_tick(self) -> Actions:
        due = self.client.next_deadline()
        assert due is not None
        self.now = due
        return self.take(self.client.tick(due))

    @property
    def sent(self) -> list[tuple[float, Datagram]]:
        return [(time, action.datagram) for time, action in self.done if isinstance(action, Send)]

    @property
    def last(self) -> DhcpMessage:
        return DhcpMessage.decode(self.sent[-1][1].payload)

    def times(self, name: str, since: float = START) -> list[float]:
        return [
            round(time - since, 6)
            for time, datagram in self.sent
            if DhcpMessage.decode(datagram.payload).name == name and time >= since
        ]

    def events(self, *types: type) -> list[object]:
        return [a.event for _, a in self.done if isinstance(a, Log) and (not types or isinstance(a.event, types))]

    def at(self, time: float) -> Actions:
        return [action for moment, action in self.done if moment == time]

    def state_times(self) -> list[tuple[float, ClientStateEntered]]:
        return [
            (time, action.event)
            for time, action in self.done
            if isinstance(action, Log) and isinstance(action.event, ClientStateEntered)
        ]

    def reply(self, kind: MessageType, **changes: object) -> Actions:
        """Answer the client's last message; changes are fields of the message, or ``options`` to add or (None) drop."""
        options = changes.pop("options", {})
        message = replace(make_reply(self.last, kind), **changes)
        for code, value in options.items():
            if value is None:
                message.options.pop(code, None)
            else:
                message.options[code] = value
        return self.take(self.client.datagram(datagram_of(message), self.now))

    def offer(self, **changes: object) -> Actions:
        return self.reply(MessageType.OFFER, **changes)

    def ack(self, **changes: object) -> Actions:
        return self.reply(MessageType.ACK, **changes)

    def nak(self, **changes: object) -> Actions:
        options = {1: None, 3: None, 6: None, 15: None, 51: None, **changes.pop("options", {})}
        return self.reply(MessageType.NAK, yiaddr=0, options=options, **changes)

    def bind(self, lease_time: int = 120) -> Driver:
        self.start()
        self.offer(options={51: write_u32(lease_time)})
        self.ack(options={51: write_u32(lease_time)})
        assert self.client.state == "BOUND"
        return self


def make_reply(request: DhcpMessage, kind: MessageType) -> DhcpMessage:
    address = request.requested_address or request.ciaddr or ADDRESS
    return DhcpMessage(
        BOOTREPLY,
        request.xid,
        request.chaddr,
        yiaddr=address,
        options={
            53: bytes([kind]),
            54: write_u32(request.server_identifier or SERVER),
            51: write_u32(120),
            1: bytes([255, 255, 255, 0]),
            6: write_addresses([OTHER_SERVER]),
            15: b"contoso.com",
            61: request.client_id,
        },
    )


def datagram_of(message: DhcpMessage) -> Datagram:
    return Datagram(message.encode(), SERVER, 67, message.yiaddr, 68)
