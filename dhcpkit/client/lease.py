"""The lease as its client knows it: read from a DHCPACK, kept over a restart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from dhcpkit.client.timers import renewal_times
from dhcpkit.protocol.addresses import BROADCAST, mask_of
from dhcpkit.protocol.dhcp import DhcpMessage
from dhcpkit.protocol.options import INFINITE, OptionCode, read_addresses, read_text

_MULTICAST = 0xE0000000


@dataclass(slots=True, frozen=True)
class ClientLease:
    """What a client was given, and for how long.

    Times are the client's own clock in seconds since the epoch, infinite for a lease that never ends. The lease
    counts from the moment the request was sent, so that it ends no later than on the server (RFC 2131 section 4.4.1).

    Attributes:
        address: The IPv4 address.
        prefix_length: Length of the subnet mask in bits.
        server: Address of the server that gave or last extended it (option 54).
        router: The first default gateway, 0 for none.
        dns: DNS servers, the first one first.
        domain: The connection's DNS suffix, empty for none.
        lease_time: Seconds, as the server said.
        obtained: When the request was sent.
        t1: When the server is asked to extend it.
        t2: When any server is asked.
        expires: When the address must no longer be used.
    """

    address: int
    prefix_length: int
    server: int
    router: int
    dns: tuple[int, ...]
    domain: str
    lease_time: int
    obtained: float
    t1: float
    t2: float
    expires: float

    def to_document(self) -> dict[str, Any]:
        """Return the lease in what JSON can hold; ``from_document`` reads it."""
        return {
            "address": self.address,
            "prefix_length": self.prefix_length,
            "server": self.server,
            "router": self.router,
            "dns": list(self.dns),
            "domain": self.domain,
            "lease_time": self.lease_time,
            "obtained": self.obtained,
            "t1": _finite(self.t1),
            "t2": _finite(self.t2),
            "expires": _finite(self.expires),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> ClientLease:
        """Return the lease that ``to_document`` wrote.

        Raises:
            ValueError: the document is not one that ``to_document`` wrote.
        """
        try:
            times = {name: math.inf if document[name] is None else float(document[name]) for name in _TIMES}
            return cls(**{**document, "dns": tuple(document["dns"]), **times})
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the saved lease of a client cannot be read ({error!r}): {document!r}") from None


_TIMES = ("obtained", "t1", "t2", "expires")


def _finite(time: float) -> float | None:
    return None if time == math.inf else time


def lease_offered(reply: DhcpMessage, asked_at: float) -> ClientLease | None:
    """Return the lease in a DHCPOFFER or DHCPACK, counted from ``asked_at``; None when it cannot be used.

    A reply can be used when it has what RFC 2131 table 3 asks for (a server identifier and a lease time that is not
    0), an address that a host can have, and, if any, a subnet mask that is one. Without a mask the address's class
    says it.
    """
    options = reply.options
    address, lease_time = reply.yiaddr, reply.lease_time
    prefix_length = _prefix_length(options.get(OptionCode.SUBNET_MASK), address)
    if not lease_time or not _is_host(address) or not _is_host(reply.server_identifier) or prefix_length is None:
        return None
    routers = options.get(OptionCode.ROUTER)
    dns = options.get(OptionCode.DOMAIN_NAME_SERVER)
    t1, t2 = renewal_times(lease_time, reply.renewal_time, reply.rebinding_time)
    return ClientLease(
        address=address,
        prefix_length=prefix_length,
        server=reply.server_identifier,
        router=read_addresses(routers)[0] if routers else 0,
        dns=read_addresses(dns) if dns else (),
        domain=read_text(options.get(OptionCode.DOMAIN_NAME, b"")),
        lease_time=lease_time,
        obtained=asked_at,
        t1=asked_at + t1,
        t2=asked_at + t2,
        expires=math.inf if lease_time == INFINITE else asked_at + lease_time,
    )


def _is_host(address: int) -> bool:
    """Say whether a single host can have this address: not 0.x, loopback, multicast or broadcast."""
    return address >> 24 not in (0, 127) and address < _MULTICAST


def _prefix_length(mask: bytes | None, address: int) -> int | None:
    """Return the length of a subnet mask, by the address's class when there is no mask; None for a broken mask."""
    if mask is None:
        return 8 if address < 0x80000000 else 16 if address < 0xC0000000 else 24
    bits = int.from_bytes(mask, "big")
    length = bits.bit_count()
    return length if length and bits == mask_of(length) and bits != BROADCAST else None
