"""The lab's DHCP client as a node: the client of ``dhcpkit.client`` with a memory and three commands.

The lease is committed before the address is used, so that a client started again asks for it (INIT-REBOOT).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from dhcpkit.client.client import Client
from dhcpkit.client.events import LeaseBound, NoServerAnswered
from dhcpkit.client.lease import ClientLease
from dhcpkit.client.timers import PROBE_WAIT
from dhcpkit.engine.actions import Actions, Commit, Document, Log, Reply
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.adapter import AdapterStatus, HostStatus, adapter_name, automatic_address
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.lab.store import Saved
from dhcpkit.protocol.datagram import CLIENT_PORT, Datagram

LEASE_DOCUMENT = ("client-lease", "eth0")
"""Kind and name of the document that keeps the lease."""


class RenewalFailed(LabError):
    """No server answered, or the attempt was broken off; a lease that the client had still runs."""


class NothingToRelease(LabError):
    """The client has no lease."""


@dataclass(frozen=True, slots=True)
class ClientStatus(HostStatus):
    """The status of a host with one network card that gets its address by DHCP."""

    @property
    def lease(self) -> ClientLease | None:
        """The lease in use, None without one."""
        return self.adapters[0].lease

    @property
    def state(self) -> str:
        """The client's state in RFC 2131 figure 5, ``BOUND``; ``INIT`` also while it is released."""
        return self.adapters[0].state


