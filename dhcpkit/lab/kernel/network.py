"""Bridges, cables and addresses, made by netlink.

A segment is a bridge in the helper's network namespace. A host's network card is one end of a veth pair; the other
end is a port of the bridge. No link has an IPv6 address, so that only what the lab does is on the wire.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct
from typing import Any

from dhcpkit.lab.hosts.spec import InterfaceSpec
from dhcpkit.lab.kernel import netlink
from dhcpkit.protocol.addresses import format_ip, format_mac, mask_of, parse_ip

netlink.import_messages_only()

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg  # noqa: E402 - after the lean import above
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg  # noqa: E402 - after the lean import above
from pyroute2.netlink.rtnl.rtmsg import rtmsg  # noqa: E402 - after the lean import above

_RTM_NEWLINK, _RTM_NEWADDR, _RTM_DELADDR, _RTM_GETADDR, _RTM_NEWROUTE, _RTM_DELROUTE = 16, 20, 21, 22, 24, 25
_CREATE = netlink.NLM_F_CREATE | netlink.NLM_F_EXCL
_IFF_UP = 1
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17


class Segments:
    """The bridges of a lab, by the name that interfaces call their network, and their ports."""

    def __init__(self) -> None:
        self._netlink = netlink.Netlink()
        self._bridges: dict[str, str] = {}
        self._ports = 0
        _set_up(self._netlink, socket.if_nametoindex("lo"))

    def bridge(self, network: str) -> str:
        """Return the name of a network's bridge, which is made when there is none yet.

        Raises:
            OSError: the kernel refused.
        """
        if network not in self._bridges:
            name = f"br{len(self._bridges)}"
            data = [("IFLA_BR_MCAST_SNOOPING", 0), ("IFLA_BR_STP_STATE", 0)]
            self._netlink.request(
                _link(attributes=[("IFLA_IFNAME", name), _kind("bridge", data)]), _RTM_NEWLINK, _CREATE, "add bridge"
            )
            _set_up(self._netlink, socket.if_nametoindex(name))
            self._bridges[network] = name
        return self._bridges[network]

    def plug(self, interface: InterfaceSpec, namespace: int) -> str:
        """Give a host its network card and plug its cable into the bridge; return the name of the bridge's port.

        Args:
            interface: The card as the host is to have it; it is left down.
            namespace: Descriptor of the host's network namespace.

        Raises:
            OSError: the kernel refused.
        """
        bridge = socket.if_nametoindex(self.bridge(interface.network))
        self._ports += 1
        port = f"port{self._ports}"
        peer = [
            ("IFLA_IFNAME", interface.name),
            ("IFLA_ADDRESS", format_mac(interface.mac)),
            ("IFLA_NET_NS_FD", namespace),
        ]
        pair = _kind("veth", [("VETH_INFO_PEER", {"index": 0, "attrs": peer})])
        self._netlink.request(
            _link(attributes=[("IFLA_IFNAME", port), ("IFLA_MASTER", bridge), pair]), _RTM_NEWLINK, _CREATE, "add veth"
        )
        _set_up(self._netlink, socket.if_nametoindex(port))
        return port

    def set_carrier(self, port: str, on: bool) -> None:
        """Pull a cable out of the bridge, or plug it in again; the host sees its carrier go or come.

        Raises:
            OSError: the kernel refused.
        """
        flags = _IFF_UP if on else 0
        self._netlink.request(_link(socket.if_nametoindex(port), flags, _IFF_UP), _RTM_NEWLINK, what=f"switch {port}")


class Addresses:
    """The interfaces of the network namespace in which this is made: bring them up, give them addresses."""

    def __init__(self) -> None:
        self._netlink = netlink.Netlink()

    def close(self) -> None:
        """Let go of the netlink socket; what was configured stays."""
        self._netlink.close()

    def bring_up(self, interface: InterfaceSpec) -> None:
        """Bring a card up, with its fixed address if it has one; and the loopback.

        Checksums are computed before a frame leaves, not left to hardware that is not there, so that every frame on
        the wire is as a real one would be.

        Raises:
            OSError: the kernel refused.
        """
        _set_up(self._netlink, socket.if_nametoindex("lo"))
        _checksum_in_software(interface.name)
        _set_up(self._netlink, socket.if_nametoindex(interface.name))
        if interface.address:
            self.configure(interface.name, interface.address, interface.prefix_length)

    def configure(self, interface: str, address: int, prefix_length: int = 0, router: int = 0) -> None:
        """Make this the interface's only address (0: none), with the default route through ``router`` (0: none).

        Raises:
            OSError: the kernel refused.
        """
        index = socket.if_nametoindex(interface)
        self._forget_default_route(index)
        wanted = (address, prefix_length)
        held = self._held(index)
        for one in held:
            if one != wanted:
                self._netlink.request(_address(index, *one), _RTM_DELADDR, what=f"remove address of {interface}")
        if address and wanted not in held:
            self._netlink.request(
                _address(index, address, prefix_length), _RTM_NEWADDR, _CREATE, f"give {interface} an address"
            )
        if address and router:
            route = _default_route([("RTA_GATEWAY", format_ip(router)), ("RTA_OIF", index)])
            self._netlink.request(
                route, _RTM_NEWROUTE, netlink.NLM_F_CREATE | netlink.NLM_F_REPLACE, "set the default route"
            )

    def _held(self, index: int) -> list[tuple[int, int]]:
        question = ifaddrmsg()
        question["family"] = socket.AF_INET
        held = []
        for raw in self._netlink.dump(question, _RTM_GETADDR):
            message = ifaddrmsg(raw)
            message.decode()
            if message["index"] == index:
                held.append((parse_ip(message.get_attr("IFA_LOCAL")), message["prefixlen"]))
        return held

    def _forget_default_route(self, index: int) -> None:
        try:
            self._netlink.request(_default_route([("RTA_OIF", index)]), _RTM_DELROUTE, what="remove the default route")
        except OSError as error:
            if error.errno != errno.ESRCH:  # there was none
                raise


def _link(index: int = 0, flags: int = 0, change: int = 0, attributes: Any = ()) -> Any:
    message = ifinfmsg()
    message["index"], message["flags"], message["change"] = index, flags, change
    message["attrs"] = list(attributes)
    return message


def _kind(kind: str, data: list[Any]) -> Any:
    return ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", {"attrs": data})]})


def _set_up(link: netlink.Netlink, index: int) -> None:
    """Switch a link on, with no IPv6 address of its own making (nothing to tell where there is no IPv6 at all)."""
    quiet = ("IFLA_AF_SPEC", {"attrs": [("AF_INET6", {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", 1)]})]})
    if os.path.exists("/proc/sys/net/ipv6"):
        link.request(_link(index, attributes=[quiet]), _RTM_NEWLINK, what="switch IPv6 off")
    link.request(_link(index, _IFF_UP, _IFF_UP), _RTM_NEWLINK, what="switch a link on")


def _address(index: int, address: int, prefix_length: int) -> Any:
    message = ifaddrmsg()
    message["family"], message["index"], message["prefixlen"] = socket.AF_INET, index, prefix_length
    message["attrs"] = [("IFA_LOCAL", format_ip(address)), ("IFA_ADDRESS", format_ip(address))]
    if prefix_length < 31:
        broadcast = address | mask_of(prefix_length) ^ 0xFFFFFFFF
        message["attrs"].append(("IFA_BROADCAST", format_ip(broadcast)))
    return message


def _default_route(attributes: list[Any]) -> Any:
    message = rtmsg()
    message["family"], message["table"] = socket.AF_INET, 254  # RT_TABLE_MAIN
    message["proto"], message["type"] = 16, 1  # RTPROT_DHCP, RTN_UNICAST
    message["scope"], message["dst_len"] = 0, 0
    message["attrs"] = attributes
    return message


def _checksum_in_software(interface: str) -> None:
    setting = array.array("B", struct.pack("=II", _ETHTOOL_STXCSUM, 0))
    location, _ = setting.buffer_info()
    request = struct.pack("16sP16x", interface.encode(), location)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCETHTOOL, request)
