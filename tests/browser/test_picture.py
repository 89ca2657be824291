"""The picture of the running lesson in the README: made from the real thing, whenever the tests run.

``pytest tests/browser/test_picture.py --picture assets/lesson.png`` stores it.
"""

from __future__ import annotations

import re
import shutil
import struct
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook
from tests.browser.test_lesson import SIXTY, begin, configure

pytestmark = pytest.mark.browser

WIDTH = 1280
HEIGHT = 1100
LARGEST = 400_000
"""Bytes that the picture may have."""
MARGIN = 8
AN_ANSWER_ON_ITS_WAY = """() => {
    const tags = [...document.querySelectorAll(".dk-packet .dk-tag-text")];
    const answer = tags.find((tag) => tag.textContent === "DHCPACK");
    const apart = (a, b) => a.right + 20 < b.left || b.right + 20 < a.left;
    const place = (tag) => tag.getBoundingClientRect();
    return answer && tags.every((tag) => tag === answer || apart(place(tag), place(answer)));
}"""
"""A DHCPACK is to be seen, and no other message's name lies upon its own."""


def test_the_picture_of_the_standby_that_answers(lesson: Notebook, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    page = lesson.page
    page.keyboard.press("Control+b")  # the list of files goes
    expect(page.locator(".jp-FileBrowser")).to_be_hidden()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    box = lesson.panel.bounding_box()
    assert box is not None
    page.set_viewport_size({"width": round(2 * WIDTH - box["width"]), "height": HEIGHT})

    desk = begin(lesson)
    desk.button(SIXTY).click()
    configure(desk)
    desk.root.get_by_role("tab", name="Configure failover").click()
    desk.drag_slider(100)
    desk.wait_for_bar("DHCP1", "rebound")
    desk.button("Hot standby mode").click()
    expect(desk.host("Client1")).to_contain_text("BOUND, from DHCP2")
    desk.button("Run the clock at 12 times real time").click()
    desk.button("Stop server DHCP2").click()
    expect(desk.host("DHCP2")).to_have_class(re.compile("dk-down"))
    desk.wait_for_bar("DHCP1", "rebound", "for 60 s")

    title = lesson.panel.get_by_role("heading", name="DHCP failover demonstration")
    title.scroll_into_view_if_needed()
    page.wait_for_function(AN_ANSWER_ON_ITS_WAY)
    panel, top, bottom = lesson.panel.bounding_box(), title.bounding_box(), desk.root.bounding_box()
    assert panel is not None
    assert top is not None
    assert bottom is not None
    upper = top["y"] - MARGIN
    height = bottom["y"] + bottom["height"] + MARGIN - upper
    picture = tmp_path / "lesson.png"
    page.screenshot(path=picture, clip={"x": panel["x"], "y": upper, "width": WIDTH, "height": height})

    data = picture.read_bytes()
    assert struct.unpack(">4xI", data[12:20])[0] == WIDTH
    assert len(data) < LARGEST
    wanted = pytestconfig.getoption("--picture", None)
    if wanted:
        shutil.copyfile(picture, wanted)