class ClientNode:
    """A host that runs a DHCP client; implements ``Node``.

    Commands (``lab/node.py``), each answered with a ``ClientStatus``:

    * ``status``: the configuration as it is.
    * ``release``: give the address back. ``NothingToRelease`` without one.
    * ``renew``: extend the lease, or get one. Answered at once, when the question has been sent; with
      ``{"wait": True}`` when there is a lease, or with ``RenewalFailed`` after about half a minute of lab time.

    Args:
        spec: The host; it has one network card, ``eth0``.
        saved: What the host's store has kept.
        probe: Ask by ARP whether somebody uses an address before taking it.
        probe_wait: Seconds of lab time to wait for that answer.

    Raises:
        ValueError: the host is not like that, or its saved lease cannot be read.
    """

    udp_port = CLIENT_PORT
    tcp_ports: tuple[int, ...] = ()

    def __init__(
        self,
        spec: HostSpec,
        saved: Saved | None = None,
        *,
        probe: bool = True,
        probe_wait: float = PROBE_WAIT,
    ) -> None:
        if [card.name for card in spec.interfaces] != ["eth0"]:
            raise ValueError(f"the client {spec.name} needs exactly one network card, eth0")
        kept = saved.documents.get(LEASE_DOCUMENT) if saved else None
        self._spec = spec
        self._mac = spec.interfaces[0].mac
        self._kept = None if kept is None else ClientLease.from_document(kept)
        self._client = Client(
            self._mac,
            hostname=spec.name,
            # A client started again does not repeat its transaction numbers: a late answer could match them.
            rng=random.Random(f"{spec.seed} {self._mac.hex()} {self._kept.obtained if self._kept else 0}"),
            probe=probe,
            probe_wait=probe_wait,
            remembered=self._kept,
        )
        self._waiting: list[int] = []

    def start(self, now: float) -> Actions:
        """Ask for the address that is remembered, or for any."""
        return self._finish(self._client.start(now))

    def stop(self, now: float) -> Actions:
        """Stop using the address; the lease stays in the store for the next start."""
        return self._finish(self._client.stop(now), broken_off="the DHCP client was stopped")

    def datagram(self, datagram: Datagram, now: float) -> Actions:
        """Take in what a server sent."""
        return self._finish(self._client.datagram(datagram, now))

    def tick(self, now: float) -> Actions:
        """Ask again, renew, or give up, whatever is due."""
        return self._finish(self._client.tick(now))

    def next_deadline(self) -> float | None:
        """Return when the client wants to do something next."""
        return self._client.next_deadline()

    def address_in_use(self, address: int, mac: bytes, now: float) -> Actions:
        """Decline an address that somebody else uses."""
        return self._finish(self._client.address_in_use(address, mac, now))

    def command(self, number: int, name: str, arguments: dict[str, Any], now: float) -> Actions:
        """Carry out ``renew``, ``release`` or ``status``."""
        expected = {"wait"} if name == "renew" else set()
        if name not in ("renew", "release", "status"):
            error = f"a client knows no command {name!r}; it knows renew, release and status"
        elif unknown := sorted(arguments.keys() - expected):
            error = f"{name} takes no argument {unknown[0]!r}"
        elif not isinstance(arguments.get("wait", False), bool):
            error = f"the argument 'wait' of renew is True or False, not {arguments['wait']!r}"
        elif name == "renew":
            return self._renew(number, bool(arguments.get("wait", False)), now)
        elif name == "release":
            return self._release(number, now)
        else:
            return [Reply(number, self.status())]
        return [Reply(number, error=LabError(error))]

    def status(self) -> ClientStatus:
        """Return the host's configuration.

        When no server has answered for half a minute it names the 169.254 address that Windows would have given
        itself by then. The lab's network card stays without one.
        """
        client, lease = self._client, self._client.lease
        adapter = AdapterStatus(
            name=adapter_name(0),
            mac=self._mac,
            dhcp_enabled=True,
            lease=lease,
            state=client.state,
            released=lease is None and client.next_deadline() is None,
        )
        if lease:
            adapter = replace(
                adapter,
                address=lease.address,
                prefix_length=lease.prefix_length,
                router=lease.router,
                dns=lease.dns,
                suffix=lease.domain,
            )
        elif client.unanswered:
            adapter = replace(adapter, address=automatic_address(self._mac), prefix_length=16, autoconfigured=True)
        return ClientStatus(self._spec.name, "", (adapter,))

    def stream_accepted(self, stream: str, port: int, peer: int, now: float) -> Actions:
        """Never happens: a client takes no connections."""
        return []

    def stream_opened(self, stream: str, now: float) -> Actions:
        """Never happens: a client opens no connections."""
        return []

    def stream_data(self, stream: str, data: bytes, now: float) -> Actions:
        """Never happens: a client has no streams."""
        return []

    def stream_closed(self, stream: str, because: str, now: float) -> Actions:
        """Never happens: a client has no streams."""
        return []

    def _renew(self, number: int, wait: bool, now: float) -> Actions:
        actions = self._client.renew(now)
        if wait:
            self._waiting.append(number)
            return self._finish(actions)
        return [*self._finish(actions), Reply(number, self.status())]

    def _release(self, number: int, now: float) -> Actions:
        if self._client.lease is None:
            return [Reply(number, error=NothingToRelease(f"{self._spec.name} has no lease to release"))]
        actions = self._finish(self._client.release(now), broken_off="the address was released")
        return [*actions, Reply(number, self.status())]

    def _finish(self, actions: Actions, broken_off: str = "") -> Actions:
        """Keep the lease when it has changed, and answer the renewals that wait for it."""
        lease = self._client.remembered
        if lease is not self._kept:
            self._kept = lease
            kept = Document(*LEASE_DOCUMENT, lease.to_document() if lease else None)
            actions = [Commit(documents=(kept,)), *actions]
        if not self._waiting:
            return actions
        logged = [action.event for action in actions if isinstance(action, Log)]
        if any(isinstance(event, LeaseBound) for event in logged):
            return [*actions, *(Reply(number, self.status()) for number in self._taken())]
        if broken_off or any(isinstance(event, NoServerAnswered) for event in logged):
            why = broken_off or "no DHCP server answered"
            error = RenewalFailed(f"{self._spec.name} could not renew its address: {why}")
            return [*actions, *(Reply(number, error=error) for number in self._taken())]
        return actions

    def _taken(self) -> list[int]:
        waiting, self._waiting = self._waiting, []
        return waiting
