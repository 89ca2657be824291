"""The numbers of the guide's test lab (guide, "Scenario overview" and "Configure DHCP on DHCP2")."""

from __future__ import annotations

from typing import Any

from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.protocol.addresses import format_ip, parse_ip
from dhcpkit.protocol.options import OptionCode

DOMAIN = "contoso.com"
DHCP1 = parse_ip("10.0.0.1")
DHCP2 = parse_ip("10.0.0.2")
SCOPE_ID = "10.0.0.0"
MCLT = 60
"""Seconds; the guide sets 1 minute for the lab and advises 1 hour in production."""
SECRET = "secret"
RELATIONSHIP = f"dhcp2.{DOMAIN}-dhcp1.{DOMAIN}"

_MAC_PREFIX = bytes.fromhex("00155d0000")


def scope_arguments() -> dict[str, Any]:
    """Contoso-scope1 as the New Scope wizard makes it on DHCP2: what ``Scope.create`` takes."""
    return {
        "name": "Contoso-scope1",
        "start": parse_ip("10.0.0.1"),
        "end": parse_ip("10.0.0.254"),
        "prefix_length": 24,
        "exclusions": [(parse_ip("10.0.0.1"), parse_ip("10.0.0.10"))],
        "lease_duration": 120,
        "options": {
            int(OptionCode.DOMAIN_NAME_SERVER): DHCP1.to_bytes(4, "big"),
            int(OptionCode.DOMAIN_NAME): DOMAIN.encode(),
        },
    }


def server(name: str, address: int, key: bytes, seed: int, last_byte: int) -> HostSpec:
    """A server of the lab with a fixed address on its one segment, 10.0.0.0/24."""
    card = InterfaceSpec(mac=_MAC_PREFIX + bytes([last_byte]), address=address, prefix_length=24)
    names = {f"dhcp1.{DOMAIN}": DHCP1, f"dhcp2.{DOMAIN}": DHCP2}
    return HostSpec(name, "server", (card,), names=names, domain=DOMAIN, seed=seed, key=key)


def client(number: int, seed: int) -> HostSpec:
    """Client1, Client2, ...: a client with the hardware address 00-15-5D-00-00-03 and on.

    Raises:
        ValueError: the number is not of 1 to 60,000.
    """
    if not 1 <= number <= 60_000:
        raise ValueError(f"client number {number} is out of range; a lab takes 1 to 60,000 clients")
    mac = (int.from_bytes(_MAC_PREFIX + b"\0", "big") + 2 + number).to_bytes(6, "big")
    return HostSpec(f"Client{number}", "client", (InterfaceSpec(mac=mac),), domain=DOMAIN, seed=seed)


def hosts(seed: int, key: bytes) -> list[HostSpec]:
    """The guide's three computers."""
    return [
        server("DHCP1", DHCP1, key, seed + 1, 0x01),
        server("DHCP2", DHCP2, key, seed + 2, 0x02),
        client(1, seed + 3),
    ]


def describe_scope() -> str:
    """The guide's scope in a line, for people."""
    arguments = scope_arguments()
    first, last = arguments["exclusions"][0]
    return (
        f"{arguments['name']}: {format_ip(arguments['start'])} - {format_ip(arguments['end'])},"
        f" without {format_ip(first)} - {format_ip(last)}, lease {arguments['lease_duration']} s"
    )
