"""Binding updates between the two servers: telling the partner of changes, and taking in what it tells.

A lease that the partner tells of is durable before the BNDACK leaves, for both are in one list of actions. What this
server tells is the lease as it is when its turn comes (``updates.py``); which updates are accepted is a table
(``bindings.py``).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from dhcpkit.engine.actions import Actions
from dhcpkit.engine.events import LeaseChanged
from dhcpkit.engine.lease import Lease
from dhcpkit.engine.leases import LeaseTable
from dhcpkit.failover.bindings import ENDED, UNUSED, Refusal, incomplete, partner_wins, refuses, same_news, settled
from dhcpkit.failover.connection import clock_error
from dhcpkit.failover.events import UpdateRejected
from dhcpkit.failover.lease_times import potential_expiration
from dhcpkit.failover.session import Session
from dhcpkit.failover.settings import Settings
from dhcpkit.failover.states import QUIET_STATES
from dhcpkit.failover.updates import Sent
from dhcpkit.protocol.failover.codes import BindingStatus, MessageType, Option, RejectReason
from dhcpkit.protocol.failover.message import FailoverMessage
from dhcpkit.protocol.failover.payloads import (
    BindingAcknowledgement,
    BindingUpdate,
    MissingOption,
    OptionList,
    Rejection,
)

_HOST_NAME = 12
_RELAY_INFORMATION = 82
_MAX_CLIENT_ID = 1200
"""Bytes of a client identifier that fit into one message with everything else that an update may hold."""
_ACK_SIZE = 1500
"""Bytes of answers after which a BNDACK is sent and another begun."""
_LAST_TIME = 0xFFFFFFFF


class Exchange(Session):
    """The part of an endpoint that keeps the two lease tables equal."""

    def __init__(self, settings: Settings, table: LeaseTable) -> None:
        super().__init__(settings)
        self.table = table

    def changed(self, lease: Lease, now: float) -> Actions:
        """Take note that this server changed a lease; return what tells the partner."""
        lease.unacknowledged = True
        if lease.status in UNUSED:
            self._clear_times(lease)
        self._queue.add(lease.address)
        self._pump(now)
        return self._out.take()

    # Sending

    def _unacknowledged(self) -> list[int]:
        """Return every address of the relationship whose last change the partner has not acknowledged."""
        return [lease.address for lease in self._leases() if lease.unacknowledged]

    def _leases(self) -> list[Lease]:
        return [lease for scope in self.settings.scopes for lease in self._leases_of(scope)]

    def _leases_of(self, scope: int) -> list[Lease]:
        return list(self.table.in_scope(scope)) if scope in self.table.scopes else []

    def _pump(self, now: float) -> None:
        """Send the updates whose turn has come, and the UPDDONE when a request is fulfilled."""
        if not self.in_contact:
            return
        only_requested = self.state in QUIET_STATES
        while (address := self._queue.next(only_requested=only_requested)) is not None:
            lease = self.table.get(address)
            if lease is None:
                self._queue.overtake(address)
            elif len(lease.client_id) > _MAX_CLIENT_ID:
                self._queue.give_up(address)
                self._rejected(address, Refusal(RejectReason.UNKNOWN, "the client identifier fits in no message"))
            else:
                self._tell(lease, now)
        xid = self._queue.finished_request()
        if xid is not None:
            self._send(MessageType.UPDDONE, [], now, xid=xid)

    def _tell(self, lease: Lease, now: float) -> None:
        status = lease.status
        potential = 0
        if status is BindingStatus.ACTIVE:
            desired = self.table.scopes[lease.scope].lease_duration
            potential = min(potential_expiration(lease.contacted, lease.expires, desired), _LAST_TIME)
            lease.sent_potential = potential
            self._out.commit(lease)
        elif status is BindingStatus.BACKUP and lease.address in self._queue.reclaims:
            status = BindingStatus.FREE
        update = BindingUpdate(
            address=lease.address,
            status=status,
            client_id=lease.client_id,
            hardware=lease.hardware,
            expires=lease.expires,
            potential=potential,
            started=lease.started,
            contacted=lease.contacted,
            request_options=_request_options(lease),
        )
        xid = self._send(MessageType.BNDUPD, update.to_options(all_times=self.dialect.all_times), now)
        self._queue.sent(xid, Sent(lease.address, status, potential))

    def _updates_requested(self, message: FailoverMessage, now: float) -> None:
        """Send the updates that the partner asks for (UPDREQ, UPDREQALL)."""
        everything = message.type == MessageType.UPDREQALL or self._queue.answers_for_all
        addresses = [lease.address for lease in self._leases()] if everything else self._unacknowledged()
        self._queue.request(message.xid, addresses, everything=everything)
        self._pump(now)

    # The partner's answers

    def _updates_answered(self, message: FailoverMessage, now: float) -> None:
        for options in message.transactions():
            answer = BindingAcknowledgement.from_options(options)
            rejection = answer.rejection
            sent = self._queue.answered(message.xid, answer.address, accepted=rejection is None)
            if rejection is not None:
                refusal = Refusal(rejection.reason, rejection.text or "the partner gives no reason in words")
                self._rejected(answer.address, refusal, by_partner=True)
            lease = self.table.get(answer.address)
            if sent is not None and lease is not None and rejection is None and not sent.overtaken:
                self._agreed(lease, sent, now)
        self._pump(now)

    def _agreed(self, lease: Lease, sent: Sent, now: float) -> None:
        """Take note that the partner knows now what it was told of a lease."""
        lease.unacknowledged = self._queue.outstanding(lease.address)
        if sent.potential:
            lease.acked_potential = sent.potential
        unchanged = lease.status is sent.status and not lease.unacknowledged
        taken_back = lease.status is BindingStatus.BACKUP and sent.status is BindingStatus.FREE
        if taken_back or (unchanged and lease.status in ENDED):
            self._free(lease, now)
        self._out.commit(lease)

    def _free(self, lease: Lease, now: float) -> None:
        """Make an address unused, as both servers agree: nothing that was promised before counts any more."""
        previous = lease.status
        self.table.change(lease, status=BindingStatus.FREE)
        self._clear_times(lease)
        self._log_change(lease, previous, "partner")
        self._freed(lease, now)

    def _clear_times(self, lease: Lease) -> None:
        self.table.change(lease, expires=0, sent_potential=0, acked_potential=0, received_potential=0)

    @abstractmethod
    def _freed(self, lease: Lease, now: float) -> None:
        """Hand on an address that became FREE on both servers."""

    # The partner's updates

    def _updates_received(self, message: FailoverMessage, now: float) -> None:
        answers: OptionList = []
        size = 0
        for options in message.transactions():
            address = int.from_bytes(options[Option.ASSIGNED_IP_ADDRESS], "big")
            refusal = self._take(options, now)
            rejection = None if refusal is None else Rejection(*refusal)
            answer = BindingAcknowledgement(address, rejection).to_options()
            answers += answer
            size += sum(4 + len(value) for _, value in answer)
            if refusal is not None:
                self._rejected(address, refusal)
            if size > _ACK_SIZE:
                self._send(MessageType.BNDACK, answers, now, xid=message.xid)
                answers, size = [], 0
        if answers:
            self._send(MessageType.BNDACK, answers, now, xid=message.xid)
        self._pump(now)

    def _take(self, options: dict[int, bytes], now: float) -> Refusal | None:
        """Take in one binding of a BNDUPD, or return why it is refused."""
        try:
            update = BindingUpdate.from_options(options)
        except MissingOption as missing:
            return Refusal(RejectReason.MISSING_BINDING_INFORMATION, missing.detail)
        scope = self.table.scope_of(update.address)
        lease = self.table.get(update.address)
        if scope is None or scope.id not in self.settings.scopes:
            return Refusal(RejectReason.ILLEGAL_IP_ADDRESS, "no scope of the relationship has this address here")
        if lease is None and not scope.leasable(update.address):
            return Refusal(RejectReason.ILLEGAL_IP_ADDRESS, "the scope does not lease this address here")
        skew = clock_error(self._session.clock_difference() if self._session else 0.0)
        if skew:
            return Refusal(RejectReason.TIME_MISMATCH, skew)
        if len(update.client_id) > _MAX_CLIENT_ID:
            return Refusal(RejectReason.UNKNOWN, f"a client identifier has more than {_MAX_CLIENT_ID} bytes")
        refusal = incomplete(update)
        if refusal is not None:
            return refusal
        role = self.settings.role
        if lease is not None and self._queue.outstanding(update.address):
            if same_news(lease, update):
                if self._queue.under_way(update.address):
                    update.started = min(lease.started, update.started)  # as the partner does with this server's
            elif not partner_wins(lease, update, role):
                return Refusal(RejectReason.LESS_CRITICAL_BINDING_INFORMATION, "this server has newer news of it")
        else:
            refusal = refuses(lease, update, role, now, self.settings.partner)
            if refusal is not None:
                return refusal
        self._accept(lease or self.table.record(update.address), update, now)
        return None

    def _accept(self, lease: Lease, update: BindingUpdate, now: float) -> None:
        previous = lease.status
        status = settled(update.status)
        fields: dict[str, Any] = {
            "status": status,
            "started": update.started or lease.started,
            "contacted": update.contacted or lease.contacted,
            "unacknowledged": False,
        }
        if status is BindingStatus.ABANDONED:
            fields.update(client_id=b"", hardware=b"", hostname="", relay_info=b"", expires=0)
        elif update.client_id or update.hardware:
            if (update.client_id, update.hardware) != (lease.client_id, lease.hardware):
                fields.update(sent_potential=0, acked_potential=0, hostname="", relay_info=b"")
            fields.update(client_id=update.client_id, hardware=update.hardware)
        if status is BindingStatus.ACTIVE:
            fields.update(
                expires=update.expires,
                received_potential=update.potential,
                granted_by=self.settings.partner,
                **_client_details(update.request_options),
            )
        self.table.change(lease, **fields)
        self._queue.overtake(lease.address)
        if status in UNUSED:
            self._clear_times(lease)
        self._out.commit(lease)
        self._log_change(lease, previous, "partner")
        if status is BindingStatus.FREE and previous not in UNUSED:
            self._freed(lease, now)

    # The log

    def _rejected(self, address: int, refusal: Refusal, *, by_partner: bool = False) -> None:
        self._out.log(UpdateRejected(self.settings.name, address, refusal.reason, refusal.detail, by_partner))

    def _log_change(self, lease: Lease, previous: BindingStatus, by: str) -> None:
        self._out.log(
            LeaseChanged(
                address=lease.address,
                scope=lease.scope,
                status=lease.status,
                previous=previous,
                client_id=lease.client_id,
                hardware=lease.hardware,
                hostname=lease.hostname,
                expires=lease.expires,
                granted_by=lease.granted_by,
                by=by,
            )
        )


def _request_options(lease: Lease) -> bytes:
    """Return what the client said about itself, as DHCP options of one byte of length each."""
    name = lease.hostname.encode()
    options = ((_HOST_NAME, name), (_RELAY_INFORMATION, lease.relay_info))
    return b"".join(bytes([code, len(value)]) + value for code, value in options if 0 < len(value) <= 255)


def _client_details(options: bytes) -> dict[str, Any]:
    """Return host name and relay information from DHCP options; what is cut short is passed over."""
    details: dict[str, Any] = {"hostname": "", "relay_info": b""}
    place = 0
    while place + 2 <= len(options):
        code, length = options[place], options[place + 1]
        value = options[place + 2 : place + 2 + length]
        if len(value) == length and code == _HOST_NAME:
            details["hostname"] = value.decode("utf-8", "replace")
        elif len(value) == length and code == _RELAY_INFORMATION:
            details["relay_info"] = value
        place += 2 + length
    return details
