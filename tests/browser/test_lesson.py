"""The lesson in a real browser, done as a learner does it: by mouse and keyboard, looking at what is on the screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyter import DeskPage, Notebook, Server

pytestmark = pytest.mark.browser

SIXTY = "Run the clock at 60 times real time"
ADDRESS = re.compile(r"Client1: (\S+) from")


def address_in(bar: str) -> str:
    """The leased address in a bar's description."""
    found = ADDRESS.search(bar)
    assert found is not None
    return found[1]


def begin(lesson: Notebook) -> DeskPage:
    """Run the first cell: the desk appears, with a client that is served."""
    lesson.run("from dhcpkit import lesson")
    desk = DeskPage(lesson.page, lesson.panel)
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP2")
    return desk


def configure(desk: DeskPage) -> None:
    """Fill in the form with the guide's values."""
    form = desk.open_page("Configure failover")
    form.get_by_label("Partner Server").fill("dhcp1.contoso.com")
    form.get_by_label("Maximum Client Lead Time, hours").fill("0")
    form.get_by_label("Maximum Client Lead Time, minutes").fill("1")
    form.get_by_label("Shared Secret").fill("secret")
    desk.button("Configure failover").click()
    expect(desk.report).to_have_text("Configure failover successful.")


def test_the_demonstration_from_its_first_cell_to_the_standbys_answer(lesson: Notebook) -> None:
    desk = begin(lesson)
    desk.button(SIXTY).click()
    expect(desk.button(SIXTY)).to_have_attribute("aria-pressed", "true")
    address = address_in(desk.wait_for_bar("DHCP2", "Client1", "new lease"))
    expect(lesson.run("ipconfig /all", 0)).to_contain_text("DHCP Server . . . . . . . . . . . : 10.0.0.2")

    # 1. Configure failover, with the form.
    configure(desk)
    steps = desk.root.locator(".dk-steps li")
    expect(steps.first).to_contain_text("Add scopes on partner server Successful")
    assert all(step.endswith("Successful") for step in steps.all_inner_texts())
    assert desk.too_wide() == []
    expect(lesson.run("configure_failover(")).to_be_empty()
    expect(lesson.run("lab.dhcp1.scopes()")).to_contain_text("Contoso-scope1")
    expect(lesson.run('lab.check("configure")')).to_contain_text("✔")

    # 2. Its properties: both servers are Normal.
    expect(lesson.run("lab.dhcp2.failover()", 1)).to_contain_text("State of Partner Server   : Normal")
    desk.open_page("Failover properties")
    assert desk.property("State of this Server") == ["Normal", "Normal"]
    assert desk.property("State of Partner Server") == ["Normal", "Normal"]
    for server in ("DHCP1", "DHCP2"):
        expect(desk.host(server).locator(".dk-state-good")).to_have_text("NORMAL")
    assert desk.too_wide() == []

    # 3. All of the load to DHCP1, with the slider.
    prediction = lesson.run('lab.predict("when")')
    prediction.get_by_label("At once").check()
    expect(prediction).to_contain_text("Kept")
    assert desk.bars("DHCP1") == []
    desk.drag_slider(100)
    expect(desk.report).to_have_text("DHCP1 serves 100 % of the clients, DHCP2 0 %.")
    expect(desk.host("DHCP1")).to_contain_text("100 % of the clients")
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP1")
    assert address_in(desk.wait_for_bar("DHCP1", "Client1", "rebound")) == address
    expect(lesson.run("lab.reveal(")).to_contain_text("✘ You said: At once.")
    expect(prediction).to_contain_text("✘ You said: At once.")

    # 4. Hot standby, and its active server stops.
    desk.button("Hot standby mode").click()
    expect(desk.host("DHCP2")).to_contain_text("active")
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP2")
    given_before = len(desk.bars("DHCP1"))
    desk.button("Stop server DHCP2").click()
    expect(desk.host("DHCP2")).to_have_class(re.compile("dk-down"))
    expect(desk.host("DHCP1")).to_contain_text("COMMUNICATIONS-INTERRUPTED")
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP1")
    desk.button("Pause the clock").click()
    expect(desk.button("Pause the clock")).to_have_attribute("aria-pressed", "true")
    given_since = desk.bars("DHCP1")[given_before:]
    assert given_since
    assert {address_in(bar) for bar in given_since} == {address}
    assert "for 60 s" in given_since[-1]
    assert desk.property("State of this Server") == ["Communication Interrupted", "Service stopped"]
    expect(desk.open_page("Chart as text")).to_contain_text("DHCP2       service stopped")
    expect(lesson.run("ipconfig /all", 2)).to_contain_text(f"IPv4 Address. . . . . . . . . . . : {address}(Preferred)")
    assert desk.too_wide() == []


