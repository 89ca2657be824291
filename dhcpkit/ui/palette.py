"""How servers and states look: never by colour alone, the same in every picture.

The colours are those of Okabe and Ito, which people with any of the common colour blindnesses tell apart. Each server
also has a letter, a shape for its packets and a pattern for its leases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerStyle:
    """A server's look: a colour, what is written on it, a letter, a packet's shape, a lease's pattern (plotly's)."""

    colour: str
    on_colour: str
    letter: str
    shape: str
    pattern: str
    words: str


STYLES = (
    ServerStyle("#0072B2", "#ffffff", "1", "square", "", "blue, plain"),
    ServerStyle("#E69F00", "#000000", "2", "circle", "/", "orange, hatched"),
    ServerStyle("#009E73", "#ffffff", "3", "diamond", ".", "green, dotted"),
    ServerStyle("#CC79A7", "#000000", "4", "triangle", "x", "pink, crossed"),
)
NOBODY = ServerStyle("#808080", "#ffffff", "?", "circle", "-", "grey, lined")
"""The look of an answer from a server that the lab does not know."""

NORMAL = ("#A8DDB5", "")
WAITING = ("#F0E442", "|")
ALONE = ("#D55E00", "\\")
STOPPED = ("#8a8a8a", "x")
PLAIN = ("#bdbdbd", "")
STATE_LOOKS = (NORMAL, WAITING, ALONE, STOPPED, PLAIN)
"""Colour and pattern of the servers' states; no colour of a server's is among those that last."""

STOPPED_LABELS = frozenset({"stopped", "killed", "crashed"})
_ALONE = frozenset({"COMMUNICATIONS-INTERRUPTED", "PARTNER-DOWN"})
_PLAIN = frozenset({"running", ""})


def styles_of(servers: Iterable[str]) -> dict[str, ServerStyle]:
    """Give each server its look, in the order of the lab; the fifth server gets the first one's look again."""
    return {name: STYLES[place % len(STYLES)] for place, name in enumerate(servers)}


def state_look(label: str) -> tuple[str, str]:
    """Return colour and pattern of a server's state as the chart draws it (``NORMAL``, ``stopped``, ...)."""
    if label in STOPPED_LABELS:
        return STOPPED
    if label == "NORMAL":
        return NORMAL
    if label in _ALONE:
        return ALONE
    return PLAIN if label in _PLAIN else WAITING
