"""``ipconfig`` as Windows 8 prints it: from a host's status to text.

The labels, their dots and the order of the lines are those of Windows, so that what a learner reads here is what they
will read at work. Times are lab time in UTC. What the lab's hosts do not have (IPv6 addresses, a node type, an ISATAP
tunnel) is shown as a fresh Windows 8 has it, the same for the same network card each time.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from dhcpkit.lab.hosts.adapter import AdapterStatus, HostStatus
from dhcpkit.lab.hosts.client import NothingToRelease, RenewalFailed
from dhcpkit.protocol.addresses import format_ip, format_mac, mask_of
from dhcpkit.protocol.options import INFINITE

HEADER = "\nWindows IP Configuration\n\n"
UNRECOGNIZED = "\nError: unrecognized or incomplete command line.\n"
USAGE = """
USAGE:
    ipconfig [/? | /all | /renew [adapter] | /release [adapter]]

where
    adapter            is a connection's name; * and ? stand for any characters

    Options:
       /?              Show this help
       /all            Show the whole configuration
       /release        Give back the adapter's IPv4 address
       /renew          Renew the adapter's IPv4 address

Without an option it shows address, subnet mask and default gateway of each adapter.

Examples:
    > ipconfig /all
    > ipconfig /renew Eth*
"""
"""The switches that the lab's hosts have, in the layout of Windows' own help."""

NOT_PERMISSIBLE = "The operation failed as no adapter is in the state permissible for this operation."

_LEADER = ". " * 16 + "."
"""Dots in every second column: a label covers the first of them."""

_INDENT = " " * 39
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_INTERFACE_INDEX = 12
_DUID_TIME = "00-01-00-01-18-92-5E-0A"
"""Start of the DHCPv6 identifier: type 1 (time and hardware address), Ethernet, and the time of installation."""
_SITE_LOCAL_DNS = ("fec0:0:0:ffff::1%1", "fec0:0:0:ffff::2%1", "fec0:0:0:ffff::3%1")
"""The DNS servers that Windows tries when nobody gave it any."""


class Host(Protocol):
    """What ``ipconfig`` needs of the host it is typed on. Errors that it does not print are passed on."""

    @property
    def status(self) -> HostStatus:
        """The host's IP configuration."""

    def release(self) -> None:
        """Give the address back; raises ``NothingToRelease``."""

    def renew(self, wait: bool = False) -> None:
        """Extend the lease; with ``wait`` return when it is extended, or raise ``RenewalFailed``."""


def run(host: Host, words: Sequence[str]) -> str:
    """Return what ``ipconfig`` prints, and do what it does.

    Args:
        host: The host it is typed on.
        words: What was typed after ``ipconfig``. Case does not matter; a switch may begin with ``/`` or ``-``.
    """
    if not words:
        return brief(host.status)
    switch = words[0].lower().replace("-", "/", 1)
    if switch == "/all" and len(words) == 1:
        return full(host.status)
    if switch == "/?" and len(words) == 1:
        return USAGE
    if switch in ("/release", "/renew") and len(words) <= 2:
        return _change(host, switch, words[1] if len(words) == 2 else "*")
    return f"{UNRECOGNIZED}{USAGE}"


def brief(status: HostStatus) -> str:
    """Return what ``ipconfig`` prints, and ``/release`` and ``/renew`` when they are done: the short form."""
    return HEADER + "".join(f"\n{_title(adapter)}\n\n{_short_block(adapter)}" for adapter in status.adapters)


def full(status: HostStatus) -> str:
    """Return what ``ipconfig /all`` prints."""
    suffixes = [status.primary_suffix] if status.primary_suffix else [a.suffix for a in status.adapters if a.suffix]
    text = HEADER
    text += _line("Host Name", status.name)
    text += _line("Primary Dns Suffix ", status.primary_suffix)
    text += _line("Node Type", "Hybrid")
    text += _line("IP Routing Enabled", "No")
    text += _line("WINS Proxy Enabled", "No")
    if suffixes:
        text += _list("DNS Suffix Search List", list(dict.fromkeys(suffixes)))
    for adapter in status.adapters:
        text += f"\n{_title(adapter)}\n\n{_full_block(adapter)}"
    return text + "".join(_tunnel(adapter) for adapter in status.adapters)


def renewal_error(adapter: str) -> str:
    """Return what ``ipconfig /renew`` prints when no server answers."""
    return (
        f"{HEADER}An error occurred while renewing interface {adapter} : "
        "unable to contact your DHCP server. Request has timed out.\n"
    )


def release_error(adapter: str) -> str:
    """Return what ``ipconfig /release`` prints when there is no lease."""
    return (
        f"{HEADER}An error occurred while releasing interface {adapter} : "
        "An address has not yet been associated with the network endpoint.\n"
    )


def long_date(time: float) -> str:
    """Return a time as Windows writes it in full, ``Friday, January 25, 2013 9:00:00 AM``.

    The time is seconds since the epoch; a lease's fraction of a second is cut off.
    """
    moment = _EPOCH + timedelta(seconds=math.floor(time))
    hour, half = moment.hour % 12 or 12, "PM" if moment.hour >= 12 else "AM"
    date = f"{_WEEKDAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    return f"{date} {hour}:{moment:%M:%S} {half}"


