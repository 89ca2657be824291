"""What one input changed in the lease table: gathered while deciding, then put into actions in the right order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dhcpkit.engine.actions import Action, Actions, Commit, Log
from dhcpkit.engine.authority import Authority
from dhcpkit.engine.events import LeaseChanged
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.engine.requests import Request
from dhcpkit.protocol.failover.codes import BindingStatus

NEVER = 0xFFFFFFFF
"""The last second that the protocols can write; a lease that never ends, or ends later, ends then."""

ENDED = frozenset({BindingStatus.EXPIRED, BindingStatus.RELEASED, BindingStatus.RESET})
"""What an address is between its client and being free (draft section 7)."""


class Changes:
    """The changes of one input; each is told to the scope's authority as it is made."""

    def __init__(self, table: LeaseTable, authority: Callable[[int], Authority], now: float) -> None:
        self._table = table
        self._authority = authority
        self._now = now
        self._leases: dict[int, Lease] = {}
        self._told: Actions = []
        self._logs: list[Action] = []

    def bind(self, request: Request, address: int, lease_time: int) -> None:
        """Give an address to a client for ``lease_time`` seconds from now.

        Raises:
            KeyError: no scope leases the address.
        """
        present = self._table.get(address)
        lease = present or self._table.record(address)
        now = int(self._now)
        fields: dict[str, Any] = {
            "status": BindingStatus.ACTIVE,
            "expires": min(math.ceil(self._now) + lease_time, NEVER),
            "contacted": now,
            "granted_by": request.server,
        }
        same_client = lease.client == request.client
        if not same_client:
            # What was promised to the client before means nothing to this one.
            fields.update(client_id=request.client_id, sent_potential=0, acked_potential=0, received_potential=0)
        if not same_client or lease.status is not BindingStatus.ACTIVE:
            fields["started"] = now
        if lease.hardware != request.hardware:
            fields["hardware"] = request.hardware
        if request.hostname or not same_client:
            fields["hostname"] = request.hostname
        if not request.unicast:
            # A renewal passes the relay by, so what the relay said is remembered until it speaks again.
            fields["relay_info"] = request.message.relay_info if request.message.giaddr else b""
        self._change(lease, "client", None if present is None else lease.status, fields)

    def release(self, lease: Lease) -> None:
        """Take a lease back that its client released, and free it if that may be."""
        now = int(self._now)
        self.change(lease, "client", status=BindingStatus.RELEASED, started=now, contacted=now)
        self.free(lease, "client")

    def abandon(self, lease: Lease, hold: int) -> None:
        """Set an address aside for ``hold`` seconds: its client found that somebody else uses it.

        The client is forgotten (draft section 7.1.2), else it would be given the same address again.
        """
        now = int(self._now)
        decliner = lease.client_id, lease.hardware, lease.hostname
        fields: dict[str, Any] = {
            "status": BindingStatus.ABANDONED,
            "started": now,
            "expires": math.ceil(self._now) + hold,
            "contacted": now,
            "client_id": b"",
            "hardware": b"",
            "hostname": "",
            "relay_info": b"",
        }
        self._change(lease, "client", lease.status, fields, decliner)

    def reset(self, lease: Lease) -> None:
        """End the hold time of an abandoned address, and free it if that may be."""
        self.change(lease, "timer", status=BindingStatus.RESET, started=int(self._now), expires=0)
        self.free(lease, "timer")

    def expire(self, lease: Lease) -> None:
        """End an overdue lease, and free its address if that may be."""
        self.change(lease, "timer", status=BindingStatus.EXPIRED, started=int(self._now))
        self.free(lease, "timer")

    def free(self, lease: Lease, by: str) -> bool:
        """Free an ended lease's address if that may be; say whether it was. Its client is remembered."""
        if lease.status not in ENDED or not self._authority(lease.scope).reusable(lease, self._now):
            return False
        self.change(lease, by, status=BindingStatus.FREE, started=int(self._now))
        return True

    def change(self, lease: Lease, by: str, **fields: Any) -> None:
        """Change a lease, tell its scope's authority, and log it. ``by`` is as in ``LeaseChanged``."""
        self._change(lease, by, lease.status, fields)

    def actions(self, *others: Action) -> Actions:
        """Return the commit of what changed, then ``others``, what the authority asked for, and the log entries."""
        if not self._leases:
            return [*others]
        return [Commit(tuple(self._leases.values())), *others, *self._told, *self._logs]

    def _change(
        self,
        lease: Lease,
        by: str,
        previous: BindingStatus | None,
        fields: dict[str, Any],
        client: tuple[bytes, bytes, str] | None = None,
    ) -> None:
        self._table.change(lease, **fields)
        self._told += self._authority(lease.scope).changed(lease, self._now)
        self._leases[lease.address] = lease
        client_id, hardware, hostname = client or (lease.client_id, lease.hardware, lease.hostname)
        self._logs.append(
            Log(
                LeaseChanged(
                    lease.address,
                    lease.scope,
                    lease.status,
                    previous,
                    client_id,
                    hardware,
                    hostname,
                    lease.expires,
                    lease.granted_by,
                    by,
                )
            )
        )
