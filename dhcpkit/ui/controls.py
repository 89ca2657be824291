"""The desk's controls: clock, services, cables, the sharing of the load (``static/controls.js``).

What the controls show is ``controls_document``; what they ask for is carried out by ``Commands``. Both know nothing of
widgets, so that they can be tested, and used from Python, without a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from dhcpkit.failover.settings import Mode
from dhcpkit.lab.errors import LabError
from dhcpkit.ui.acts import Acts
from dhcpkit.ui.assets import asset
from dhcpkit.ui.readings import Readings

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab

SPEEDS = (1.0, 12.0, 60.0)
"""Speeds of the clock for which there is a button."""


class Controls(anywidget.AnyWidget):
    """Buttons and sliders. Each asks ``Commands`` for something and is back at once.

    Attributes:
        state: What ``controls_document`` returns.
        report: What is to be said about the last act.
        waiting: What ``Waits.document`` returns; how long the wait has lasted, the browser reckons from the clock.
    """

    _esm = asset("common.js", "controls.js")
    _css = asset("controls.css")
    state = traitlets.Dict().tag(sync=True)
    report = traitlets.Dict().tag(sync=True)
    waiting = traitlets.Dict().tag(sync=True)

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self.on_msg(lambda widget, content, buffers: commands.carry_out(content))


class Commands:
    """Carries out what a control asks for. ``carry_out`` returns at once; ``Acts`` tells how it goes."""

    def __init__(self, lab: Lab, acts: Acts, readings: Readings) -> None:
        """Make the commands of a lab's desk."""
        self._lab = lab
        self._acts = acts
        self._readings = readings

    def carry_out(self, asked: dict[str, Any]) -> None:
        """Do what a control asks for: ``act`` names a method of this class, the rest are its arguments."""
        arguments = {key: value for key, value in asked.items() if key != "act"}
        handler: Callable[..., None] | None = _COMMANDS.get(asked.get("act", ""))
        if handler is None:
            self._acts.refuse(f"The desk has no control {asked.get('act')!r}.")
            return
        try:
            handler(self, **arguments)
        except (LabError, TypeError, ValueError) as wrong:
            self._acts.refuse(str(wrong))

    def speed(self, speed: float) -> None:
        """Set the clock's speed; 0 pauses it."""
        done = f"The clock runs at {speed:g}x." if speed else "The clock is paused."
        self._acts.begin("clock", "Setting the clock …", done, lambda: self._lab.set_speed(speed))

    def next_event(self) -> None:
        """Move the clock to when a host is due to act."""

        def move() -> None:
            if self._lab.to_next_event() is None:
                raise LabError("Nothing is due in the lab.")

        self._acts.begin("clock", "To the next event …", "The clock was moved to the next event.", move)

    def stop(self, host: str) -> None:
        """Stop a host's service."""
        machine = self._lab[host]
        name = machine.name
        self._acts.begin(f"service-{host}", f"Stopping {name} …", f"{name} is stopped.", machine.stop)

    def start(self, host: str) -> None:
        """Start a host's service."""
        machine = self._lab[host]
        name = machine.name
        self._acts.begin(f"service-{host}", f"Starting {name} …", f"{name} is started.", machine.start)

    def cable(self, host: str, cut: bool) -> None:
        """Cut a host's cable, or mend it."""
        name = self._lab[host].name
        act = self._lab.cut if cut else self._lab.mend
        doing, done = ("Cutting", "is cut") if cut else ("Mending", "is mended")
        cable = f"the cable of {name}"
        self._acts.begin(f"cable-{host}", f"{doing} {cable} …", f"The cable of {name} {done}.", lambda: act(host))

    def renew(self, host: str) -> None:
        """Have a client renew its lease."""
        client = self._client(host)
        self._acts.begin(f"client-{host}", f"{client.name}: ipconfig /renew …", f"{client.name} asked.", client.renew)

    def release(self, host: str) -> None:
        """Have a client give its lease back."""
        client = self._client(host)
        done = f"{client.name} released its address."
        self._acts.begin(f"client-{host}", f"{client.name}: ipconfig /release …", done, client.release)

    def add_client(self) -> None:
        """Plug in another client."""
        done = "Another client is plugged in."
        self._acts.begin("add-client", "Plugging in another client …", done, self._lab.add_client)

    def share(self, percent: int) -> None:
        """Give the lab's first server so many percent of the clients, and the second one the rest."""
        first, second = (server.name for server in self._lab.servers[:2])

        def change() -> None:
            key, server = self._speaker()
            server.set_failover(percent=percent if key == first.lower() else 100 - percent)

        done = f"{first} serves {percent} % of the clients, {second} {100 - percent} %."
        self._acts.begin("sharing", "Changing the load balance percentage …", done, change, queue=True)

    def mode(self, mode: str) -> None:
        """Change the relationship to ``LoadBalance`` or ``HotStandby``."""
        done = f"The relationship is in {mode_in_words(Mode(mode))} mode."
        self._acts.begin("sharing", "Changing the mode …", done, lambda: self._speaker()[1].set_failover(mode=mode))

    def _speaker(self) -> tuple[str, Any]:
        """Return the server to give a command about the relationship to: the first that runs and has it."""
        found = self._readings.status()
        if found is None:
            raise LabError("No running server has a failover relationship.")
        return found[0], self._lab[found[0]]

    def _client(self, host: str) -> Any:
        client = self._lab[host]
        if client.kind != "client":
            raise LabError(f"{client.name} is no client.")
        return client