def test_a_button_answers_while_a_cell_waits(lesson: Notebook) -> None:
    desk = begin(lesson)
    lesson.run("configure_failover(")
    desk.button("Run the clock at 1 times real time").click()
    expect(desk.waiting).to_be_hidden()
    waiting = 'what="Client1 to be served by DHCP1"'
    lesson.run(waiting, wait=False)
    expect(desk.waiting).to_contain_text("Waiting for Client1 to be served by DHCP1")
    desk.button("Stop server DHCP2").click()
    expect(desk.host("DHCP2")).to_have_class(re.compile("dk-down"))
    expect(desk.host("DHCP1")).to_contain_text("COMMUNICATIONS-INTERRUPTED")
    expect(lesson.cell(waiting).locator(".jp-InputPrompt").first).to_have_text("[*]:")
    expect(desk.waiting.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("[1-9]"))
    desk.button(SIXTY).click()
    lesson.finished(waiting)
    expect(desk.waiting).to_be_hidden()
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP1")


def test_the_desk_by_keyboard_alone(lesson: Notebook) -> None:
    desk = begin(lesson)
    lesson.run("configure_failover(")
    keyboard = lesson.page.keyboard
    desk.slider.focus()
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect(desk.report).to_have_text("DHCP1 serves 52 % of the clients, DHCP2 48 %.")
    desk.button("Stop server DHCP2").focus()
    keyboard.press("Space")
    expect(desk.host("DHCP2")).to_have_class(re.compile("dk-down"))
    keyboard.press("Tab")
    expect(desk.button("Start server DHCP2")).to_be_focused()
    keyboard.press("Enter")
    expect(desk.host("DHCP2").locator(".dk-state-good")).to_have_text("NORMAL")
    desk.host("Client1").focus()
    keyboard.press("Enter")
    expect(desk.root.get_by_role("tabpanel", name="ipconfig /all")).to_contain_text("Physical Address")


def test_what_cannot_be_is_said_in_one_sentence(lesson: Notebook) -> None:
    desk = begin(lesson)
    lesson.run("configure_failover(")
    error = lesson.run_new("lab.dhcp2.set_failover(percent=130)", after="configure_failover(")
    said = error.inner_text().strip()
    assert said.startswith("LabError: ")
    assert "130" in said
    assert "\n" not in said
    expect(desk.host("DHCP2")).to_contain_text("50 % of the clients")


def test_a_second_view_of_the_desk_beside_the_text(lesson: Notebook, page: Page) -> None:
    first = begin(lesson)
    first.root.click(button="right", position={"x": 5, "y": 5})
    page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    beside = DeskPage(page, page.locator(".jp-LinkedOutputView"))
    expect(beside.host("Client1")).to_contain_text("BOUND, from DHCP2")
    beside.button("Stop server DHCP2").click()
    for desk in (beside, first):
        expect(desk.host("DHCP2")).to_have_class(re.compile("dk-down"))
        desk.wait_for_bar("DHCP2", "Client1")
        assert desk.too_wide() == []


def test_the_printed_address_opens_the_lesson(jupyter: Server, page: Page) -> None:
    notebook = Notebook(page, jupyter.address)
    expect(notebook.panel).to_contain_text("DHCP failover demonstration")
    jupyter.end_kernels()
