"""The desk: what a notebook shows of a lab. It follows the lab by itself and has all its controls.

from dhcpkit.ui.desk import Desk
Desk(lab)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets

from dhcpkit.console.prompt import run_lines
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import Event
from dhcpkit.ui.acts import Acts
from dhcpkit.ui.answers_chart import AnswersChart
from dhcpkit.ui.assets import asset
from dhcpkit.ui.controls import Commands, Controls, controls_document
from dhcpkit.ui.feed import Feed
from dhcpkit.ui.pages import TABLE_ROWS, Configuration, Pages, form_document, properties_document
from dhcpkit.ui.readings import Readings
from dhcpkit.ui.scene import picture
from dhcpkit.ui.topology import Topology
from dhcpkit.ui.waits import Waits

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab


class Frame(anywidget.AnyWidget):
    """Brings the desk's style sheet into the page; shows nothing."""

    _esm = "export default { render() {} };"
    _css = asset("desk.css")


class Desk(ipywidgets.Box):  # type: ignore[misc]
    """A lab on one page: topology, chart, controls and pages.

    The widgets are changed by one thread (``Feed``), so the desk is up to date while no cell runs and while one does.
    Where widgets cannot be shown, a drawing in plain text stands in, which is the same at every run.

    Attributes:
        topology: The picture of the hosts.
        chart: Which server answered.
        controls: Clock, services, cables, sharing.
        pages: Failover properties, the form, ``ipconfig``, the chart as text.
        commands: What the controls call; usable from Python.
        acts: What is under way and how the last act went.
        waits: What is being waited for in the lab.
        configuration: What the form "Configure failover" calls.
        readings: The lab as last read; only the desk's own thread changes it.
    """

    def __init__(self, lab: Lab) -> None:
        """Make the desk of a lab and begin to follow it."""
        self._lab = lab
        self.readings = Readings(lab)
        self._text = picture(self.readings.scene)
        self.acts = Acts(lambda: self._feed.soon(self._show_controls))
        self.waits = Waits(lambda: self._feed.soon(self._show_waits))
        self.commands = Commands(lab, self.acts, self.readings)
        self.configuration = Configuration(lab, self.acts)
        self.topology = Topology()
        self.chart = AnswersChart({host.spec.interfaces[0].address: host.name for host in lab.servers})
        self.controls = Controls(self.commands)
        self.pages = Pages(self.configuration)
        left = ipywidgets.VBox([self.topology, self.chart]).add_class("dk-left")
        grid = ipywidgets.Box([left, self.controls, self.pages]).add_class("dk-grid")
        super().__init__([Frame(), grid])
        self.add_class("dk-desk")
        self._feed = Feed(lab.events, self._update)
        self.topology.observe(lambda change: self._feed.soon(self._show_selected), "selected")
        self._feed.start()
        self._unwatch = lab.watch_waiting(self.waits.watch)

    def close(self) -> None:
        """Follow the lab no more and take the widgets away. The lab goes on."""
        self._unwatch()
        self._feed.close()
        for widget in (self.topology, self.chart, self.controls, self.pages):
            widget.close()
        super().close()

    def run_soon(self, call: Callable[[], None]) -> None:
        """Have something done by the thread that changes the widgets, after its next update at the latest."""
        self._feed.soon(call)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        for data in bundle if isinstance(bundle, tuple) else (bundle,):
            if data and "text/plain" in data:
                data["text/plain"] = self._text
        return bundle

    def __repr__(self) -> str:
        return self._text

    def _update(self, events: list[Event]) -> None:
        packets = self.readings.take(events)
        self.topology.show(self.readings.scene, packets)
        self.chart.feed(events)
        self.chart.show(self._lab.clock.now(), self._lab.clock.speed)
        self._show_controls()
        if self.readings.concerns_clients(events):
            self._show_ipconfig()
        if events:
            self.pages.table = "\n".join(str(row) for row in self.chart.history.rows()[-TABLE_ROWS:])

    def _show_controls(self) -> None:
        busy = self.acts.busy
        self.controls.state = controls_document(self.readings, busy, self.topology.selected)
        self.controls.report = {"text": self.acts.report.text, "kind": self.acts.report.kind}
        self.pages.properties = properties_document(self.readings)
        self.pages.form = form_document(self.readings, "configure" in busy)
        self.pages.steps = self.configuration.steps

    def _show_waits(self) -> None:
        self.controls.waiting = self.waits.document()

    def _show_selected(self) -> None:
        """Turn to what concerns the host that was chosen in the topology."""
        self._show_controls()
        host = self.readings.scene.hosts.get(self.topology.selected)
        if host is not None:
            self.pages.page = "properties" if host.kind == "server" else "ipconfig"
            self._show_ipconfig()

    def _show_ipconfig(self) -> None:
        clients = [host for host in self.readings.scene.clients if host.kind == "client"]
        chosen = [host for host in clients if host.key == self.topology.selected] or clients[:1]
        if not chosen or chosen[0].service not in ("running", ""):
            return
        try:
            text = run_lines(self._lab, chosen[0].key, "ipconfig /all")
        except LabError as wrong:
            text = str(wrong)
        self.pages.ipconfig = {"host": chosen[0].name, "text": text.strip("\n")}
