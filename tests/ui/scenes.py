"""Event lists written by hand: what a lab would log, for the parts of the desk that only read the log."""

from __future__ import annotations

from dhcpkit.client.events import LeaseBound
from dhcpkit.engine.events import RequestAnswered
from dhcpkit.failover.events import StateEntered
from dhcpkit.lab.events import Event
from dhcpkit.protocol.addresses import parse_ip
from dhcpkit.protocol.failover.codes import ServerState

START = 1359104400.0
DHCP1, DHCP2 = parse_ip("10.0.0.1"), parse_ip("10.0.0.2")
SERVERS = {DHCP1: "DHCP1", DHCP2: "DHCP2"}
ADDRESS = parse_ip("10.0.0.11")
MAC = bytes.fromhex("00155d000003")
RELATIONSHIP = "dhcp2.contoso.com-dhcp1.contoso.com"


class Log:
    """Makes events with numbers and with times in seconds from the lab's start."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, seconds: float, host: str, what: object) -> Log:
        self.events.append(Event(len(self.events), START + seconds, host, what))
        return self

    def bound(self, seconds: float, server: int, how: str, length: int = 120, skew: float = 0.0) -> Log:
        """Client1 is bound; its clock is ``skew`` seconds ahead of the lab's."""
        obtained = START + seconds + skew
        times = (obtained, obtained + length / 2, obtained + length * 7 / 8, obtained + length)
        return self.add(seconds, "Client1", LeaseBound(ADDRESS, server, MAC, length, *times, how))

    def acknowledged(self, seconds: float, host: str, situation: str, length: int = 120, mac: bytes = MAC) -> Log:
        what = RequestAnswered(
            "DHCPACK", situation, 7, b"", b"\x01" + mac, ADDRESS, 0, length, length, "", "", "NORMAL", None
        )
        return self.add(seconds, host, what)

    def state(self, seconds: float, host: str, state: ServerState, because: str = "") -> Log:
        return self.add(seconds, host, StateEntered(RELATIONSHIP, state, None, because))
