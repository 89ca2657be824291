"""Which frames pass between the hosts of a lab: the bookkeeping of what is cut.

It is kept on both sides of the control channel: by the helper, which makes it true (``links.py``), and by the lab's
side, which must not report a frame as seen that never arrived (``frames.py``).
"""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


class Cuts:
    """What is cut. Directions are seen from the host: ``inbound`` is towards it."""

    def __init__(self) -> None:
        self._deaf: set[str] = set()
        self._mute: set[str] = set()
        self._paths: set[tuple[str, str]] = set()

    def change(self, host: str, peer: str | None, inbound: bool, outbound: bool) -> None:
        """Say what passes (True) a host's cable, or the path between it and one other host."""
        if peer is None:
            _keep(self._deaf, host, not inbound)
            _keep(self._mute, host, not outbound)
        else:
            _keep(self._paths, (peer, host), not inbound)
            _keep(self._paths, (host, peer), not outbound)

    def state(self, host: str, peer: str | None) -> tuple[bool, bool]:
        """Return what ``change`` was last told about this host, or this host and peer: inbound, outbound."""
        if peer is None:
            return host not in self._deaf, host not in self._mute
        return (peer, host) not in self._paths, (host, peer) not in self._paths

    def passes(self, sender: str, receiver: str) -> bool:
        """Say whether a frame gets from one host to the other; ``receiver`` may be ``*``, or empty when unknown."""
        return not (sender in self._mute or receiver in self._deaf or (sender, receiver) in self._paths)

    @property
    def unplugged(self) -> set[str]:
        """Hosts whose cable carries nothing in either direction."""
        return self._deaf & self._mute

    @property
    def mute(self) -> set[str]:
        """Hosts from which nothing gets through, though they still hear."""
        return self._mute - self._deaf

    @property
    def deaf(self) -> set[str]:
        """Hosts to which nothing gets through, though they are still heard."""
        return self._deaf - self._mute

    @property
    def paths(self) -> set[tuple[str, str]]:
        """Pairs of sender and receiver between which nothing passes."""
        return set(self._paths)


def _keep(members: set[_T], member: _T, present: bool) -> None:
    (members.add if present else members.discard)(member)