def _change(host: Host, switch: str, pattern: str) -> str:
    """Release or renew the adapter that ``pattern`` names. No host of the lab has two that use DHCP."""
    matching = [each for each in host.status.adapters if fnmatchcase(each.name.lower(), pattern.lower())]
    adapter = next((each for each in matching if each.dhcp_enabled), None)
    if adapter is None:
        return f"{HEADER}{NOT_PERMISSIBLE}\n"
    if not adapter.connected:
        return f"{HEADER}No operation can be performed on {adapter.name} while it has its media disconnected.\n"
    try:
        if switch == "/renew":
            host.renew(wait=True)
        else:
            host.release()
    except RenewalFailed:
        return renewal_error(adapter.name)
    except NothingToRelease:
        return release_error(adapter.name)
    return brief(host.status)


def _short_block(adapter: AdapterStatus) -> str:
    if not adapter.connected:
        return _line("Media State", "Media disconnected") + _line("Connection-specific DNS Suffix ", adapter.suffix)
    text = _line("Connection-specific DNS Suffix ", adapter.suffix)
    text += _line("Link-local IPv6 Address", _link_local(adapter.mac))
    if adapter.address:
        text += _line(_address_label(adapter), format_ip(adapter.address))
        text += _line("Subnet Mask", format_ip(mask_of(adapter.prefix_length)))
    return text + _line("Default Gateway", format_ip(adapter.router) if adapter.router else "")


def _full_block(adapter: AdapterStatus) -> str:
    text = "" if adapter.connected else _line("Media State", "Media disconnected")
    text += _line("Connection-specific DNS Suffix ", adapter.suffix)
    text += _line("Description", "Microsoft Hyper-V Network Adapter")
    text += _line("Physical Address", format_mac(adapter.mac, "-").upper())
    text += _line("DHCP Enabled", "Yes" if adapter.dhcp_enabled else "No")
    text += _line("Autoconfiguration Enabled", "Yes")
    if not adapter.connected:
        return text
    text += _line("Link-local IPv6 Address", f"{_link_local(adapter.mac)}(Preferred)")
    if adapter.address:
        text += _line(_address_label(adapter), f"{format_ip(adapter.address)}(Preferred)")
        text += _line("Subnet Mask", format_ip(mask_of(adapter.prefix_length)))
    if adapter.lease:
        expires = adapter.lease.obtained + INFINITE if adapter.lease.expires == math.inf else adapter.lease.expires
        text += _line("Lease Obtained", long_date(adapter.lease.obtained))
        text += _line("Lease Expires", long_date(expires))
    text += _line("Default Gateway", format_ip(adapter.router) if adapter.router else "")
    if adapter.lease:
        text += _line("DHCP Server", format_ip(adapter.lease.server))
    text += _line("DHCPv6 IAID", str(0x0F000000 | int.from_bytes(adapter.mac[:3], "big")))
    text += _line("DHCPv6 Client DUID", f"{_DUID_TIME}-{format_mac(adapter.mac, '-').upper()}")
    text += "\n"
    text += _list("DNS Servers", [format_ip(address) for address in adapter.dns] or list(_SITE_LOCAL_DNS))
    return text + _line("NetBIOS over Tcpip", "Enabled")


def _tunnel(adapter: AdapterStatus) -> str:
    """Return the block of the tunnel that Windows 8 has for each network card."""
    name = adapter.suffix or f"{{{uuid.uuid5(uuid.NAMESPACE_OID, adapter.mac.hex())}}}".upper()
    text = f"\nTunnel adapter isatap.{name}:\n\n"
    text += _line("Media State", "Media disconnected")
    text += _line("Connection-specific DNS Suffix ", adapter.suffix)
    text += _line("Description", "Microsoft ISATAP Adapter")
    text += _line("Physical Address", "00-00-00-00-00-00-00-E0")
    text += _line("DHCP Enabled", "No")
    return text + _line("Autoconfiguration Enabled", "Yes")


def _title(adapter: AdapterStatus) -> str:
    return f"Ethernet adapter {adapter.name}:"


def _address_label(adapter: AdapterStatus) -> str:
    return "Autoconfiguration IPv4 Address" if adapter.autoconfigured else "IPv4 Address"


def _link_local(mac: bytes) -> str:
    """Return the IPv6 address that follows from a hardware address (RFC 4291 appendix A)."""
    host = bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    groups = [f"{int.from_bytes(host[i : i + 2], 'big'):x}" for i in range(0, 8, 2)]
    return f"fe80::{':'.join(groups)}%{_INTERFACE_INDEX}"


def _list(label: str, values: Sequence[str]) -> str:
    """Return a property with several values: the first beside its label, the others below it."""
    return _line(label, values[0]) + "".join(f"{_INDENT}{value}\n" for value in values[1:])


def _line(label: str, value: str) -> str:
    """Return a property's line: its label, dots up to the column where all values begin, its value."""
    return f"   {label}{_LEADER[len(label) :]} : {value}".rstrip() + "\n"
