"""Cuts links in the kernel: by the carrier of a bridge's ports, and by nftables rules in the bridge.

A cable cut both ways is pulled out of the bridge, so that programs see the carrier go. All other cuts are rules of the
bridge family: frames sent through packet sockets pass the inet family's hooks by.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dhcpkit.lab.cuts import Cuts
from dhcpkit.lab.kernel import netlink

if TYPE_CHECKING:
    from dhcpkit.lab.kernel.network import Segments

_NFT = 10 << 8  # NFNL_SUBSYS_NFTABLES
_NFT_NEWTABLE, _NFT_DELTABLE, _NFT_NEWCHAIN, _NFT_NEWRULE = _NFT | 0, _NFT | 2, _NFT | 3, _NFT | 6
_NFPROTO_BRIDGE = 7
_TABLE = "cuts"
_PREROUTING, _FORWARD = "prerouting", "forward"
_HOOKS = {_PREROUTING: 0, _FORWARD: 2}
_DROP, _ACCEPT = 0, 1
_IFNAME_SIZE = 16


class Switchboard:
    """Makes cuts true: by the carrier of the bridges' ports and by one nftables table, replaced as a whole."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._ports: dict[str, dict[str, str]] = {}
        self._unplugged: set[str] = set()
        self._rules: list[Any] = []
        self._cuts = Cuts()

    def add_host(self, host: str, ports: dict[str, str]) -> None:
        """Take note of a host's ports, by the name of the network they are on."""
        self._ports[host] = ports

    def change(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        """Cut or mend, as ``Cuts.change``.

        Raises:
            OSError: the kernel refused; what passes is as it was before.
            ValueError: the two hosts are on no network in common.
        """
        if peer is not None and not self._ports[host].keys() & self._ports[peer].keys():
            raise ValueError(f"{host} and {peer} share no network, so there is no path between them to cut")
        before = self._cuts.state(host, peer)
        self._cuts.change(host, peer, inbound, outbound)
        try:
            self._apply()
        except BaseException:
            self._cuts.change(host, peer, *before)
            raise

    def _apply(self) -> None:
        rules = [(_PREROUTING, port, "") for host in sorted(self._cuts.mute) for port in self._ports[host].values()]
        rules += [(_FORWARD, "", port) for host in sorted(self._cuts.deaf) for port in self._ports[host].values()]
        for sender, receiver in sorted(self._cuts.paths):
            theirs = self._ports[receiver]
            rules += [(_FORWARD, port, theirs[name]) for name, port in self._ports[sender].items() if name in theirs]
        if rules != self._rules:
            _replace_rules(rules, had_some=bool(self._rules))
            self._rules = rules
        unplugged = self._cuts.unplugged
        for host in unplugged ^ self._unplugged:
            for port in self._ports[host].values():
                self._segments.set_carrier(port, host not in unplugged)
        self._unplugged = unplugged


def _replace_rules(rules: list[tuple[str, str, str]], had_some: bool) -> None:
    """Have the bridge drop what enters and leaves by these (chain, entry port, exit port); empty means any port."""
    from pyroute2.netlink.nfnetlink import nfgen_msg, nftsocket

    def message(kind: Callable[[], Any], **fields: Any) -> Any:
        made = kind()
        made["nfgen_family"] = _NFPROTO_BRIDGE
        made["attrs"] = [(kind.name2nla(name), value) for name, value in fields.items()]  # type: ignore[attr-defined]
        return made

    def bound() -> Any:
        edge = nfgen_msg()
        edge["res_id"] = _NFT >> 8
        return edge

    create = netlink.NLM_F_CREATE
    batch = []
    if had_some:
        batch.append((message(nftsocket.nft_table_msg, name=_TABLE), _NFT_DELTABLE, 0))
    if rules:
        batch.append((message(nftsocket.nft_table_msg, name=_TABLE), _NFT_NEWTABLE, create))
        for chain, number in _HOOKS.items():
            hook = {"attrs": [("NFTA_HOOK_HOOKNUM", number), ("NFTA_HOOK_PRIORITY", 0)]}
            made = message(nftsocket.nft_chain_msg, table=_TABLE, name=chain, hook=hook, type="filter", policy=_ACCEPT)
            batch.append((made, _NFT_NEWCHAIN, create))
    for chain, entry, leave in rules:
        expressions = _matches(nftsocket.Meta.NFT_META_IIFNAME, entry)
        expressions += _matches(nftsocket.Meta.NFT_META_OIFNAME, leave)
        verdict = {"attrs": [("NFTA_DATA_VERDICT", {"attrs": [("NFTA_VERDICT_CODE", _DROP)]})]}
        expressions.append(_expression("immediate", dreg=nftsocket.Regs.NFT_REG_VERDICT, data=verdict))
        made = message(nftsocket.nft_rule_msg, table=_TABLE, chain=chain, expressions=expressions)
        batch.append((made, _NFT_NEWRULE, create | netlink.NLM_F_APPEND))
    try:
        with netlink.Netlink(netlink.NETLINK_NETFILTER) as filters:
            filters.batch(bound(), batch, bound(), "cut a link with nftables")
    except OSError as error:
        if error.errno in (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.EOPNOTSUPP, errno.ENOENT):
            raise OSError(
                error.errno,
                "this kernel has no nftables for bridges (CONFIG_NF_TABLES_BRIDGE), so a link can only be cut whole; "
                "load the module nf_tables, or cut the host's cable in both directions",
            ) from None
        raise


def _matches(key: Any, name: str) -> list[Any]:
    """Return the expressions that let a rule go on only when the frame's port has this name; none for any port."""
    if not name:
        return []
    value = {"attrs": [("NFTA_DATA_VALUE", name.encode().ljust(_IFNAME_SIZE, b"\0"))]}
    return [_expression("meta", key=key, dreg=1), _expression("cmp", sreg=1, op=0, data=value)]


def _expression(name: str, **fields: Any) -> Any:
    attributes = [(f"NFTA_{name.upper()}_{field.upper()}", value) for field, value in fields.items()]
    return {"attrs": [("NFTA_EXPR_NAME", name), ("NFTA_EXPR_DATA", {"attrs": attributes})]}
