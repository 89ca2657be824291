"""A network card with its address: finds its neighbours by ARP, and answers them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dhcpkit.lab.hosts.spec import InterfaceSpec
from dhcpkit.lab.memory.queue import Entry, EventQueue
from dhcpkit.lab.memory.switch import Switch
from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC, mask_of
from dhcpkit.protocol.ethernet import ARP_REPLY, ARP_REQUEST, Arp, Frame, arp_frame

NEIGHBOUR_LIFETIME = 60.0
"""Lab seconds for which an answer to ARP is believed."""
RESOLVE_INTERVAL = 1.0
RESOLVE_ATTEMPTS = 3
"""A neighbour that answers none of so many requests, a second apart, counts as unreachable, as on Linux."""
PROBE_LIFETIME = 10.0
"""Lab seconds during which an answer to a probe is passed on."""

MakeFrame = Callable[[bytes, bytes], bytes]
"""Makes a frame when both hardware addresses are known: called with source and destination."""

_NOBODY = b"\0\0\0\0\0\0"


class Interface:
    """One of a host's network cards.

    Attributes:
        host: Name of the host.
        name: The interface's name, ``eth0``.
        mac: Its hardware address.
        address: Its IPv4 address, 0 when it has none.
        prefix_length: Of its network.
        router: The router of a destination in another network, 0 for none.
        fixed: The address is set by the host's administrator, not by DHCP.
    """

    def __init__(
        self,
        spec: InterfaceSpec,
        host: str,
        switch: Switch,
        queue: EventQueue,
        *,
        take: Callable[[Interface, Frame], None],
        in_use: Callable[[int, bytes], None],
        unreachable: Callable[[int], None],
    ) -> None:
        """Make an interface and plug it in.

        Args:
            spec: What it is.
            host: Name of the host.
            switch: The network it is plugged into.
            queue: The lab's virtual time.
            take: Called with a frame for this interface that is not ARP.
            in_use: Called with a probed address and the hardware address of who has it.
            unreachable: Called with the address of a neighbour that does not answer.
        """
        self.host = host
        self.name = spec.name
        self.mac = spec.mac
        self.address = spec.address
        self.prefix_length = spec.prefix_length
        self.router = 0
        self.fixed = spec.address != 0
        self._switch = switch
        self._queue = queue
        self._take = take
        self._in_use = in_use
        self._unreachable = unreachable
        self._neighbours: dict[int, tuple[bytes, float]] = {}
        self._waiting: dict[int, list[MakeFrame]] = {}
        self._retries: dict[int, Entry] = {}
        self._probes: dict[int, float] = {}
        switch.attach(self)

    def configure(self, address: int, prefix_length: int, router: int) -> None:
        """Give the interface an address, or none (0)."""
        self.address, self.prefix_length, self.router = address, prefix_length, router
        self._neighbours.clear()
        self._probes.pop(address, None)

    def has(self, address: int) -> bool:
        """Say whether an address is in this interface's own network."""
        return self.address != 0 and (self.address ^ address) & mask_of(self.prefix_length) == 0

    def is_broadcast(self, address: int) -> bool:
        """Say whether an address means everybody: 255.255.255.255, or the last of the interface's network."""
        if address == BROADCAST:
            return True
        return self.prefix_length < 31 and self.has(address) and address | mask_of(self.prefix_length) == BROADCAST

    def send(self, destination: int, make_frame: MakeFrame, destination_mac: bytes = b"") -> None:
        """Send a packet to an IPv4 address; without a hardware address ARP finds it, or the router's.

        What cannot be sent, because there is no way to the address, is dropped, as a network does.
        """
        if not destination_mac and self.is_broadcast(destination):
            destination_mac = BROADCAST_MAC
        if destination_mac:
            self._switch.transmit(self, make_frame(self.mac, destination_mac))
            return
        hop = destination if self.has(destination) else self.router
        if not self.has(hop):
            self._queue.after(0, partial(self._unreachable, destination))
            return
        mac, until = self._neighbours.get(hop, (b"", 0.0))
        if until > self._queue.now:
            self._switch.transmit(self, make_frame(self.mac, mac))
        elif hop in self._waiting:
            self._waiting[hop].append(make_frame)
        else:
            self._waiting[hop] = [make_frame]
            self._resolve(hop, RESOLVE_ATTEMPTS)

    def probe(self, address: int) -> None:
        """Ask whether anybody has an address, without claiming one (RFC 5227 section 2.1.1)."""
        self._probes[address] = self._queue.now + PROBE_LIFETIME
        self._switch.transmit(self, arp_frame(Arp(ARP_REQUEST, self.mac, 0, _NOBODY, address)))

    def receive(self, frame: Frame) -> None:
        """Take what the switch delivers, if it is for this interface."""
        if frame.destination_mac not in (self.mac, BROADCAST_MAC):
            return
        if frame.arp is not None:
            self._hear(frame.arp)
        else:
            self._take(self, frame)

    def _resolve(self, hop: int, attempts: int) -> None:
        if not attempts:
            del self._waiting[hop], self._retries[hop]
            self._unreachable(hop)
            return
        self._switch.transmit(self, arp_frame(Arp(ARP_REQUEST, self.mac, self.address, _NOBODY, hop)))
        self._retries[hop] = self._queue.after(RESOLVE_INTERVAL, partial(self._resolve, hop, attempts - 1))

    def _hear(self, arp: Arp) -> None:
        """Learn from an ARP packet and answer it (RFC 826)."""
        sender = arp.sender_address
        if sender and arp.sender_mac != self.mac:
            if self._probes.get(sender, 0.0) > self._queue.now:
                self._in_use(sender, arp.sender_mac)
            if sender in self._neighbours or sender in self._waiting or arp.target_address == self.address:
                self._neighbours[sender] = (arp.sender_mac, self._queue.now + NEIGHBOUR_LIFETIME)
            self._queue.cancel(self._retries.pop(sender, None))
            for make_frame in self._waiting.pop(sender, ()):
                self._switch.transmit(self, make_frame(self.mac, arp.sender_mac))
        if arp.operation == ARP_REQUEST and self.address and arp.target_address == self.address:
            answer = Arp(ARP_REPLY, self.mac, self.address, arp.sender_mac, sender)
            self._switch.transmit(self, arp_frame(answer))
