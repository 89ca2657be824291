"""A course on DHCP failover and the lab under it: two real DHCP servers, a client, one wire, one clock.

Rooms, from the ground up: ``protocol``, ``engine``, ``failover``, ``client``, ``domain``, ``lab``, ``console``,
``ui``, ``course``. Imports point downwards only. ``docs/architecture.md`` is the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dhcpkit.course.lesson import LessonLab
    from dhcpkit.lab.lab import Lab

__all__ = ["Lab", "lesson"]


def lesson(name: str, **options: Any) -> LessonLab:
    """Build the lab of a lesson and show its desk: see ``dhcpkit.course.lesson.lesson``."""
    # Imported when called: the hosts' processes import this package too, and need none of the widgets.
    from dhcpkit.course.lesson import lesson as build

    return build(name, **options)


def __getattr__(name: str) -> Any:
    if name == "Lab":
        from dhcpkit.lab.lab import Lab

        return Lab
    raise AttributeError(f"module 'dhcpkit' has no attribute {name!r}")
