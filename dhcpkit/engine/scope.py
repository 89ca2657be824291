"""A scope: the addresses of one subnet that a server leases, and what it tells the clients it leases them to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dhcpkit.protocol.addresses import format_ip, mask_of
from dhcpkit.protocol.options import ADDRESS_LISTS, LENGTHS, OptionCode

DEFAULT_LEASE_DURATION = 691200
"""Eight days in seconds, Windows' default."""

MAX_LEASE_DURATION = 0xFFFFFFFF
"""Seconds; this value means that the lease never ends (RFC 2131 section 3.3)."""

PROTOCOL_OPTIONS = frozenset(
    {
        OptionCode.PAD,
        OptionCode.SUBNET_MASK,
        OptionCode.REQUESTED_ADDRESS,
        OptionCode.LEASE_TIME,
        OptionCode.OVERLOAD,
        OptionCode.MESSAGE_TYPE,
        OptionCode.SERVER_IDENTIFIER,
        OptionCode.PARAMETER_REQUEST_LIST,
        OptionCode.MESSAGE,
        OptionCode.MAX_MESSAGE_SIZE,
        OptionCode.RENEWAL_TIME,
        OptionCode.REBINDING_TIME,
        OptionCode.CLIENT_IDENTIFIER,
        OptionCode.RELAY_AGENT_INFORMATION,
        OptionCode.END,
    }
)
"""Options that the server works out for each answer, so a scope cannot set them."""


