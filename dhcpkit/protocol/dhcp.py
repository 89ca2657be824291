"""DHCPv4 messages: bytes to ``DhcpMessage`` and back (RFC 2131 and 2132, long options by RFC 3396).

Decoding is strict where a wrong reading could cost somebody an address (lengths, the cookie, options whose size is
laid down) and tolerant where real clients are loose: a missing end option, padding anywhere, options in any order.
A message that decodes can be worked on without further checks: every property below has a value or says "not sent".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from dhcpkit.protocol.addresses import ETHERNET, format_ip, format_mac
from dhcpkit.protocol.options import ADDRESS_LISTS, INFINITE, LENGTHS, OptionCode, read_text
from dhcpkit.protocol.packing import pack_options
from dhcpkit.protocol.relay import link_selection

BOOTREQUEST = 1
BOOTREPLY = 2
BROADCAST_FLAG = 0x8000
MAGIC_COOKIE = b"\x63\x82\x53\x63"

DEFAULT_MAX_SIZE = 576 - 28
"""Bytes of UDP payload that every client takes: an IP datagram of 576 bytes without its two headers."""

MINIMUM_SIZE = 300
"""Bytes that a message is padded to: old relays and BOOTP programs drop shorter ones (RFC 1542 section 2.1)."""

OPTIONS_START = 240
"""Offset in bytes of the first option, after the fixed fields and the cookie."""

_HEADER = struct.Struct("!BBBBIHHIIII")
_ENCODED_HEADER = struct.Struct("!BBBBIHHIIII16s64s128s4s")
_EMPTY_NAMES = bytes(192)
_SINGLE_INSTANCE = frozenset({OptionCode.HOST_NAME, OptionCode.CLIENT_IDENTIFIER, OptionCode.RELAY_AGENT_INFORMATION})
"""Options that end up in a lease: joined from several they could outgrow a failover message, so 255 bytes is all."""


class MessageType(IntEnum):
    """Values of option 53 (RFC 2132 section 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


_TYPES = {bytes([kind]): kind for kind in MessageType}
_NAMES = {bytes([kind]): f"DHCP{kind.name}" for kind in MessageType}


class Malformed(ValueError):
    """Bytes that are no proper DHCP message.

    Attributes:
        reason: A short code to count by: ``too-short``, ``bad-op``, ``bad-hlen``, ``bad-cookie``, ``option-overrun``,
            ``option-length``, ``bad-overload``, ``bad-relay-info`` or ``no-identity``.
        detail: A sentence that says what is wrong and what would be right.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


@dataclass(slots=True)
class DhcpMessage:
    """A DHCP message (RFC 2131 section 2, figure 1).

    Attributes:
        op: ``BOOTREQUEST`` (from a client) or ``BOOTREPLY`` (from a server).
        xid: Transaction number, chosen by the client.
        chaddr: The client's hardware address, as long as it is.
        htype: ARP hardware type, 1 for Ethernet.
        hops: How many relays the message passed.
        secs: Seconds since the client began.
        flags: ``BROADCAST_FLAG`` or 0.
        ciaddr: The address that the client uses already.
        yiaddr: "Your" address: what the server offers or gives.
        siaddr: Next server of a network boot.
        giaddr: The relay's address, 0 without a relay.
        sname: Server's name, without its closing NUL.
        file: Boot file's name, without its closing NUL.
        options: Values by code, in the order on the wire. Options split over several are joined (RFC 3396), and those
            in an overloaded ``sname`` or ``file`` are among them; pad, end and overload never are.
    """

    op: int
    xid: int
    chaddr: bytes
    htype: int = ETHERNET
    hops: int = 0
    secs: int = 0
    flags: int = 0
    ciaddr: int = 0
    yiaddr: int = 0
    siaddr: int = 0
    giaddr: int = 0
    sname: bytes = b""
    file: bytes = b""
    options: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def decode(cls, data: bytes) -> DhcpMessage:
        """Return the message that a UDP payload holds.

        Raises:
            Malformed: it holds none; ``reason`` and ``detail`` say why.
        """
        if len(data) < OPTIONS_START:
            raise Malformed("too-short", f"a DHCP message has at least {OPTIONS_START} bytes, this one {len(data)}")
        op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr = _HEADER.unpack_from(data)
        if data[236:240] != MAGIC_COOKIE:
            raise Malformed("bad-cookie", f"bytes 236 to 239 are {data[236:240].hex(' ')}, not 63 82 53 63")
        if op != BOOTREQUEST and op != BOOTREPLY:
            raise Malformed("bad-op", f"op is {op}; 1 (request) and 2 (reply) are known")
        if hlen != 6 and (hlen > 16 or htype == ETHERNET):
            right = "6 for Ethernet" if htype == ETHERNET else "at most 16"
            raise Malformed("bad-hlen", f"the hardware address is said to have {hlen} bytes; right is {right}")
        options: dict[int, bytes] = {}
        _read_options(data, OPTIONS_START, options)
        sname = file = b""
        if 52 in options or data[44:236] != _EMPTY_NAMES:
            sname, file = _read_names(data, options)
        if not hlen and op == BOOTREQUEST and not options.get(61):
            raise Malformed("no-identity", "the client sent neither a hardware address nor a client identifier")
        if 82 in options:
            _check_relay_info(options[82])
        chaddr = data[28 : 28 + hlen]
        return cls(op, xid, chaddr, htype, hops, secs, flags, ciaddr, yiaddr, siaddr, giaddr, sname, file, options)

    def encode(self, max_size: int = DEFAULT_MAX_SIZE) -> bytes:
        """Return the message as a UDP payload of at most ``max_size`` bytes, and of at least 300.

        The message type goes first and the relay agent information last (RFC 3046 section 2.2); the others go in
        their order. When they do not fit, ``sname`` and ``file`` are used as well if they are empty, and then options
        that the message can do without are left out, the last first (``packing.py`` has the rules).

        Raises:
            ValueError: a field does not fit its place, or even the options that must be there have no room.
        """
        names_fit = len(self.chaddr) <= 16 and len(self.sname) <= 64 and len(self.file) <= 128
        if not names_fit or max_size < MINIMUM_SIZE:
            raise ValueError(self._misfit(max_size))
        body, sname, file = pack_options(self.options, max_size - OPTIONS_START, self.sname, self.file)
        try:
            header = _ENCODED_HEADER.pack(
                self.op,
                self.htype,
                len(self.chaddr),
                self.hops,
                self.xid,
                self.secs,
                self.flags,
                self.ciaddr,
                self.yiaddr,
                self.siaddr,
                self.giaddr,
                self.chaddr,
                sname,
                file,
                MAGIC_COOKIE,
            )
        except struct.error as error:
            raise ValueError(f"a field of the DHCP message does not fit its place: {error}") from None
        return (header + body).ljust(MINIMUM_SIZE, b"\0")

    @property
    def message_type(self) -> MessageType | None:
        """What kind of message it is; None for BOOTP and for kinds of later RFCs."""
        return _TYPES.get(self.options.get(53, b""))

    @property
    def name(self) -> str:
        """The RFC's name of the message, ``DHCPDISCOVER``; BOOTP's when it has no type."""
        kind = self.options.get(53)
        if kind is None:
            return "BOOTREQUEST" if self.op == BOOTREQUEST else "BOOTREPLY"
        return _NAMES.get(kind) or f"DHCP message type {int.from_bytes(kind, 'big')}"

    @property
    def client_id(self) -> bytes:
        """Option 61 with its type byte, as sent; empty when not sent."""
        return self.options.get(61, b"")

    @property
    def hardware(self) -> bytes:
        """Hardware type byte and hardware address, which tell clients apart that send no client identifier."""
        return bytes((self.htype,)) + self.chaddr

    @property
    def requested_address(self) -> int:
        """Option 50, the address that the client asks for; 0 when not sent."""
        return int.from_bytes(self.options.get(50, b""), "big")

    @property
    def server_identifier(self) -> int:
        """Option 54, the address of the server that is meant or that answers; 0 when not sent."""
        return int.from_bytes(self.options.get(54, b""), "big")

    @property
    def lease_time(self) -> int | None:
        """Option 51 in seconds (``INFINITE`` never ends); None when not sent."""
        return self._number(51)

    @property
    def renewal_time(self) -> int | None:
        """Option 58, T1 in seconds after the ACK; None when not sent."""
        return self._number(58)

    @property
    def rebinding_time(self) -> int | None:
        """Option 59, T2 in seconds after the ACK; None when not sent."""
        return self._number(59)

    @property
    def hostname(self) -> str:
        """Option 12 as text that can be shown; empty when not sent."""
        value = self.options.get(12)
        return read_text(value) if value else ""

    @property
    def parameter_request_list(self) -> bytes:
        """Option 55, the codes that the client wants, the most wanted first; empty when not sent."""
        return self.options.get(55, b"")

    @property
    def relay_info(self) -> bytes:
        """Option 82 as the relay wrote it (``relay.py`` reads it); empty when not sent."""
        return self.options.get(82, b"")

    @property
    def link_selection(self) -> int:
        """The address by which a relay names the client's network in place of ``giaddr`` (RFC 3527); 0 when not sent.

        Raises:
            ValueError: option 82 is malformed, which it never is in a decoded message.
        """
        value = self.options.get(82)
        return link_selection(value) if value else 0

    @property
    def broadcast(self) -> bool:
        """The client can take the answer only as a broadcast (RFC 2131 section 4.1)."""
        return self.flags & BROADCAST_FLAG != 0

    @property
    def max_reply_size(self) -> int:
        """How many bytes of UDP payload the answer may have: option 57 without headers, 548 to 1472."""
        value = self.options.get(57)
        if value is None:
            return DEFAULT_MAX_SIZE
        return min(max(int.from_bytes(value, "big"), 576), 1500) - 28

    def summary(self) -> str:
        """Return one line for people, ``DHCPOFFER 10.0.0.11 from 10.0.0.2, 60 s``."""
        return self._reply_summary() if self.op == BOOTREPLY else self._request_summary()

    def _request_summary(self) -> str:
        client = format_mac(self.chaddr) or self.client_id.hex(":")
        if self.hostname:
            client += f" ({self.hostname})"
        address = self.requested_address or self.ciaddr
        line = f"{self.name} {format_ip(address)} from {client}" if address else f"{self.name} from {client}"
        if self.server_identifier:
            line += f" to {format_ip(self.server_identifier)}"
        return line

    def _reply_summary(self) -> str:
        address = self.yiaddr or self.ciaddr
        line = f"{self.name} {format_ip(address)}" if address else self.name
        if self.server_identifier:
            line += f" from {format_ip(self.server_identifier)}"
        if self.lease_time is not None:
            line += ", for ever" if self.lease_time == INFINITE else f", {self.lease_time} s"
        text = read_text(self.options.get(56, b""))
        return f"{line}: {text}" if text else line

    def _number(self, code: int) -> int | None:
        value = self.options.get(code)
        return None if value is None else int.from_bytes(value, "big")

    def _misfit(self, max_size: int) -> str:
        if max_size < MINIMUM_SIZE:
            return f"a DHCP message has at least {MINIMUM_SIZE} bytes; it cannot be made to fit into {max_size}"
        return (
            f"chaddr, sname and file take 16, 64 and 128 bytes; "
            f"they are given {len(self.chaddr)}, {len(self.sname)} and {len(self.file)}"
        )


def _read_options(area: bytes, position: int, options: dict[int, bytes]) -> None:
    """Add the options from ``position`` on to ``options``, joining what is split (RFC 3396 section 7)."""
    end = len(area)
    try:
        while position < end:
            code = area[position]
            if code == 0:
                position += 1
                continue
            if code == 255:
                break
            start = position + 2
            position = start + area[position + 1]
            if position > end:
                raise Malformed(
                    "option-overrun", f"option {code} says it has {position - start} bytes; {end - start} are left"
                )
            if code in options:
                options[code] += area[start:position]
            else:
                options[code] = area[start:position]
    except IndexError:
        raise Malformed("option-overrun", f"option {area[-1]} ends before its length byte") from None
    for code, value in options.items():
        if code in _CHECKED:
            _check_length(code, len(value))


_CHECKED = frozenset(int(code) for code in (*LENGTHS, *ADDRESS_LISTS, *_SINGLE_INSTANCE))


def _check_length(code: int, length: int) -> None:
    """Raise ``Malformed`` when an option does not have a length that it may have."""
    if code in LENGTHS:
        if length != LENGTHS[code]:
            raise Malformed("option-length", f"option {code} has {length} bytes; right is {LENGTHS[code]}")
    elif code in ADDRESS_LISTS:
        if length % 4 or not length:
            raise Malformed("option-length", f"option {code} has {length} bytes; right is 4 for each address")
    elif length > 255:
        raise Malformed("option-length", f"option {code} has {length} bytes; right is at most 255")


def _check_relay_info(value: bytes) -> None:
    try:
        link_selection(value)
    except ValueError as error:
        raise Malformed("bad-relay-info", str(error)) from None


def _read_names(data: bytes, options: dict[int, bytes]) -> tuple[bytes, bytes]:
    """Return ``sname`` and ``file``, or read the options in them where option 52 says so (RFC 2131 section 4.1)."""
    sname, file = data[44:108], data[108:236]
    if 52 in options:
        overload = options.pop(52)[0]
        if not 1 <= overload <= 3:
            raise Malformed("bad-overload", f"option 52 is {overload}; 1 (file), 2 (sname) and 3 (both) are known")
        if overload & 1:
            _read_options(file, 0, options)
            file = b""
        if overload & 2:
            _read_options(sname, 0, options)
            sname = b""
        if 52 in options:
            raise Malformed("bad-overload", "option 52 stands inside the field that another one overloads")
    return sname.partition(b"\0")[0], file.partition(b"\0")[0]
