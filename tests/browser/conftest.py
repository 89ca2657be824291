"""One JupyterLab and one Chromium for all browser tests; each test has a notebook, a kernel and a page of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.browser.jupyter import Notebook, Server
from tests.tools import require

LESSON = "failover-demonstration.ipynb"
PATIENCE = 30_000
"""Milliseconds for which something that must come is awaited."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--picture", metavar="FILE", help="store the README's picture of the running lesson in this file")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium() -> str:
    return require("chromium", "chromium")


@pytest.fixture(scope="session")
def jupyter(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


@pytest.fixture
def page(chromium: str, playwright: Playwright, tmp_path: Path) -> Iterator[Page]:
    """A fresh browser, which must have nothing to complain about in the end."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium, args=FLAGS, viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.pages[0]
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" or "WARN" in message.text:
            complaints.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.screenshot(path=tmp_path / "at-the-end.png")
    context.close()
    assert complaints == []


@pytest.fixture
def lesson(page: Page, jupyter: Server, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """The lesson, opened and not yet run."""
    name = re.sub(r"\W+", "-", request.node.name) + ".ipynb"
    jupyter.copy(LESSON, name)
    notebook = Notebook(page, jupyter.address_of(name))
    yield notebook
    jupyter.end_kernels()
