"""What a host tells about its network cards: the value that ``ipconfig`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dhcpkit.client.lease import ClientLease
from dhcpkit.lab.hosts.spec import HostSpec


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """A network card and its IP configuration.

    Attributes:
        name: Its name as Windows calls connections, ``Ethernet``.
        mac: Its hardware address.
        dhcp_enabled: It gets its address by DHCP; False for a fixed address.
        address: Its address, 0 for none.
        prefix_length: Length of its subnet mask in bits, 0 without an address.
        router: Its default gateway, 0 for none.
        dns: Its DNS servers.
        suffix: Its connection-specific DNS suffix, empty for none.
        lease: The lease that the address comes from, None without one.
        state: The DHCP client's state (``BOUND``), empty for a fixed address.
        released: The client has no address and does not look for one until it is told to renew.
        autoconfigured: The address is one of 169.254.0.0/16 that the host chose itself.
        connected: Its cable is plugged in.
    """

    name: str
    mac: bytes
    dhcp_enabled: bool
    address: int = 0
    prefix_length: int = 0
    router: int = 0
    dns: tuple[int, ...] = ()
    suffix: str = ""
    lease: ClientLease | None = None
    state: str = ""
    released: bool = False
    autoconfigured: bool = False
    connected: bool = True


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host's names and network cards. ``primary_suffix`` is the domain it has joined, empty for none."""

    name: str
    primary_suffix: str
    adapters: tuple[AdapterStatus, ...]


def fixed_status(spec: HostSpec, dns: Sequence[int]) -> HostStatus:
    """Return the status of a host that has fixed addresses and has joined the domain: a server of the lab."""
    adapters = tuple(
        AdapterStatus(
            name=adapter_name(number),
            mac=card.mac,
            dhcp_enabled=False,
            address=card.address,
            prefix_length=card.prefix_length,
            dns=tuple(dns),
        )
        for number, card in enumerate(spec.interfaces)
    )
    return HostStatus(spec.name, spec.domain, adapters)


def adapter_name(number: int) -> str:
    """Return Windows' name of a host's network card, counted from 0: ``Ethernet``, ``Ethernet 2`` and so on."""
    return f"Ethernet {number + 1}" if number else "Ethernet"


def automatic_address(mac: bytes) -> int:
    """Return the address of 169.254.1.0 to 169.254.254.255 that a host with this card would try first (RFC 3927)."""
    return 0xA9FE0100 + int.from_bytes(mac[-3:], "big") % (254 * 256)
