"""Where a DHCP message's options go, and which are left out when they do not all fit.

Options fill the options field first, then ``file``, then ``sname`` (RFC 2131 section 4.1, RFC 3396 section 5), each
option whole in one of them. The relay agent information stays in the options field, last (RFC 3046 section 2.2).
"""

from __future__ import annotations

from dhcpkit.protocol.options import OptionCode

KEPT = (
    OptionCode.MESSAGE_TYPE,
    OptionCode.SERVER_IDENTIFIER,
    OptionCode.LEASE_TIME,
    OptionCode.RENEWAL_TIME,
    OptionCode.REBINDING_TIME,
    OptionCode.REQUESTED_ADDRESS,
    OptionCode.SUBNET_MASK,
    OptionCode.CLIENT_IDENTIFIER,
)
"""Options that go before all others when there is no room for everything: what makes a lease a lease."""

_MESSAGE_TYPE = int(OptionCode.MESSAGE_TYPE)
_RELAY = int(OptionCode.RELAY_AGENT_INFORMATION)
_LEFT_OUT_AT_NEED: tuple[frozenset[int], ...] = (
    frozenset(),
    frozenset({_RELAY}),
    frozenset({_RELAY, OptionCode.CLIENT_IDENTIFIER}),
)
_RESERVED = frozenset({OptionCode.PAD, OptionCode.OVERLOAD, OptionCode.END})
_FILE_SIZE = 128
_SNAME_SIZE = 64


def pack_options(options: dict[int, bytes], room: int, sname: bytes, file: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the options field (end option included), ``sname`` and ``file``.

    Args:
        options: Values by code, in the order wanted.
        room: Bytes that the options field may have.
        sname: The server's name; where it is empty, options may go into its place.
        file: The boot file's name, likewise.

    Raises:
        ValueError: a code is pad, overload or end (those are this function's), or there is no room even for what a
            message cannot do without.
    """
    body = bytearray()
    _append(body, _MESSAGE_TYPE, options.get(_MESSAGE_TYPE))
    for code, value in options.items():
        if code != _MESSAGE_TYPE and code != _RELAY:
            _append(body, code, value)
    _append(body, _RELAY, options.get(_RELAY))
    body.append(255)
    if not _RESERVED.isdisjoint(options):
        raise ValueError("options 0, 52 and 255 (pad, overload, end) are written by the encoder and cannot be given")
    if len(body) <= room:
        return bytes(body), sname, file
    return _squeeze(options, room, sname, file)


def _append(area: bytearray, code: int, value: bytes | None) -> None:
    """Write an option; a value of more than 255 bytes is split (RFC 3396 section 5)."""
    if value is None:
        return
    length = len(value)
    if length <= 255:
        area.append(code)
        area.append(length)
        area += value
        return
    for start in range(0, length, 255):
        _append(area, code, value[start : start + 255])


def _squeeze(options: dict[int, bytes], room: int, sname: bytes, file: bytes) -> tuple[bytes, bytes, bytes]:
    """Place what fits, the indispensable first, then the others in their order."""
    kept = [code for code in KEPT if code in options]
    others = [code for code in options if code not in KEPT and code != _RELAY]
    for left_out in _LEFT_OUT_AT_NEED:
        areas = _Areas(room, sname, file, b"" if _RELAY in left_out else _piece(_RELAY, options.get(_RELAY)))
        if all(areas.place(_piece(code, options[code])) for code in kept if code not in left_out):
            for code in others:
                areas.place(_piece(code, options[code]))
            return areas.finish()
    sizes = ", ".join(f"option {int(code)} with {len(options[code])} bytes" for code in kept)
    raise ValueError(f"{room} bytes have no room for the options that a DHCP message cannot do without: {sizes}")


def _piece(code: int, value: bytes | None) -> bytes:
    area = bytearray()
    _append(area, code, value)
    return bytes(area)


class _Areas:
    """The three places for options while they are filled."""

    def __init__(self, room: int, sname: bytes, file: bytes, last: bytes) -> None:
        self._sname, self._file, self._last = sname, file, last
        # One byte of each area is for its end option, three of the options field for the overload option.
        self._places = [
            (bytearray(), room - 1 - 3 - len(last)),
            (bytearray(), 0 if file else _FILE_SIZE - 1),
            (bytearray(), 0 if sname else _SNAME_SIZE - 1),
        ]

    def place(self, piece: bytes) -> bool:
        """Put an option into the first place with room for it; say whether there was one."""
        for area, size in self._places:
            if len(area) + len(piece) <= size:
                area += piece
                return True
        return False

    def finish(self) -> tuple[bytes, bytes, bytes]:
        """Return the options field, ``sname`` and ``file``, ready to be sent."""
        (main, _), (file, _), (sname, _) = self._places
        overload = (1 if file else 0) | (2 if sname else 0)
        if overload:
            _append(main, OptionCode.OVERLOAD, bytes([overload]))
        main += self._last
        for area in (main, file, sname):
            if area or area is main:
                area.append(255)
        return bytes(main), bytes(sname) or self._sname, bytes(file) or self._file
