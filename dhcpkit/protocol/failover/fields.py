"""Numbers, times and text as values of failover options, to and from bytes, with their lengths checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dhcpkit.protocol.failover.wire import FailoverMalformed, option_name

Options = Mapping[int, bytes] | Sequence[tuple[int, bytes]]
"""Options received: of a message, or of one of its ``transactions()``."""
OptionList = list[tuple[int, bytes]]
"""Options to send, in wire order."""

_GREATEST_TIME = 0xFFFFFFFF


class MissingOption(FailoverMalformed):
    """An option that its message must hold is not there. ``option`` is its code."""

    def __init__(self, message: str, option: int) -> None:
        super().__init__("missing-option", f"{message} holds no {option_name(option)}, which it must")
        self.option = option


def encode_number(option: int, value: int, size: int) -> bytes:
    """Return a number as an option's value of ``size`` bytes.

    Raises:
        ValueError: the number does not fit.
    """
    if not 0 <= value < 1 << 8 * size:
        raise ValueError(f"{option_name(option)} is {value}; it takes 0 to {(1 << 8 * size) - 1}")
    return value.to_bytes(size, "big")


def encode_time(option: int, time: int) -> bytes:
    """Return a time in seconds since the epoch as an option's value; one past the year 2106 as the greatest there is.

    Raises:
        ValueError: the time is before 1970.
    """
    return encode_number(option, min(time, _GREATEST_TIME), 4)


def fixed_value(found: Mapping[int, bytes], option: int, size: int) -> bytes | None:
    """Return the value of an option that is always ``size`` bytes long, None when it is not there.

    Raises:
        FailoverMalformed: its length is another.
    """
    value = found.get(option)
    if value is not None and len(value) != size:
        raise FailoverMalformed(
            "option-length", f"{option_name(option)} is {len(value)} bytes long; it takes exactly {size}"
        )
    return value


def decode_number(found: Mapping[int, bytes], option: int, size: int) -> int | None:
    """Return the number that an option of ``size`` bytes holds, None when it is not there.

    Raises:
        FailoverMalformed: its length is another.
    """
    value = fixed_value(found, option, size)
    return None if value is None else int.from_bytes(value, "big")


def required_number(found: Mapping[int, bytes], message: str, option: int, size: int) -> int:
    """Return the number that an option of ``size`` bytes holds, which ``message`` must have.

    Raises:
        MissingOption: it is not there.
        FailoverMalformed: its length is another.
    """
    value = decode_number(found, option, size)
    if value is None:
        raise MissingOption(message, option)
    return value


def decode_text(value: bytes) -> str:
    r"""Return UTF-8 text; bytes that are none stand as ``\xff``, so that it can always be printed."""
    return value.decode("utf-8", "backslashreplace")
