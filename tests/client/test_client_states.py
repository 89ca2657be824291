"""Every row of the table is reached by a client that is driven from outside."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from dhcpkit.client.events import ClientStateEntered
from dhcpkit.client.states import FIGURE_5, TRANSITIONS, Event, State, Transition, transition
from dhcpkit.protocol.dhcp import MessageType
from tests.client.driver import ADDRESS, MEMORY, OTHER_ADDRESS, OTHER_MAC, START, Driver


def in_state(state: State, event: Event) -> Driver:
    """Bring a client into a state, in the way the event needs."""
    if state is State.INIT:
        return Driver()
    if state in (State.INIT_REBOOT, State.REBOOTING):
        driver = Driver(remembered=MEMORY, probe=event is Event.CONFLICT)
        if state is State.REBOOTING:
            driver.start()
        return driver
    if (state, event) == (State.SELECTING, Event.OFFER):
        driver = Driver(remembered=replace(MEMORY, expires=START - 1))
    else:
        driver = Driver(probe=event is Event.CONFLICT)
    driver.start()
    if state is State.SELECTING:
        return driver
    driver.offer()
    if state is State.REQUESTING:
        return driver
    driver.ack()
    if event is Event.CONFLICT:
        driver.next_tick()
    if state in (State.RENEWING, State.REBINDING):
        if event is Event.NO_ANSWER:
            driver.take(driver.client.renew(driver.now))
        else:
            driver.next_tick()
    if state is State.REBINDING:
        while driver.client.state != "REBINDING":
            driver.next_tick()
    return driver


def cause(driver: Driver, event: Event) -> None:
    """Let the event happen, and nothing else."""
    client = driver.client
    if event is Event.START:
        driver.start()
    elif event is Event.STOP:
        driver.take(client.stop(driver.now))
    elif event is Event.RENEW:
        driver.take(client.renew(driver.now))
    elif event is Event.RELEASE:
        driver.take(client.release(driver.now))
    elif event in (Event.OFFER, Event.SELECT):
        # An offer of another address than the one from before is collected; the first one of it is selected.
        driver.offer(yiaddr=OTHER_ADDRESS if event is Event.OFFER else ADDRESS)
    elif event is Event.ACK:
        driver.ack()
    elif event is Event.NAK:
        driver.nak()
    elif event is Event.CONFLICT:
        if client.state != "BOUND":
            driver.ack()
        driver.take(client.address_in_use(ADDRESS, OTHER_MAC, driver.now))
    elif event is Event.EXPIRY:
        driver.now = (client.lease or MEMORY).expires
        driver.take(client.start(driver.now) if client.state == "INIT-REBOOT" else client.tick(driver.now))
    else:
        before = len(driver.events(ClientStateEntered))
        while len(driver.events(ClientStateEntered)) == before:
            driver.next_tick()


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.state}-{row.event}")
def test_row_is_reached(row: Transition) -> None:
    driver = in_state(row.state, row.event)
    assert driver.client.state == row.state
    before = len(driver.events(ClientStateEntered))
    cause(driver, row.event)
    entered = driver.events(ClientStateEntered)[before:]
    if row.next_state is row.state:
        assert entered == []
        assert driver.client.state == row.state
    else:
        assert (entered[0].previous, entered[0].state) == (row.state, row.next_state)
        assert entered[0].because


def test_figure_5_is_complete() -> None:
    """The arrows of the RFC's figure, counted by the state they leave."""
    leaving = Counter(row.state for row in TRANSITIONS if row.source == FIGURE_5)
    assert leaving == {
        State.INIT: 1,
        State.SELECTING: 2,
        State.REQUESTING: 4,
        State.INIT_REBOOT: 1,
        State.REBOOTING: 2,
        State.BOUND: 4,
        State.RENEWING: 3,
        State.REBINDING: 3,
    }


def test_a_state_and_an_event_have_one_row() -> None:
    assert len({(row.state, row.event) for row in TRANSITIONS}) == len(TRANSITIONS)


def test_unknown_event_has_no_row() -> None:
    assert transition(State.SELECTING, Event.ACK) is None


@pytest.mark.parametrize("kind", [MessageType.ACK, MessageType.NAK])
def test_what_has_no_row_changes_nothing(kind: MessageType) -> None:
    driver = Driver()
    driver.start()
    before = driver.client.next_deadline()
    assert driver.reply(kind) == []
    assert driver.client.state == "SELECTING"
    assert driver.client.next_deadline() == before > START
