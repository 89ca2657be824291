"""What a host is before it runs: a value that can be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InterfaceSpec:
    """A network card: its hardware address, the segment it is plugged into, and a fixed address if it has one.

    ``address`` is 0 and ``prefix_length`` 0 for a client's interface that gets its address by DHCP.
    """

    mac: bytes
    address: int = 0
    prefix_length: int = 0
    network: str = "lan"
    name: str = "eth0"


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host of the lab.

    Attributes:
        name: Short name as people say it, ``DHCP1``; hosts are found by it whatever its case.
        kind: ``server``, ``client`` (the course's own client) or ``bare`` (no service: for other programs).
        interfaces: Its network cards; the first is the one that failover uses.
        names: Addresses of the domain's hosts by full name, for a server to find its partner.
        domain: Suffix of the host's full name.
        skew: Seconds by which the host's clock is ahead of the lab's; negative is behind.
        seed: Seed of everything random on this host.
        key: Secret shared by the lab's servers, for management calls between them.
    """

    name: str
    kind: str
    interfaces: tuple[InterfaceSpec, ...]
    names: dict[str, int] = field(default_factory=dict)
    domain: str = "contoso.com"
    skew: float = 0.0
    seed: int = 0
    key: bytes = b""

    @property
    def full_name(self) -> str:
        """The host's name in the domain, ``dhcp1.contoso.com``."""
        return f"{self.name.lower()}.{self.domain}"
