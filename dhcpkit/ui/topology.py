"""The topology widget: draws a ``Scene`` and lets packets travel along its wires (``static/topology.js``)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import anywidget
import traitlets

from dhcpkit.ui.assets import asset
from dhcpkit.ui.scene import Packet, Scene

MAX_PACKETS = 10
"""Packets passed to the browser at once: the newest; more could not be followed by eye."""


class Topology(anywidget.AnyWidget):
    """Draws the lab's hosts, their states and their wires.

    Attributes:
        scene: What is drawn (``Scene.document``).
        selected: Key of the host that was clicked last, empty before.
    """

    _esm = asset("common.js", "topology.js")
    _css = asset("topology.css")
    scene = traitlets.Dict().tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)

    def show(self, scene: Scene, packets: list[Packet]) -> None:
        """Draw the scene as it is now, and let packets set out. Packets are seen by who looks at that moment."""
        document: dict[str, Any] = scene.document()
        if document != self.scene:
            self.scene = document
        if packets:
            self.send({"packets": [asdict(packet) for packet in packets[-MAX_PACKETS:]]})
