"""A host's sockets for UDP datagrams: a server's, and those of a client that has no address yet.

A server hears through ordinary UDP sockets, one an interface, and answers hosts without an address through a packet
socket. A client hears through a packet socket, because the kernel drops what is for an address that it does not
have; what it sends to one server goes the ordinary way once it has an address.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from dhcpkit.lab.hosts.spec import InterfaceSpec
from dhcpkit.protocol.addresses import BROADCAST, BROADCAST_MAC, format_ip
from dhcpkit.protocol.datagram import CLIENT_PORT, Datagram
from dhcpkit.protocol.ethernet import ARP_REQUEST, ETHERTYPE_ARP, ETHERTYPE_IPV4, Arp, arp_frame, parse_frame, udp_frame

BATCH = 64
"""Datagrams taken from one socket before the node decides and commits."""

_IP_PKTINFO = 8
_SO_BINDTODEVICE = 25
_SO_ATTACH_FILTER = 26
_PACKET_OTHERHOST = 3
_MAX_FRAME = 65535
_RECEIVE_BUFFER = 4 << 20
_PKTINFO = struct.Struct("=I4s4s")  # interface index, address to answer from, address it was sent to

# Classic BPF: (code, jump if true, jump if false, operand). Accept unfragmented UDP for port 68, drop the rest.
_FOR_CLIENTS = (
    (0x30, 0, 0, 14 + 9),  # load the byte: IP protocol
    (0x15, 0, 6, socket.IPPROTO_UDP),
    (0x28, 0, 0, 14 + 6),  # load the half word: flags and fragment offset
    (0x45, 4, 0, 0x1FFF),
    (0xB1, 0, 0, 14),  # load the IP header's length
    (0x48, 0, 0, 14 + 2),  # load the half word behind it: destination port
    (0x15, 0, 1, CLIENT_PORT),
    (0x06, 0, 0, 0x40000),  # accept
    (0x06, 0, 0, 0),  # drop
)
_NOTHING = ((0x06, 0, 0, 0),)


class DatagramSockets(ABC):
    """The sockets of a host's datagrams, on every interface it has."""

    def __init__(
        self, interfaces: Iterable[InterfaceSpec], frames: dict[str, socket.socket], udp: dict[str, socket.socket]
    ) -> None:
        """Take over sockets, by the name of their interface: to send whole frames, and to send by UDP."""
        self._cards = {card.name: card for card in interfaces}
        self._frames = frames
        self._udp = udp
        self._index = {name: socket.if_nametoindex(name) for name in self._cards}

    @abstractmethod
    def sockets(self) -> Iterable[socket.socket]:
        """Return the sockets to wait on."""

    @abstractmethod
    def receive(self, ready: socket.socket) -> list[Datagram | Arp]:
        """Take up to ``BATCH`` datagrams, or ARP packets, from a socket that has some."""

    def send(self, datagram: Datagram) -> None:
        """Send a datagram: as a frame when its hardware address is given or it is for everybody, else by UDP.

        Raises:
            OSError: the kernel refused.
            ValueError: the datagram cannot be a packet, or the host has no such interface.
        """
        card = self._card(datagram.interface)
        mac = datagram.destination_mac or (BROADCAST_MAC if datagram.destination == BROADCAST else b"")
        if mac:
            self._frames[card.name].send(udp_frame(datagram, card.mac, mac))
            return
        info = _PKTINFO.pack(self._index[card.name], datagram.source.to_bytes(4, "big"), bytes(4))
        to = (format_ip(datagram.destination), datagram.destination_port)
        self._udp[card.name].sendmsg([datagram.payload], [(socket.IPPROTO_IP, _IP_PKTINFO, info)], 0, to)

    def probe(self, address: int, interface: str) -> None:
        """Ask by ARP who has an address, without claiming to have one (RFC 5227 section 1.1).

        Raises:
            OSError: the kernel refused.
            ValueError: the host has no such interface.
        """
        card = self._card(interface)
        self._frames[interface].send(arp_frame(Arp(ARP_REQUEST, card.mac, 0, bytes(6), address)))

    def close(self) -> None:
        """Close the sockets."""
        for each in (*self._frames.values(), *self._udp.values()):
            each.close()

    def _card(self, interface: str) -> InterfaceSpec:
        if interface not in self._cards:
            raise ValueError(f"the host has no interface {interface!r}; it has {', '.join(self._cards)}")
        return self._cards[interface]


