"""Which cables and paths are cut."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


class Links:
    """Cuts by host name: of a host's cable, and of the path from one host to another, each way for itself."""

    def __init__(self) -> None:
        self._no_outbound: set[str] = set()
        self._no_inbound: set[str] = set()
        self._no_path: set[tuple[str, str]] = set()

    def set_cable(self, host: str, inbound: bool, outbound: bool) -> None:
        """Say whether anything reaches a host (``inbound``) and leaves it (``outbound``)."""
        _put(self._no_inbound, host, cut=not inbound)
        _put(self._no_outbound, host, cut=not outbound)

    def set_path(self, host: str, peer: str, inbound: bool, outbound: bool) -> None:
        """Say whether what ``peer`` sends reaches ``host`` (``inbound``), and the other way (``outbound``)."""
        _put(self._no_path, (peer, host), cut=not inbound)
        _put(self._no_path, (host, peer), cut=not outbound)

    def leaves(self, sender: str) -> bool:
        """Say whether what a host sends reaches the switch."""
        return sender not in self._no_outbound

    def arrives(self, sender: str, receiver: str) -> bool:
        """Say whether what has reached the switch goes on to a host."""
        return receiver not in self._no_inbound and (sender, receiver) not in self._no_path


def _put(cuts: set[_T], what: _T, *, cut: bool) -> None:
    if cut:
        cuts.add(what)
    else:
        cuts.discard(what)