_COMMANDS: dict[str, Callable[..., None]] = {
    "speed": Commands.speed,
    "next_event": Commands.next_event,
    "stop": Commands.stop,
    "start": Commands.start,
    "cable": Commands.cable,
    "renew": Commands.renew,
    "release": Commands.release,
    "add_client": Commands.add_client,
    "share": Commands.share,
    "mode": Commands.mode,
}


def controls_document(readings: Readings, busy: frozenset[str], selected: str = "") -> dict[str, Any]:
    """Return what the controls show, as JSON can hold it.

    Args:
        readings: The lab as last read.
        busy: Keys of the acts under way.
        selected: Key of the host that was chosen in the topology.
    """
    scene = readings.scene
    clients = scene.clients
    shown = [host for host in clients if host.key == selected] or clients[:1]
    return {
        "clock": {"lab": readings.lab.clock.now(), "speed": readings.lab.clock.speed, "busy": "clock" in busy},
        "speeds": list(SPEEDS),
        "hosts": [
            {
                "key": host.key,
                "name": host.name,
                "kind": host.kind,
                "colour": host.colour,
                "letter": host.letter,
                "on_colour": host.on_colour,
                "service": host.service,
                "running": host.service == "running",
                "cut": not (host.inbound and host.outbound),
                "busy": any(f"{what}-{host.key}" in busy for what in ("service", "cable", "client")),
            }
            for host in [*scene.servers, *shown]
        ],
        "more_clients": len(clients) - len(shown),
        "adding": "add-client" in busy,
        "sharing": _sharing(readings, "sharing" in busy),
    }


def _sharing(readings: Readings, busy: bool) -> dict[str, Any]:
    servers = readings.scene.servers[:2]
    document: dict[str, Any] = {
        "exists": False,
        "busy": busy,
        "servers": [{"key": host.key, "name": host.name, "colour": host.colour} for host in servers],
    }
    found = readings.status()
    if found is None or len(servers) < 2:
        document["why"] = (
            "No server with a failover relationship runs." if readings.statuses else "No failover relationship yet."
        )
        return document
    key, status = found
    first = key == servers[0].key
    document |= {"exists": True, "mode": status.mode.value, "why": ""}
    if status.mode is Mode.LOAD_BALANCE:
        percent = status.load_balance_percent or 0
        document["percent"] = percent if first else 100 - percent
    else:
        here_active = status.server_role == "Active"
        document["active"] = servers[0].name if here_active == first else servers[1].name
        document["reserve"] = status.reserve_percent
    return document


def mode_in_words(mode: Mode) -> str:
    """Return a mode as the console writes it."""
    return "load balance" if mode is Mode.LOAD_BALANCE else "hot standby"
