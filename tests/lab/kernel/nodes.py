"""Small nodes for the tests of the kernel wire: built in the hosts' processes from a spec's ``domain`` and ``kind``."""

from __future__ import annotations

import time
from typing import Any

from dhcpkit.engine.actions import (
    Actions,
    Close,
    Commit,
    Configure,
    Connect,
    Document,
    Log,
    Probe,
    Progress,
    Reply,
    Send,
    Transmit,
)
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram

PORT = 647


class ScriptedNode:
    """Does what it is commanded to, logs what happens to it as tuples, and keeps a counter on disk."""

    def __init__(self, spec: HostSpec, saved: Saved) -> None:
        self.spec = spec
        self.udp_port = 67 if spec.kind == "server" else 68
        self.tcp_ports = (PORT,) if spec.kind == "server" else ()
        self.count: int = saved.documents.get(("counter", "it"), {"value": 0})["value"]
        self.deadline: float | None = None
        self.waiting: list[int] = []

    def start(self, now: float) -> Actions:
        return [Log(("started", self.count))]

    def stop(self, now: float) -> Actions:
        return [Log(("stopping",))]

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        actions: Actions = [Log(("datagram", datagram))]
        if datagram.payload == b"crash":
            raise RuntimeError("the node was told to crash")
        if datagram.payload.startswith(b"echo"):
            answer = Datagram(
                datagram.payload[4:],
                self.spec.interfaces[0].address,
                67,
                BROADCAST,
                datagram.source_port,
                destination_mac=datagram.source_mac or datagram.payload[4:10],
            )
            actions.append(Send(answer))
        return actions

    def stream_accepted(self, stream: str, port: int, peer: int, now: float) -> Actions:
        return [Log(("accepted", stream, port, peer))]

    def stream_opened(self, stream: str, now: float) -> Actions:
        return [Log(("opened", stream))]

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        if data.startswith(b"echo"):
            return [Log(("data", stream, data)), Transmit(stream, data[4:]), Close(stream)]
        return [Log(("data", stream, len(data)))]

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        return [Log(("closed", stream, because))]

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        return [Log(("in use", address, mac))]

    def command(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        match name:
            case "count":
                self.count += 1
                return [
                    Commit(documents=(Document("counter", "it", {"value": self.count}),)),
                    Reply(number, self.count),
                ]
            case "now":
                return [Reply(number, now)]
            case "send":
                return [Send(arguments["datagram"]), Reply(number)]
            case "connect":
                return [Connect(arguments["stream"], arguments["address"], PORT), Reply(number)]
            case "transmit":
                return [Transmit(arguments["stream"], arguments["data"]), Reply(number)]
            case "close":
                return [Close(arguments["stream"]), Reply(number)]
            case "configure":
                return [Configure(**arguments), Reply(number)]
            case "probe":
                return [Probe(arguments["address"]), Reply(number)]
            case "alarm":
                self.deadline = arguments["at"]
                return [Reply(number)]
            case "steps":
                return [Progress(number, "one"), Progress(number, "one", "Successful"), Reply(number, "done")]
            case "refuse":
                return [Reply(number, error=ValueError("that is not right"))]
            case "unsendable":
                return [Reply(number, lambda: None)]
            case "burst":
                return [*(Log(("burst", n)) for n in range(arguments["events"])), Reply(number)]
            case "hang":
                time.sleep(arguments["seconds"])
                return [Reply(number)]
        return []

    def tick(self, now: float) -> Actions:
        late = now - (self.deadline or 0)
        self.deadline = None
        return [Log(("alarm", late))]

    def next_deadline(self) -> float | None:
        return self.deadline


def build(spec: HostSpec, saved: Saved) -> ScriptedNode:
    if spec.domain == "broken":
        raise ValueError("this node cannot be built")
    return ScriptedNode(spec, saved)