class ScopeError(ValueError):
    """A scope is wrong; the text says what, and what would be right. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope, checked when it is made. ``create`` is the convenient way to make one.

    Attributes:
        id: The network address, which Windows calls the scope's id.
        prefix_length: Length of the network's prefix in bits, 1 to 30.
        name: Name for people.
        start: First address of the range.
        end: Last address of the range.
        exclusions: Parts of the range (first and last address each) that are never leased, in ascending order.
        lease_duration: Seconds that a client gets the address for, unless something limits them.
        options: Values of options by code, as on the wire (RFC 2132).
        active: Whether clients of this scope are answered.
        description: A remark for people.
        mask: The subnet mask.
        broadcast: The network's broadcast address, its last one.
        ranges: What is left of the range between the exclusions, in ascending order.
        size: How many addresses can be leased.
    """

    id: int
    prefix_length: int
    name: str
    start: int
    end: int
    exclusions: tuple[tuple[int, int], ...] = ()
    lease_duration: int = DEFAULT_LEASE_DURATION
    options: dict[int, bytes] = field(default_factory=dict)
    active: bool = True
    description: str = ""
    mask: int = field(init=False, repr=False, compare=False)
    broadcast: int = field(init=False, repr=False, compare=False)
    ranges: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    size: int = field(init=False, repr=False, compare=False)
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_prefix_length(self.prefix_length)
        mask = mask_of(self.prefix_length)
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "broadcast", self.id | ~mask & 0xFFFFFFFF)
        _check_network(self)
        _check_range(self)
        exclusions = _checked_exclusions(self)
        _check_lease_duration(self.lease_duration)
        for code, value in self.options.items():
            _check_option(code, value)
        ranges = tuple(_between(self.start, self.end, exclusions))
        object.__setattr__(self, "exclusions", exclusions)
        object.__setattr__(self, "ranges", ranges)
        object.__setattr__(self, "size", sum(last - first + 1 for first, last in ranges))
        object.__setattr__(self, "_starts", tuple(first for first, _ in ranges))

    @classmethod
    def create(
        cls,
        name: str,
        start: int,
        end: int,
        prefix_length: int,
        *,
        exclusions: Iterable[tuple[int, int]] = (),
        lease_duration: int = DEFAULT_LEASE_DURATION,
        options: dict[int, bytes] | None = None,
        active: bool = True,
        description: str = "",
    ) -> Scope:
        """Return a scope whose network follows from its range and prefix length.

        Raises:
            ScopeError: something is wrong with it; the text says what.
        """
        exclusions = tuple(exclusions)
        _check_types(name, {"start": start, "end": end}, prefix_length, exclusions, lease_duration, active)
        _check_prefix_length(prefix_length)
        return cls(
            id=start & mask_of(prefix_length),
            prefix_length=prefix_length,
            name=name,
            start=start,
            end=end,
            exclusions=exclusions,
            lease_duration=lease_duration,
            options=dict(options or {}),
            active=active,
            description=description,
        )

    @property
    def network(self) -> str:
        """The network as people write it, ``10.0.0.0/24``."""
        return f"{format_ip(self.id)}/{self.prefix_length}"

    def contains(self, address: int) -> bool:
        """Say whether an address belongs to the scope's network, leasable or not."""
        return self.id <= address <= self.broadcast

    def leasable(self, address: int) -> bool:
        """Say whether an address is in the range and not excluded."""
        place = bisect_right(self._starts, address) - 1
        return place >= 0 and address <= self.ranges[place][1]

    def to_document(self) -> dict[str, Any]:
        """Return the scope as JSON can hold it, for the store and for a partner."""
        return {
            "id": self.id,
            "prefix_length": self.prefix_length,
            "name": self.name,
            "start": self.start,
            "end": self.end,
            "exclusions": [list(exclusion) for exclusion in self.exclusions],
            "lease_duration": self.lease_duration,
            "options": {str(code): value.hex() for code, value in self.options.items()},
            "active": self.active,
            "description": self.description,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Scope:
        """Return the scope that ``to_document`` wrote.

        Raises:
            ScopeError: the document does not hold a proper scope.
        """
        values = dict(document)
        try:
            values["exclusions"] = tuple((first, last) for first, last in values["exclusions"])
            values["options"] = {int(code): bytes.fromhex(value) for code, value in values["options"].items()}
            addresses = {key: values[key] for key in ("id", "start", "end")}
            others = [values[key] for key in ("prefix_length", "exclusions", "lease_duration", "active")]
            _check_types(values["name"], addresses, *others)
            return cls(**values)
        except ScopeError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ScopeError(f"this is not a scope as it is kept: {error!r}") from None


def check_no_overlap(scope: Scope, others: Iterable[Scope]) -> None:
    """Check that a scope's network shares no address with another scope's; the scope itself (its id) is passed over.

    Raises:
        ScopeError: two networks overlap; the text names both.
    """
    for other in others:
        if other.id != scope.id and other.id <= scope.broadcast and scope.id <= other.broadcast:
            raise ScopeError(
                f"network {scope.network} of scope {scope.name!r} overlaps {other.network} of scope {other.name!r}; "
                "two scopes of a server cannot share addresses"
            )


def _check_types(
    name: Any, addresses: dict[str, Any], prefix_length: Any, exclusions: Any, lease_duration: Any, active: Any
) -> None:
    """Check that every value is of its kind: they may come from a notebook, or in a document of another server."""
    if not isinstance(name, str):
        raise ScopeError(f"the scope's name is {name!r}; it takes text")
    numbers = {**addresses, "prefix length": prefix_length, "lease duration": lease_duration}
    for first, last in exclusions:
        numbers |= {"first address of an exclusion": first, "last address of an exclusion": last}
        _check_whole(numbers)
    _check_whole(numbers)
    if type(active) is not bool:
        raise ScopeError(f"whether the scope is active is {active!r}; it takes True or False")


def _check_whole(numbers: dict[str, Any]) -> None:
    for what, number in numbers.items():
        if type(number) is not int:
            raise ScopeError(f"the scope's {what} is {number!r}; it takes a whole number")


def _check_prefix_length(prefix_length: int) -> None:
    if not 1 <= prefix_length <= 30:
        raise ScopeError(f"the prefix length is {prefix_length} bits; a scope's network takes 1 to 30")


def _check_network(scope: Scope) -> None:
    if not scope.name.strip():
        raise ScopeError("a scope needs a name")
    if not 0 <= scope.id <= 0xFFFFFFFF or scope.id & ~scope.mask:
        raise ScopeError(
            f"{format_ip(scope.id)} is not the address of a network of {scope.prefix_length} bits; "
            f"right would be {format_ip(scope.id & scope.mask)}"
        )
    if not 1 <= scope.id >> 24 <= 223 or scope.id >> 24 == 127:
        raise ScopeError(f"{scope.network} is not a network of hosts; use one of 1.0.0.0 to 223.255.255.255, not 127")


def _check_range(scope: Scope) -> None:
    start, end = format_ip(scope.start), format_ip(scope.end)
    if scope.start > scope.end:
        raise ScopeError(f"the range begins at {start} and ends at {end}; it must begin before it ends")
    first, last = scope.id + 1, scope.broadcast - 1
    for what, address in (("begins", scope.start), ("ends", scope.end)):
        if not first <= address <= last:
            raise ScopeError(
                f"the range {what} at {format_ip(address)}; "
                f"hosts of {scope.network} have {format_ip(first)} to {format_ip(last)}"
            )


def _checked_exclusions(scope: Scope) -> tuple[tuple[int, int], ...]:
    exclusions = tuple(sorted(scope.exclusions))
    before = None
    for first, last in exclusions:
        text = f"exclusion {format_ip(first)} to {format_ip(last)}"
        if first > last:
            raise ScopeError(f"{text} is the wrong way round; it must begin before it ends")
        if first < scope.start or last > scope.end:
            raise ScopeError(f"{text} lies outside the range {format_ip(scope.start)} to {format_ip(scope.end)}")
        if before is not None and first <= before[1]:
            raise ScopeError(f"{text} overlaps exclusion {format_ip(before[0])} to {format_ip(before[1])}; join them")
        before = first, last
    return exclusions


def _check_lease_duration(seconds: int) -> None:
    if not 1 <= seconds <= MAX_LEASE_DURATION:
        raise ScopeError(f"the lease duration is {seconds} s; it takes 1 to {MAX_LEASE_DURATION} seconds")


def _check_option(code: int, value: bytes) -> None:
    if not 0 <= code <= 255:
        raise ScopeError(f"{code} is not an option code; they are 1 to 254")
    if code in PROTOCOL_OPTIONS:
        raise ScopeError(f"option {code} is worked out by the server for each answer; a scope cannot set it")
    if not 1 <= len(value) <= 255:
        raise ScopeError(f"option {code} has {len(value)} bytes; 1 to 255 do")
    if code in LENGTHS and len(value) != LENGTHS[code]:
        raise ScopeError(f"option {code} has {len(value)} bytes; right is {LENGTHS[code]}")
    if code in ADDRESS_LISTS and len(value) % 4:
        raise ScopeError(f"option {code} lists addresses of 4 bytes each; {len(value)} bytes do not divide by 4")


def _between(start: int, end: int, exclusions: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Yield what the exclusions leave of a range."""
    for first, last in exclusions:
        if start < first:
            yield start, first - 1
        start = last + 1
    if start <= end:
        yield start, end
