"""What BNDUPD and BNDACK (draft-ietf-dhc-failover-12) say of one binding, and how a refusal is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dhcpkit.protocol.failover.codes import BindingStatus, Option, RejectReason
from dhcpkit.protocol.failover.fields import (
    OptionList,
    Options,
    decode_number,
    decode_text,
    encode_number,
    encode_time,
    required_number,
)
from dhcpkit.protocol.failover.wire import FailoverMalformed, option_name

DHCP_MAGIC = b"\x63\x82\x53\x63"
"""What client-request-options and client-reply-options begin with when DHCP options follow."""
RESERVED_FLAG = 0x0001
"""Bit of the IP-flags: the address is reserved for its client."""
BOOTP_FLAG = 0x0002
"""Bit of the IP-flags: the client speaks BOOTP."""

_STATUSES = {status.value: status for status in BindingStatus}
_REASONS = {reason.value: reason for reason in RejectReason}


@dataclass(slots=True)
class BindingUpdate:
    """One binding of a BNDUPD. Times are seconds since the epoch, 0 for not known.

    Attributes:
        address: The assigned IP address.
        status: Its binding status.
        client_id: The client's option 61, empty when it sent none.
        hardware: ARP hardware type byte and hardware address.
        expires: Lease expiration time as the client was told.
        potential: Potential expiration time: what the sender wants to be free to promise.
        started: Start time of the binding status.
        contacted: Client's last transaction time.
        flags: IP-flags, ``RESERVED_FLAG`` and ``BOOTP_FLAG``.
        request_options: DHCP options of the client's request (code, length, value each), without the magic cookie.
        reply_options: DHCP options of the server's reply, likewise.
    """

    address: int
    status: BindingStatus
    client_id: bytes = b""
    hardware: bytes = b""
    expires: int = 0
    potential: int = 0
    started: int = 0
    contacted: int = 0
    flags: int = 0
    request_options: bytes = b""
    reply_options: bytes = b""

    def to_options(self, *, all_times: bool = False) -> OptionList:
        """Return the binding's options as the draft's table of BNDUPD allows them for its status.

        ABANDONED tells nothing of a client, only ACTIVE has times of expiration, reply options go with ACTIVE alone and
        request options with ACTIVE and RELEASED. A time past what 32 bits hold (the year 2106) is sent as the greatest.

        Args:
            all_times: Send lease expiration, potential expiration and start time whatever the status, 0 for not known,
                as ISC dhcpd does.

        Raises:
            ValueError: a number does not fit its option.
        """
        status = self.status
        options: OptionList = [
            (Option.ASSIGNED_IP_ADDRESS, encode_number(Option.ASSIGNED_IP_ADDRESS, self.address, 4)),
            (Option.BINDING_STATUS, bytes([status])),
        ]
        if status is not BindingStatus.ABANDONED:
            if self.client_id:
                options.append((Option.CLIENT_IDENTIFIER, self.client_id))
            if self.hardware:
                options.append((Option.CLIENT_HARDWARE_ADDRESS, self.hardware))
        if all_times or status is BindingStatus.ACTIVE:
            for option, time in (
                (Option.LEASE_EXPIRATION_TIME, self.expires),
                (Option.POTENTIAL_EXPIRATION_TIME, self.potential),
            ):
                options.append((option, encode_time(option, time)))
        if all_times or self.started:
            options.append((Option.START_TIME_OF_STATE, encode_time(Option.START_TIME_OF_STATE, self.started)))
        if self.contacted:
            contacted = encode_time(Option.CLIENT_LAST_TRANSACTION_TIME, self.contacted)
            options.append((Option.CLIENT_LAST_TRANSACTION_TIME, contacted))
        if self.flags:
            options.append((Option.IP_FLAGS, encode_number(Option.IP_FLAGS, self.flags, 2)))
        if self.request_options and status in (BindingStatus.ACTIVE, BindingStatus.RELEASED):
            options.append((Option.CLIENT_REQUEST_OPTIONS, DHCP_MAGIC + self.request_options))
        if self.reply_options and status is BindingStatus.ACTIVE:
            options.append((Option.CLIENT_REPLY_OPTIONS, DHCP_MAGIC + self.reply_options))
        return options

    @classmethod
    def from_options(cls, options: Options) -> BindingUpdate:
        """Return what one binding of a BNDUPD says; what the draft forbids for its status is taken all the same.

        Raises:
            MissingOption: the address or the binding status is not there.
            FailoverMalformed: an option's length is wrong, or the binding status is no number of the draft.
        """
        found = dict(options)
        address = required_number(found, "BNDUPD", Option.ASSIGNED_IP_ADDRESS, 4)
        number = required_number(found, "BNDUPD", Option.BINDING_STATUS, 1)
        status = _STATUSES.get(number)
        if status is None:
            raise FailoverMalformed("bad-value", f"{option_name(Option.BINDING_STATUS)} is {number}; it takes 1 to 7")
        return cls(
            address,
            status,
            found.get(Option.CLIENT_IDENTIFIER, b""),
            _hardware(found),
            decode_number(found, Option.LEASE_EXPIRATION_TIME, 4) or 0,
            decode_number(found, Option.POTENTIAL_EXPIRATION_TIME, 4) or 0,
            decode_number(found, Option.START_TIME_OF_STATE, 4) or 0,
            decode_number(found, Option.CLIENT_LAST_TRANSACTION_TIME, 4) or 0,
            decode_number(found, Option.IP_FLAGS, 2) or 0,
            _dhcp_options(found, Option.CLIENT_REQUEST_OPTIONS),
            _dhcp_options(found, Option.CLIENT_REPLY_OPTIONS),
        )


@dataclass(slots=True)
class Rejection:
    """Why something was refused: in BNDACK, CONNECTACK and DISCONNECT. ``text`` is for people."""

    reason: RejectReason
    text: str = ""

    def to_options(self) -> OptionList:
        """Return reject-reason and, where there is a text, message."""
        options: OptionList = [(Option.REJECT_REASON, bytes([self.reason]))]
        if self.text:
            options.append((Option.MESSAGE, self.text.encode()))
        return options

    @classmethod
    def from_options(cls, options: Options) -> Rejection | None:
        """Return the refusal, None when there is none. A reason that the draft does not know becomes UNKNOWN.

        Raises:
            FailoverMalformed: the reject reason is not of 1 byte.
        """
        found = dict(options)
        number = decode_number(found, Option.REJECT_REASON, 1)
        if number is None:
            return None
        return cls(_REASONS.get(number, RejectReason.UNKNOWN), decode_text(found.get(Option.MESSAGE, b"")))


@dataclass(slots=True)
class BindingAcknowledgement:
    """One binding of a BNDACK: the address, and why its update was refused if it was."""

    address: int
    rejection: Rejection | None = None

    def to_options(self) -> OptionList:
        """Return the address, and with a refusal its reason and text."""
        options: OptionList = [(Option.ASSIGNED_IP_ADDRESS, encode_number(Option.ASSIGNED_IP_ADDRESS, self.address, 4))]
        if self.rejection is not None:
            options += self.rejection.to_options()
        return options

    @classmethod
    def from_options(cls, options: Options) -> BindingAcknowledgement:
        """Return what one binding of a BNDACK says.

        Raises:
            MissingOption: the address is not there.
            FailoverMalformed: an option's length is wrong.
        """
        found = dict(options)
        return cls(required_number(found, "BNDACK", Option.ASSIGNED_IP_ADDRESS, 4), Rejection.from_options(found))


def _hardware(found: Mapping[int, bytes]) -> bytes:
    value = found.get(Option.CLIENT_HARDWARE_ADDRESS)
    if value is None:
        return b""
    if not 1 <= len(value) <= 17:
        raise FailoverMalformed(
            "option-length",
            f"{option_name(Option.CLIENT_HARDWARE_ADDRESS)} is {len(value)} bytes long; it takes a type byte and at "
            "most 16 bytes of address",
        )
    return value


def _dhcp_options(found: Mapping[int, bytes], option: int) -> bytes:
    value = found.get(option)
    if value is None:
        return b""
    if len(value) < len(DHCP_MAGIC):
        raise FailoverMalformed(
            "option-length", f"{option_name(option)} is {len(value)} bytes long; its magic cookie alone takes 4"
        )
    return value[len(DHCP_MAGIC) :] if value.startswith(DHCP_MAGIC) else b""
