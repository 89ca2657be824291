"""Host names of the domain: from what an administrator types to an address."""

from __future__ import annotations

from collections.abc import Mapping

from dhcpkit.protocol.addresses import format_ip, parse_ip


class NameNotFound(LookupError):
    """Nobody in the domain has this name; the text says which names there are."""


def resolve(typed: str, names: Mapping[str, int], domain: str) -> int:
    """Return the address of a host named by its full name, its short name or its address.

    Args:
        typed: What the administrator typed; case does not matter.
        names: Addresses by full name in lower case, ``{"dhcp1.contoso.com": 0x0A000001}``.
        domain: The suffix that a short name gets, ``contoso.com``.

    Raises:
        NameNotFound: the name is not in the domain, or the text looks like an address and is none.
    """
    name = typed.strip().rstrip(".").lower()
    for candidate in (name, f"{name}.{domain}"):
        if candidate in names:
            return names[candidate]
    try:
        return parse_ip(name)
    except ValueError:
        known = ", ".join(sorted(names)) or "none"
        raise NameNotFound(f"the name {typed!r} cannot be resolved; names in {domain}: {known}") from None


def name_of(address: int, names: Mapping[str, int]) -> str:
    """Return the full name of an address, or the address as text when nobody has it."""
    return next((name for name, known in names.items() if known == address), format_ip(address))
