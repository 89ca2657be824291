"""What the desk is told of waits: the newest one, once at its beginning and once at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.lab import Lab
from dhcpkit.ui.waits import Waits


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(wire="memory", speed=0) as lab:
        yield lab


def test_a_wait_is_news_when_it_begins_and_when_it_is_over(lab: Lab) -> None:
    told: list[dict[str, object]] = []
    waits = Waits(lambda: told.append(waits.document()))
    lab.watch_waiting(waits.watch)
    began = lab.clock.now()
    lab.dhcp2.add_guide_scope()
    lab.until(lambda: lab.client1.served_by == "DHCP2", within=300, what="Client1's lease").result()
    assert told == [{"what": "Client1's lease", "begun": began, "within": 300}, {}]


def test_what_holds_at_once_is_not_waited_for(lab: Lab) -> None:
    told: list[None] = []
    lab.watch_waiting(Waits(lambda: told.append(None)).watch)
    lab.until(lambda: True).result()
    assert told == []


def test_the_newest_of_several_waits_is_shown_and_a_failed_one_ends_too(lab: Lab) -> None:
    lab.dhcp2.add_guide_scope()
    waits = Waits(lambda: None)
    lab.watch_waiting(waits.watch)

    async def wait_in_vain() -> None:
        await lab.until(lambda: False, within=900, what="nothing")

    async def wait_for_both() -> None:
        asleep = asyncio.create_task(wait_in_vain())
        while waits.document().get("what") != "nothing":
            await asyncio.sleep(0)
        await lab.until(lambda: waits.document().get("what") == "both", what="both")
        assert waits.document()["what"] == "nothing"
        with pytest.raises(LabError, match="in vain"):
            await asleep

    asyncio.run(asyncio.wait_for(wait_for_both(), 30))
    assert waits.document() == {}
