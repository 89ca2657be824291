"""The client's states as a table: RFC 2131 figure 5, row by row, and what its text adds.

Diagrams are drawn from this table and the client moves by it, so what is drawn is what happens. An event for which a
state has no row is none of that state's business and is dropped.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """States of RFC 2131 figure 5."""

    INIT = "INIT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    INIT_REBOOT = "INIT-REBOOT"
    REBOOTING = "REBOOTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"


class Event(StrEnum):
    """What moves a client from state to state."""

    START = "start"
    OFFER = "DHCPOFFER"
    SELECT = "select offer"
    ACK = "DHCPACK"
    NAK = "DHCPNAK"
    CONFLICT = "DHCPACK (not accepted)"
    T1 = "T1 expires"
    T2 = "T2 expires"
    EXPIRY = "lease expires"
    NO_ANSWER = "no answer"
    RENEW = "renew"
    RELEASE = "release"
    STOP = "stop"


class Transition(NamedTuple):
    """A row: in ``state``, on ``event``, the client does ``action`` and is then in ``next_state``.

    ``source`` is the rule it comes from; ``FIGURE_5`` marks the rows that the RFC's own diagram has.
    """

    state: State
    event: Event
    action: str
    next_state: State
    source: str


FIGURE_5 = "RFC 2131 figure 5"
WINDOWS = "Windows"

TRANSITIONS: tuple[Transition, ...] = (
    Transition(State.INIT, Event.START, "send DHCPDISCOVER", State.SELECTING, FIGURE_5),
    Transition(State.SELECTING, Event.OFFER, "collect replies", State.SELECTING, FIGURE_5),
    Transition(State.SELECTING, Event.SELECT, "send DHCPREQUEST", State.REQUESTING, FIGURE_5),
    Transition(State.REQUESTING, Event.OFFER, "discard", State.REQUESTING, FIGURE_5),
    Transition(State.REQUESTING, Event.ACK, "record lease, set timers T1, T2", State.BOUND, FIGURE_5),
    Transition(State.REQUESTING, Event.NAK, "discard offer", State.INIT, FIGURE_5),
    Transition(State.REQUESTING, Event.CONFLICT, "send DHCPDECLINE", State.INIT, FIGURE_5),
    Transition(State.INIT_REBOOT, Event.START, "send DHCPREQUEST", State.REBOOTING, FIGURE_5),
    Transition(State.REBOOTING, Event.ACK, "record lease, set timers T1, T2", State.BOUND, FIGURE_5),
    Transition(State.REBOOTING, Event.NAK, "restart", State.INIT, FIGURE_5),
    Transition(State.BOUND, Event.OFFER, "discard", State.BOUND, FIGURE_5),
    Transition(State.BOUND, Event.ACK, "discard", State.BOUND, FIGURE_5),
    Transition(State.BOUND, Event.NAK, "discard", State.BOUND, FIGURE_5),
    Transition(State.BOUND, Event.T1, "send DHCPREQUEST to leasing server", State.RENEWING, FIGURE_5),
    Transition(State.RENEWING, Event.ACK, "record lease, set timers T1, T2", State.BOUND, FIGURE_5),
    Transition(State.RENEWING, Event.NAK, "halt network", State.INIT, FIGURE_5),
    Transition(State.RENEWING, Event.T2, "broadcast DHCPREQUEST", State.REBINDING, FIGURE_5),
    Transition(State.REBINDING, Event.ACK, "record lease, set timers T1, T2", State.BOUND, FIGURE_5),
    Transition(State.REBINDING, Event.NAK, "halt network", State.INIT, FIGURE_5),
    Transition(State.REBINDING, Event.EXPIRY, "halt network", State.INIT, FIGURE_5),
    # A client whose clock jumped, or that was held up, must not go on with a lease that is over.
    Transition(State.BOUND, Event.EXPIRY, "halt network", State.INIT, "RFC 2131 section 4.4.5"),
    Transition(State.RENEWING, Event.EXPIRY, "halt network", State.INIT, "RFC 2131 section 4.4.5"),
    Transition(State.INIT_REBOOT, Event.EXPIRY, "restart", State.INIT, "RFC 2131 section 4.4.5"),
    Transition(State.REBOOTING, Event.EXPIRY, "restart", State.INIT, "RFC 2131 section 4.4.5"),
    Transition(State.REQUESTING, Event.NO_ANSWER, "restart", State.INIT, "RFC 2131 section 3.1 step 5"),
    Transition(
        State.REBOOTING, Event.NO_ANSWER, "use the rest of the lease", State.BOUND, "RFC 2131 section 3.2 step 4"
    ),
    Transition(State.REBOOTING, Event.CONFLICT, "send DHCPDECLINE", State.INIT, "RFC 2131 section 4.4.2"),
    # The answer to the ARP probe may be late; the address is given up all the same.
    Transition(State.BOUND, Event.CONFLICT, "send DHCPDECLINE, halt network", State.INIT, "RFC 5227 section 2.4"),
    Transition(State.BOUND, Event.RELEASE, "send DHCPRELEASE, halt network", State.INIT, "RFC 2131 section 4.4.6"),
    Transition(State.RENEWING, Event.RELEASE, "send DHCPRELEASE, halt network", State.INIT, "RFC 2131 section 4.4.6"),
    Transition(State.REBINDING, Event.RELEASE, "send DHCPRELEASE, halt network", State.INIT, "RFC 2131 section 4.4.6"),
    Transition(State.BOUND, Event.RENEW, "send DHCPREQUEST to leasing server", State.RENEWING, WINDOWS),
    Transition(State.RENEWING, Event.RENEW, "send DHCPREQUEST to leasing server", State.RENEWING, WINDOWS),
    Transition(State.REBINDING, Event.RENEW, "send DHCPREQUEST to leasing server", State.RENEWING, WINDOWS),
    Transition(State.REBINDING, Event.NO_ANSWER, "use the rest of the lease", State.BOUND, WINDOWS),
    Transition(State.SELECTING, Event.RENEW, "restart", State.INIT, WINDOWS),
    Transition(State.REQUESTING, Event.RENEW, "restart", State.INIT, WINDOWS),
    # A client that is stopped with a lease remembers it: INIT-REBOOT is where it will start.
    Transition(State.SELECTING, Event.STOP, "halt", State.INIT, "RFC 2131 section 4.4"),
    Transition(State.REQUESTING, Event.STOP, "halt", State.INIT, "RFC 2131 section 4.4"),
    Transition(State.REBOOTING, Event.STOP, "halt", State.INIT_REBOOT, "RFC 2131 section 4.4.2"),
    Transition(State.BOUND, Event.STOP, "halt network", State.INIT_REBOOT, "RFC 2131 section 4.4.2"),
    Transition(State.RENEWING, Event.STOP, "halt network", State.INIT_REBOOT, "RFC 2131 section 4.4.2"),
    Transition(State.REBINDING, Event.STOP, "halt network", State.INIT_REBOOT, "RFC 2131 section 4.4.2"),
)
"""Every move the client makes. ``REBINDING``'s "no answer" row is for a renewal that a person asked for."""

_BY_STATE_AND_EVENT = {(row.state, row.event): row for row in TRANSITIONS}


def transition(state: State, event: Event) -> Transition | None:
    """Return the row for an event in a state; None when the state does not know the event."""
    return _BY_STATE_AND_EVENT.get((state, event))
