"""The desk's pages: failover properties, the form to configure failover, ``ipconfig /all``, the chart as a table.

As with the controls, what is shown is made by functions that know nothing of widgets (``static/pages.js`` draws it).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from dhcpkit.lab import guide
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.handles import ServerHost
from dhcpkit.ui.acts import Acts
from dhcpkit.ui.assets import asset
from dhcpkit.ui.readings import Readings

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab

TABLE_ROWS = 14
"""Lines of the chart's table that are shown: the newest."""


class Pages(anywidget.AnyWidget):
    """Pages below the chart, one of which is open, or none.

    Attributes:
        properties: What ``properties_document`` returns.
        form: What ``form_document`` returns.
        steps: Progress of the configuration: ``[line, outcome]`` each.
        ipconfig: ``{"host": name, "text": what ipconfig /all prints}``.
        table: The newest lines of the chart as text.
        page: The page that is open: ``properties``, ``configure``, ``ipconfig``, ``table`` or empty.
    """

    _esm = asset("common.js", "pages.js")
    _css = asset("controls.css", "pages.css")
    properties = traitlets.Dict().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)
    steps: traitlets.List[list[str]] = traitlets.List().tag(sync=True)
    ipconfig = traitlets.Dict().tag(sync=True)
    table = traitlets.Unicode("").tag(sync=True)
    page = traitlets.Unicode("").tag(sync=True)

    def __init__(self, configuration: Configuration) -> None:
        super().__init__()
        self.on_msg(lambda widget, content, buffers: configuration.submit(content))


class Configuration:
    """Carries out what the form "Configure failover" asks for, and keeps the list of its steps."""

    def __init__(self, lab: Lab, acts: Acts) -> None:
        """Begin with nothing asked for."""
        self._lab = lab
        self._acts = acts
        self._lock = threading.Lock()
        self._steps: list[list[str]] = []

    @property
    def steps(self) -> list[list[str]]:
        """The steps so far, ``[line, outcome]`` each; the outcome is empty while a step is under way."""
        with self._lock:
            return [list(step) for step in self._steps]

    def submit(self, asked: dict[str, Any]) -> None:
        """Configure failover with the form's values (see ``form_document``). Returns at once."""
        try:
            server = self._lab[str(asked["server"])]
            if not isinstance(server, ServerHost):
                raise LabError(f"{server.name} is no DHCP server.")
            scope, partner, arguments = str(asked["scope"]), str(asked["partner"]).strip(), form_values(asked)
        except (KeyError, ValueError) as wrong:
            self._acts.refuse(f"The form is not complete: {wrong}.")
            return
        except LabError as wrong:
            self._acts.refuse(str(wrong))
            return

        def configure() -> None:
            with self._lock:
                self._steps = []
            try:
                server.configure_failover(scope, partner, on_progress=self._progress, **arguments)
            except LabError:
                self._fail()
                raise

        self._acts.begin("configure", "Configuring failover …", "Configure failover successful.", configure)

    def _progress(self, step: str, outcome: str) -> None:
        with self._lock:
            if self._steps and self._steps[-1][0] == step:
                self._steps[-1][1] = outcome
            else:
                if self._steps and not self._steps[-1][1]:
                    self._steps[-1][1] = "Successful"
                self._steps.append([step, outcome])

    def _fail(self) -> None:
        with self._lock:
            if self._steps and not self._steps[-1][1]:
                self._steps[-1][1] = "Failed"


def form_values(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``configure_failover`` that a filled-in form stands for.

    Raises:
        KeyError: a field is missing.
        ValueError: a field that takes a number holds none.
    """
    authenticated = bool(asked["authenticate"])
    return {
        "name": str(asked["name"]).strip() or None,
        "secret": str(asked["secret"]) if authenticated else None,
        "mclt": int(asked["hours"]) * 3600 + int(asked["minutes"]) * 60,
        "mode": str(asked["mode"]),
        "percent": int(asked["percent"]),
        "role": str(asked["role"]),
        "reserve": int(asked["reserve"]),
    }


def form_document(readings: Readings, busy: bool) -> dict[str, Any]:
    """Return what the form begins with: the guide's values, and the scopes that may be put in a relationship."""
    servers = []
    why = "No running server has a scope."
    for server in readings.lab.servers:
        scopes = readings.scopes.get(server.name.lower(), [])
        free = [{"id": scope.scope_id, "name": scope.name} for scope in scopes if not scope.relationship]
        partners = [other.full_name for other in readings.lab.servers if other is not server]
        running = readings.scene.hosts[server.name.lower()].service == "running"
        if running and scopes and not free:
            why = "Every scope is in a failover relationship already."
        if running and free and partners:
            servers.append(
                {
                    "key": server.name.lower(),
                    "name": server.name,
                    "full_name": server.full_name,
                    "scopes": free,
                    "partners": partners,
                }
            )
    return {
        "servers": servers,
        "busy": busy,
        "why": "" if servers else why,
        "hours": guide.MCLT // 3600,
        "minutes": guide.MCLT % 3600 // 60,
        "secret": guide.SECRET,
        "percent": 50,
        "reserve": 5,
    }


def properties_document(readings: Readings) -> dict[str, Any]:
    """Return the properties of the relationship as each of its servers sees them, side by side."""
    columns = []
    for host in readings.scene.servers:
        status = readings.statuses.get(host.key)
        if status is not None:
            columns.append((host.name, status.properties(host.service == "running")))
    if not columns:
        return {"servers": [], "rows": [], "problem": ""}
    labels = list(dict.fromkeys(label for _, lines in columns for label in lines))
    running = [status for key, status in readings.statuses.items() if readings.scene.hosts[key].service == "running"]
    return {
        "servers": [name for name, _ in columns],
        "rows": [[label, *(lines.get(label, "-") for _, lines in columns)] for label in labels],
        "problem": next((status.problem for status in running if status.problem), ""),
    }
