"""JupyterLab as a person meets it: started from the command line, opened in a browser, worked by keyboard and mouse."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Locator, Page, expect

CLONE = Path(__file__).parent.parent.parent
STARTING = 60
"""Seconds within which JupyterLab must print its address."""
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+")


class Server:
    """JupyterLab on a copy of the lessons, as ``python -m dhcpkit lab`` starts it; the clone stays as it is.

    Attributes:
        address: What it printed for people to open.
    """

    def __init__(self, folder: Path) -> None:
        """Start it in an empty folder, which gets the lessons, and all that Jupyter writes."""
        self._folder = folder
        (folder / "dhcpkit").symlink_to(CLONE / "dhcpkit")
        (folder / "lessons").mkdir()
        for lesson in sorted((CLONE / "lessons").glob("*.ipynb")):
            self.copy(lesson.name, lesson.name)
        # A settled Jupyter of the machine's user shall have no say in it.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dhcpkit", "lab", "--no-browser"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._printed: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="jupyterlab-output", daemon=True).start()
        try:
            self.address = self._wait_for_address()
        except BaseException:
            self.stop()
            raise

    def copy(self, lesson: str, name: str) -> None:
        """Put a lesson under a name, as if it had never been run: what is seen in it later was computed meanwhile."""
        notebook = nbformat.read(CLONE / "lessons" / lesson, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, self._folder / "lessons" / name)

    def address_of(self, name: str) -> str:
        """Return the address of a notebook in a workspace of its own, where nothing else is open."""
        return re.sub(r"/lab/tree/[^?]*", f"/lab/workspaces/{Path(name).stem}/tree/{name}", self.address)

    def end_kernels(self) -> None:
        """End what is running, so that one test's lab does not slow the next one's."""
        for kernel in json.loads(self._ask("GET", "/api/kernels")):
            self._ask("DELETE", f"/api/kernels/{kernel['id']}")

    def stop(self) -> None:
        """End it, and with it its kernels."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, path: str) -> bytes:
        address = urllib.parse.urlsplit(self.address)
        token = urllib.parse.parse_qs(address.query)["token"][0]
        headers = {"Authorization": f"token {token}"}
        request = urllib.request.Request(f"http://{address.netloc}{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answered: bytes = answer.read()
        return answered

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._printed.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def _wait_for_address(self) -> str:
        while True:
            try:
                line = self._lines.get(timeout=STARTING)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError("JupyterLab printed no address to open:\n" + "".join(self._printed))
            found = _ADDRESS.search(line)
            if found:
                return found[0]


class Notebook:
    """A notebook on the screen."""

    def __init__(self, page: Page, address: str) -> None:
        """Open it and wait for its kernel."""
        self.page = page
        page.goto(address)
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        expect(self.panel.locator(".jp-Notebook .jp-CodeCell").nth(3)).to_be_attached()
        expect(self.panel.locator(".jp-Toolbar-kernelName")).to_have_text("Python 3 (ipykernel)")
        self._idle()

    def cell(self, text: str, nth: int = 0) -> Locator:
        """Return a code cell whose source holds this text: the first such, or the nth after it."""
        holds = self.page.locator(".cm-content", has_text=text)
        return self.panel.locator(".jp-Notebook .jp-CodeCell").filter(has=holds).nth(nth)

    def run(self, text: str, nth: int = 0, *, wait: bool = True) -> Locator:
        """Choose a cell with the mouse and run it with Shift+Enter; return its outputs."""
        cell = self.cell(text, nth)
        cell.locator(".jp-InputPrompt").first.click()
        expect(cell).to_have_class(re.compile("jp-mod-active"))
        self.page.keyboard.press("Shift+Enter")
        return self._ran(cell) if wait else cell.locator(".jp-Cell-outputArea")

    def run_new(self, source: str, after: str) -> Locator:
        """Insert a cell below another, type into it, run it, and return its outputs."""
        self.cell(after).locator(".jp-InputPrompt").first.click()
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(source)
        self.page.keyboard.press("Escape")
        return self.run(source)

    def finished(self, text: str, nth: int = 0) -> Locator:
        """Wait until a cell that was begun has run; return its outputs."""
        return self._ran(self.cell(text, nth))

    def _ran(self, cell: Locator) -> Locator:
        expect(cell.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"^\[\d+\]:$"))
        self._idle()
        errors = cell.locator("[data-mime-type='application/vnd.jupyter.error']")
        return cell.locator(".jp-Cell-outputArea") if not errors.count() else errors

    def _idle(self) -> None:
        expect(self.panel.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")


class DeskPage:
    """The desk on the screen."""

    def __init__(self, page: Page, within: Locator | None = None) -> None:
        self.page = page
        self.root = (within or page).locator(".dk-desk")
        self.report = self.root.locator(".dk-report")
        self.waiting = self.root.locator(".dk-wait")
        self.slider = self.root.get_by_label("Load balance percentage of DHCP1")

    def button(self, name: str) -> Locator:
        """Return a button by the name that a screen reader says."""
        return self.root.get_by_role("button", name=name, exact=True)

    def host(self, name: str) -> Locator:
        """Return a host in the topology."""
        return self.root.locator(".dk-topology .dk-host").filter(has=self.page.locator(".dk-name", has_text=name))

    def open_page(self, title: str) -> Locator:
        """Open one of the desk's pages, unless it is open; return it."""
        tab = self.root.get_by_role("tab", name=title)
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        return self.root.get_by_role("tabpanel", name=title)

    def property(self, label: str) -> list[str]:
        """Return a line of the page "Failover properties": what each server says."""
        row = self.root.locator(".dk-table tbody tr").filter(
            has=self.page.get_by_role("rowheader", name=label, exact=True)
        )
        return row.locator("td").all_inner_texts()

    def drag_slider(self, percent: int) -> None:
        """Take the slider's thumb with the mouse and draw it to a percentage."""
        self.slider.scroll_into_view_if_needed()
        box = self.slider.bounding_box()
        assert box is not None
        thumb = 18
        middle = box["y"] + box["height"] / 2

        def place(value: float) -> float:
            return box["x"] + thumb / 2 + (box["width"] - thumb) * value / 100

        mouse = self.page.mouse
        mouse.move(place(float(self.slider.input_value())), middle)
        mouse.down()
        mouse.move(place(percent), middle, steps=12)
        mouse.up()

    def chart(self) -> list[dict[str, Any]]:
        """Return the traces that plotly draws at this moment."""
        traces: list[dict[str, Any]] = self.root.locator(".js-plotly-plot").evaluate(
            "plot => plot.data.map(({ name, type, x, y, base, text, hovertext }) => "
            "({ name, type, x, y, base, text, hovertext }))"
        )
        return traces

    def bars(self, server: str) -> list[str]:
        """Return what the chart tells of the leases that a server gave, oldest first."""
        return [text for trace in self.chart() if trace["name"] == server for text in trace["hovertext"]]

    def wait_for_bar(self, server: str, *parts: str) -> str:
        """Wait until the chart shows a lease given by a server whose description has these parts; return it."""
        self.page.wait_for_function(
            "([plot, server, parts]) => plot.data.some((trace) => trace.name === server && "
            "trace.hovertext.some((text) => parts.every((part) => text.includes(part))))",
            arg=[self.root.locator(".js-plotly-plot").element_handle(), server, list(parts)],
        )
        return next(text for text in reversed(self.bars(server)) if all(part in text for part in parts))

    def too_wide(self) -> list[str]:
        """Return what of the desk does not fit in its width: the classes of each element that scrolls sideways."""
        wide: list[str] = self.root.evaluate(
            """desk => {
                const around = [];
                for (let e = desk; e && !e.classList.contains("jp-Notebook"); e = e.parentElement) around.push(e);
                const scrolls = (e) => e.scrollWidth > e.clientWidth + 1 &&
                    (around.includes(e) || ["auto", "scroll"].includes(getComputedStyle(e).overflowX));
                const all = [...around, ...desk.querySelectorAll("div, pre, form, table")];
                return all.filter(scrolls).map((e) => e.className);
            }"""
        )
        return wide
