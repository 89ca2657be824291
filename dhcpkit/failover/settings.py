"""A failover relationship as the administrator sets it up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

MAX_NAME_LENGTH = 126
"""Characters in a relationship's name (Windows Server 2012)."""

MAX_SECONDS = 0x7FFFFFFF
"""Seconds that a duration of the protocol takes at the most."""


class FailoverError(ValueError):
    """A setting of a relationship is wrong; the text says which, and what would be right. Nothing was changed."""


class Role(Enum):
    """A server's place in a relationship: PRIMARY is the one it was configured from (draft section 2)."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def other(self) -> Role:
        """The partner's role."""
        return Role.SECONDARY if self is Role.PRIMARY else Role.PRIMARY


class Mode(Enum):
    """How the two servers share the clients, in Windows' words."""

    LOAD_BALANCE = "LoadBalance"
    HOT_STANDBY = "HotStandby"


@dataclass(frozen=True, slots=True)
class Timers:
    """Durations of the protocol in seconds; the defaults are Windows' (MS-DHCPF section 3.1.2)."""

    receive: int = 180
    """Without any message for this long the connection counts as lost (tReceive)."""
    send: int = 60
    """After this long without sending, a CONTACT goes out (tSend)."""
    retry: int = 60
    """The primary dials again this long after a failed or lost connection."""
    startup: int = 300
    """A starting server waits this long for its partner before it goes on alone."""
    rebalance: int = 300
    """The primary looks at the balance of free addresses this often."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            seconds = getattr(self, name)
            if seconds < 1:
                raise FailoverError(f"the failover timer {name!r} is {seconds} s; it takes at least 1 second")


@dataclass(frozen=True, slots=True)
class Settings:
    """One relationship, the same on both servers but for ``role`` and the two addresses.

    Attributes:
        name: The relationship's name, 1 to 126 characters, the same on both servers.
        role: This server's role.
        address: This server's IPv4 address.
        partner: The partner's IPv4 address.
        partner_name: The partner's name as the administrator typed it.
        scopes: Ids of the scopes in the relationship.
        mode: Load balance or hot standby.
        primary_percent: The primary's share of the clients in load balance mode, 0 to 100.
        active: The role that serves in hot standby mode.
        reserve_percent: Share of the range kept for the standby's new clients, 0 to 100.
        mclt: Maximum client lead time in seconds, at least 1.
        switch_interval: Seconds in COMMUNICATIONS-INTERRUPTED after which PARTNER-DOWN follows, None for never.
        secret: The shared secret; empty means that messages are not authenticated.
        max_unacked: Binding updates this server takes without having acknowledged them.
        dialect: ``windows``, ``draft`` or ``isc``.
        timers: The protocol's durations.
    """

    name: str
    role: Role
    address: int
    partner: int
    partner_name: str = ""
    scopes: tuple[int, ...] = ()
    mode: Mode = Mode.LOAD_BALANCE
    primary_percent: int = 50
    active: Role = Role.PRIMARY
    reserve_percent: int = 5
    mclt: int = 3600
    switch_interval: int | None = None
    secret: bytes = b""
    max_unacked: int = 100
    dialect: str = "windows"
    timers: Timers = field(default_factory=Timers)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise FailoverError(f"a relationship's name is text, not {self.name!r}")
        if not 1 <= len(self.name) <= MAX_NAME_LENGTH:
            raise FailoverError(f"a relationship's name takes 1 to {MAX_NAME_LENGTH} characters, not {len(self.name)}")
        _check_whole("load balance percentage", self.primary_percent, "%", 0, 100)
        _check_whole("reserve", self.reserve_percent, "%", 0, 100)
        _check_whole("maximum client lead time", self.mclt, "s", 1, MAX_SECONDS)
        if self.switch_interval is not None:
            _check_whole("state switchover interval", self.switch_interval, "s", 1, MAX_SECONDS)
        if not isinstance(self.secret, bytes):
            raise FailoverError(f"the shared secret is {self.secret!r}; it takes text")
        if self.address == self.partner:
            raise FailoverError("a server cannot be its own failover partner; name the other server")

    @property
    def local_percent(self) -> int:
        """The server's own share of the clients in load balance mode, in percent."""
        return self.primary_percent if self.role is Role.PRIMARY else 100 - self.primary_percent

    def for_partner(self, partner_name: str) -> Settings:
        """Return the same relationship as the partner keeps it; ``partner_name`` is this server's name."""
        return replace(
            self, role=self.role.other, address=self.partner, partner=self.address, partner_name=partner_name
        )

    def to_document(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them, for the store and for the partner."""
        return {
            "name": self.name,
            "role": self.role.value,
            "address": self.address,
            "partner": self.partner,
            "partner_name": self.partner_name,
            "scopes": list(self.scopes),
            "mode": self.mode.value,
            "primary_percent": self.primary_percent,
            "active": self.active.value,
            "reserve_percent": self.reserve_percent,
            "mclt": self.mclt,
            "switch_interval": self.switch_interval,
            "secret": self.secret.hex(),
            "max_unacked": self.max_unacked,
            "dialect": self.dialect,
            "timers": [
                self.timers.receive,
                self.timers.send,
                self.timers.retry,
                self.timers.startup,
                self.timers.rebalance,
            ],
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Settings:
        """Return the settings that ``to_document`` wrote.

        Raises:
            FailoverError: a value is out of its range.
        """
        values = dict(document)
        values["role"] = Role(values["role"])
        values["active"] = Role(values["active"])
        values["mode"] = Mode(values["mode"])
        values["scopes"] = tuple(values["scopes"])
        values["secret"] = bytes.fromhex(values["secret"])
        values["timers"] = Timers(*values["timers"])
        return cls(**values)


def _check_whole(what: str, value: object, unit: str, low: int, high: int) -> None:
    """Check a setting that is a whole number; ``value`` may be anything that a notebook hands over."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return
    takes = f"a whole number of {low} to {high}" if unit == "%" else f"a whole number of at least {low}"
    raise FailoverError(f"the {what} is {value} {unit}; it takes {takes}")