class ServerSockets(DatagramSockets):
    """Sockets of a DHCP server."""

    def __init__(self, interfaces: Sequence[InterfaceSpec], port: int) -> None:
        """Listen on ``port``.

        Raises:
            OSError: the port is taken, or the kernel refused.
        """
        udp = {card.name: _udp_socket(card.name, port) for card in interfaces}
        super().__init__(interfaces, {card.name: _packet_socket(card.name, 0) for card in interfaces}, udp)
        self._names = {each: name for name, each in udp.items()}
        self._port = port

    def sockets(self) -> Iterable[socket.socket]:
        """Return the sockets to wait on."""
        return self._names

    def receive(self, ready: socket.socket) -> list[Datagram | Arp]:
        """Take up to ``BATCH`` datagrams from a socket that has some."""
        interface = self._names[ready]
        found: list[Datagram | Arp] = []
        for _ in range(BATCH):
            try:
                payload, ancillary, _, (source, source_port) = ready.recvmsg(_MAX_FRAME, 64)
            except BlockingIOError:
                break
            _, _, destination = _PKTINFO.unpack(ancillary[0][2])
            found.append(
                Datagram(
                    payload,
                    int.from_bytes(socket.inet_aton(source), "big"),
                    source_port,
                    int.from_bytes(destination, "big"),
                    self._port,
                    interface=interface,
                )
            )
        return found


class ClientSockets(DatagramSockets):
    """Sockets of a DHCP client, which works with and without an address."""

    def __init__(self, interfaces: Sequence[InterfaceSpec]) -> None:
        """Listen for what comes to port 68, whatever address it is for, and for ARP.

        Raises:
            OSError: the kernel refused.
        """
        heard = {card.name: _packet_socket(card.name, ETHERTYPE_IPV4, _FOR_CLIENTS) for card in interfaces}
        # These hold the port, so that the kernel does not answer "port unreachable"; the packet sockets do the hearing.
        holding = {card.name: _udp_socket(card.name, CLIENT_PORT, _NOTHING) for card in interfaces}
        super().__init__(interfaces, heard, holding)
        self._names = {each: name for name, each in heard.items()}
        self._names |= {_packet_socket(card.name, ETHERTYPE_ARP): card.name for card in interfaces}

    def sockets(self) -> Iterable[socket.socket]:
        """Return the sockets to wait on."""
        return self._names

    def receive(self, ready: socket.socket) -> list[Datagram | Arp]:
        """Take up to ``BATCH`` datagrams or ARP packets; frames that are for other hosts are passed over."""
        interface = self._names[ready]
        found: list[Datagram | Arp] = []
        for _ in range(BATCH):
            try:
                data, address = ready.recvfrom(_MAX_FRAME)
            except BlockingIOError:
                break
            if address[2] == _PACKET_OTHERHOST:
                continue
            frame = parse_frame(data, interface=interface)
            if frame.datagram is not None:
                found.append(frame.datagram)
            elif frame.arp is not None:
                found.append(frame.arp)
        return found

    def close(self) -> None:
        """Close the sockets."""
        super().close()
        for each in self._names:
            each.close()


def _udp_socket(interface: str, port: int, program: tuple[tuple[int, int, int, int], ...] = ()) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.encode())
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        made.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if program:
            _attach(made, program)
        made.bind(("", port))
    except BaseException:
        made.close()
        raise
    return made


def _packet_socket(interface: str, protocol: int, program: tuple[tuple[int, int, int, int], ...] = ()) -> socket.socket:
    """Return a packet socket; with ``protocol`` 0 it hears nothing. Its filter is there before it hears anything."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        if program:
            _attach(made, program)
        made.bind((interface, protocol))
    except BaseException:
        made.close()
        raise
    return made


def _attach(to: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    to.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(buffer)))
