"""Load for a server: new clients, many at a time, each from DISCOVER to ACK. Run on a bare host of a lab.

    python load.py FIRST COUNT WINDOW

Prints ``address hardware lease-time`` as each ACK arrives. Ends when every client has one, or nothing comes any more.
"""

from __future__ import annotations

import select
import socket
import sys

from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.dhcp import BOOTREQUEST, BROADCAST_FLAG, DhcpMessage, MessageType
from dhcpkit.protocol.options import OptionCode

QUIET = 1.0
"""Seconds without any answer after which the load is over."""


def main(first: int, count: int, window: int) -> None:
    """Ask for ``count`` addresses, ``window`` clients at a time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        link.bind(("", 68))
        waiting = set(range(first, first + min(window, count)))
        following = iter(range(first + len(waiting), first + count))
        for number in waiting:
            discover(link, number)
        while waiting and select.select([link], [], [], QUIET)[0]:
            reply = DhcpMessage.decode(link.recv(2048))
            if reply.xid not in waiting:
                continue
            if reply.message_type is MessageType.OFFER:
                request(link, reply)
            elif reply.message_type is MessageType.ACK:
                print(format_ip(reply.yiaddr), reply.chaddr.hex(), reply.lease_time, flush=True)
                waiting.discard(reply.xid)
                number = next(following, None)
                if number is not None:
                    waiting.add(number)
                    discover(link, number)


def discover(link: socket.socket, number: int) -> None:
    """Send the client's first message; its number is its transaction and its hardware address."""
    send(link, number, {OptionCode.MESSAGE_TYPE: bytes([MessageType.DISCOVER])})


def request(link: socket.socket, offer: DhcpMessage) -> None:
    """Take an offer."""
    options = {
        OptionCode.MESSAGE_TYPE: bytes([MessageType.REQUEST]),
        OptionCode.REQUESTED_ADDRESS: offer.yiaddr.to_bytes(4, "big"),
        OptionCode.SERVER_IDENTIFIER: offer.server_identifier.to_bytes(4, "big"),
    }
    send(link, offer.xid, options)


def send(link: socket.socket, number: int, options: dict[int, bytes]) -> None:
    """Broadcast a message of a client, who wants its answer by broadcast too."""
    chaddr = (0x020000000000 + number).to_bytes(6, "big")
    message = DhcpMessage(BOOTREQUEST, number, chaddr, flags=BROADCAST_FLAG, options=dict(options))
    link.sendto(message.encode(), ("255.255.255.255", 67))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
