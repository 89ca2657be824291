"""Nodes as small as can be, to try wires and carriers with."""

from __future__ import annotations

from typing import Any

from dhcpkit.engine.actions import Actions, Reply
from dhcpkit.engine.lease import Lease
from dhcpkit.lab.errors import LabError
from dhcpkit.protocol.datagram import Datagram
from dhcpkit.protocol.failover.codes import BindingStatus


def lease(address: int, **changes: Any) -> Lease:
    values: dict[str, Any] = {
        "scope": 0x0A000000,
        "status": BindingStatus.ACTIVE,
        "hardware": b"\x01\x02\x03\x04\x05\x06\x07",
    }
    return Lease(address, **(values | changes))


class Recorder:
    """A node that notes what it is told; ``answers`` holds what it returns for an input, by the input's name.

    ``do`` makes it return the actions that are handed over in the command's arguments.
    """

    udp_port = 67
    tcp_ports: tuple[int, ...] = ()

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.answers: dict[str, Actions] = {}
        self.deadline: float | None = None

    def names(self) -> list[str]:
        return [name for name, *_ in self.heard]

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [tuple(rest) for heard, *rest in self.heard if heard == name]

    def _note(self, name: str, *what: Any) -> Actions:
        self.heard.append((name, *what))
        return list(self.answers.get(name, []))

    def start(self, now: float) -> Actions:
        return self._note("start", now)

    def stop(self, now: float) -> Actions:
        return self._note("stop", now)

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        return self._note("datagram", datagram, now)

    def stream_accepted(self, stream: str, port: int, peer: int, now: float) -> Actions:
        return self._note("stream_accepted", stream, port, peer, now)

    def stream_opened(self, stream: str, now: float) -> Actions:
        return self._note("stream_opened", stream, now)

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        return self._note("stream_data", stream, data, now)

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        return self._note("stream_closed", stream, because, now)

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        return self._note("address_in_use", address, mac, now)

    def command(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        self._note("command", name, now)
        if name == "do":
            return [*arguments["actions"], Reply(number, "done")]
        if name == "raise":
            raise ZeroDivisionError("a mistake in the node")
        if name == "deadline":
            self.deadline = arguments["at"]
            return [Reply(number)]
        if name == "wait":
            self.deadline = now + arguments["seconds"]
            self._waiting = number
            return []
        return [Reply(number, error=LabError(f"no command {name!r}"))]

    def tick(self, now: float) -> Actions:
        self.deadline = None
        actions = self._note("tick", now)
        if hasattr(self, "_waiting"):
            actions.append(Reply(self._waiting, now))
        return actions

    def next_deadline(self) -> float | None:
        return self.deadline
