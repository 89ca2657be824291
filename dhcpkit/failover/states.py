"""The endpoint's state machine as tables: which event leads from which state to which, and what each state may do.

``TRANSITIONS`` is the draft's section 9 (and MS-DHCPF 3.1.1.2 for what Windows leaves out); each row has its rule
beside it as a sentence for the reader of the log. A row's cause is an ``Event``, or the state that the partner says
it is in. A cause without a row changes nothing. After a move the partner's last stated state is looked at again, so a
server that becomes ready late does not wait for a message that has already come.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dhcpkit.failover.settings import Role
from dhcpkit.protocol.failover.codes import ServerState

_STARTUP = ServerState.STARTUP
_NORMAL = ServerState.NORMAL
_INTERRUPTED = ServerState.COMMUNICATIONS_INTERRUPTED
_PARTNER_DOWN = ServerState.PARTNER_DOWN
_CONFLICT = ServerState.POTENTIAL_CONFLICT
_RESOLUTION = ServerState.RESOLUTION_INTERRUPTED
_CONFLICT_DONE = ServerState.CONFLICT_DONE
_RECOVER = ServerState.RECOVER
_RECOVER_WAIT = ServerState.RECOVER_WAIT
_RECOVER_DONE = ServerState.RECOVER_DONE
_PAUSED = ServerState.PAUSED
_SHUTDOWN = ServerState.SHUTDOWN


class Event(Enum):
    """What may move an endpoint from state to state, besides the partner's state."""

    CONTACT = "contact established"
    CONTACT_LOST = "contact lost"
    ADMINISTRATOR = "administrator: the partner is down"
    SWITCH_INTERVAL = "state switchover interval over"
    UPDATES_DONE = "UPDDONE received"
    FIRST_UPDATES_DONE = "UPDDONE received, first run"
    WAIT_OVER = "maximum client lead time over"
    TAKEN_OVER = "partner went PARTNER-DOWN after this server stopped"
    BOTH_SERVED = "partner went PARTNER-DOWN while this server ran"


class Transition(NamedTuple):
    """A row: in ``state``, ``cause`` leads to ``to``. ``role`` limits the row to the primary or the secondary."""

    state: ServerState
    cause: Event | ServerState
    to: ServerState
    rule: str
    role: Role | None = None


TRANSITIONS: tuple[Transition, ...] = (
    # A starting server whose partner took over meanwhile (draft 9.3.2). Everything else that ends STARTUP leads to
    # the state before it: RESUMED has the moves.
    Transition(_STARTUP, Event.TAKEN_OVER, _RECOVER, "the partner took over after this server stopped: learn its news"),
    Transition(_STARTUP, Event.BOTH_SERVED, _CONFLICT, "the partner took over while this server was still serving"),
    # NORMAL (draft 9.5.3)
    Transition(_NORMAL, Event.CONTACT_LOST, _INTERRUPTED, "contact with the partner is lost"),
    Transition(_NORMAL, _PAUSED, _INTERRUPTED, "the partner pauses"),
    Transition(_NORMAL, _SHUTDOWN, _PARTNER_DOWN, "the partner shuts down for long"),
    Transition(_NORMAL, _PARTNER_DOWN, _INTERRUPTED, "the partner is not in NORMAL"),
    Transition(_NORMAL, _CONFLICT, _INTERRUPTED, "the partner is not in NORMAL"),
    Transition(_NORMAL, _RESOLUTION, _INTERRUPTED, "the partner is not in NORMAL"),
    Transition(_NORMAL, _CONFLICT_DONE, _INTERRUPTED, "the partner is not in NORMAL", Role.PRIMARY),
    Transition(_NORMAL, _RECOVER, _INTERRUPTED, "the partner is not in NORMAL"),
    Transition(_NORMAL, _RECOVER_WAIT, _INTERRUPTED, "the partner is not in NORMAL"),
    # COMMUNICATIONS-INTERRUPTED (draft 9.6.3)
    Transition(_INTERRUPTED, Event.ADMINISTRATOR, _PARTNER_DOWN, "the administrator says that the partner is down"),
    Transition(_INTERRUPTED, Event.SWITCH_INTERVAL, _PARTNER_DOWN, "the state switchover interval has passed"),
    Transition(_INTERRUPTED, _NORMAL, _NORMAL, "contact is back and the partner was NORMAL all the time"),
    Transition(_INTERRUPTED, _INTERRUPTED, _NORMAL, "contact is back: both were COMMUNICATIONS-INTERRUPTED"),
    Transition(_INTERRUPTED, _RECOVER_DONE, _NORMAL, "the partner has recovered"),
    Transition(_INTERRUPTED, _PARTNER_DOWN, _CONFLICT, "the partner took over while this server served too"),
    Transition(_INTERRUPTED, _CONFLICT, _CONFLICT, "the partner sees a potential conflict"),
    Transition(_INTERRUPTED, _RESOLUTION, _CONFLICT, "the partner was resolving a conflict"),
    Transition(_INTERRUPTED, _CONFLICT_DONE, _CONFLICT, "the partner was resolving a conflict"),
    Transition(_INTERRUPTED, _SHUTDOWN, _PARTNER_DOWN, "the partner shuts down for long"),
    # PARTNER-DOWN (draft 9.4.3)
    Transition(_PARTNER_DOWN, _RECOVER_DONE, _NORMAL, "the partner has recovered"),
    Transition(_PARTNER_DOWN, _NORMAL, _CONFLICT, "the partner was not down: both served"),
    Transition(_PARTNER_DOWN, _INTERRUPTED, _CONFLICT, "the partner was not down: both served"),
    Transition(_PARTNER_DOWN, _PARTNER_DOWN, _CONFLICT, "each server took the other for down: both served"),
    Transition(_PARTNER_DOWN, _CONFLICT, _CONFLICT, "the partner sees a potential conflict"),
    Transition(_PARTNER_DOWN, _RESOLUTION, _CONFLICT, "the partner was resolving a conflict"),
    Transition(_PARTNER_DOWN, _CONFLICT_DONE, _CONFLICT, "the partner was resolving a conflict"),
    # RECOVER and what follows it (draft 9.7 to 9.9)
    Transition(_RECOVER, _CONFLICT, _CONFLICT, "the partner sees a potential conflict"),
    Transition(_RECOVER, _RESOLUTION, _CONFLICT, "the partner was resolving a conflict"),
    Transition(_RECOVER, _CONFLICT_DONE, _CONFLICT, "the partner was resolving a conflict"),
    Transition(_RECOVER, Event.UPDATES_DONE, _RECOVER_WAIT, "the partner's lease data is complete"),
    Transition(
        _RECOVER, Event.FIRST_UPDATES_DONE, _RECOVER_DONE, "the partner's lease data is complete; no lease to wait for"
    ),
    Transition(_RECOVER_WAIT, Event.WAIT_OVER, _RECOVER_DONE, "the maximum client lead time since the stop is over"),
    Transition(_RECOVER_DONE, _NORMAL, _NORMAL, "the partner is in NORMAL"),
    Transition(_RECOVER_DONE, _RECOVER_DONE, _NORMAL, "both servers have recovered"),
    # Conflicts (draft 9.10 to 9.12): the primary learns the partner's news first, then the secondary.
    Transition(_CONFLICT, Event.CONTACT_LOST, _RESOLUTION, "contact was lost while resolving a conflict"),
    Transition(_CONFLICT, Event.UPDATES_DONE, _CONFLICT_DONE, "the partner's news is complete", Role.PRIMARY),
    Transition(_CONFLICT, Event.UPDATES_DONE, _NORMAL, "the partner's news is complete", Role.SECONDARY),
    Transition(_RESOLUTION, Event.CONTACT, _CONFLICT, "contact is back: resolve the conflict"),
    Transition(_RESOLUTION, Event.ADMINISTRATOR, _PARTNER_DOWN, "the administrator says that the partner is down"),
    Transition(_CONFLICT_DONE, _NORMAL, _NORMAL, "the partner has resolved its side of the conflict"),
    Transition(_CONFLICT_DONE, _SHUTDOWN, _PARTNER_DOWN, "the partner shuts down for long"),
    Transition(_CONFLICT_DONE, Event.ADMINISTRATOR, _PARTNER_DOWN, "the administrator says that the partner is down"),
)

RESUMED: dict[ServerState, ServerState] = {_NORMAL: _INTERRUPTED, _CONFLICT: _RESOLUTION}
"""What a stored state has become when its server starts: a stop is a lost contact (draft 9.3.1). Others stay."""

CONFLICT_STATES = frozenset({_CONFLICT, _RESOLUTION, _CONFLICT_DONE})
RECOVERY_STATES = frozenset({_RECOVER, _RECOVER_WAIT, _RECOVER_DONE})
QUIET_STATES = frozenset({_STARTUP, _RECOVER, _RECOVER_WAIT, _RECOVER_DONE, _CONFLICT})
"""In these a server sends only the binding updates that its partner asked for: its own may be out of date."""

_BY_CAUSE = {
    (row.state, row.cause, role): row for row in TRANSITIONS for role in ([row.role] if row.role else list(Role))
}


def transition(state: ServerState, cause: Event | ServerState, role: Role) -> Transition | None:
    """Return the row for a cause in a state, None when the cause changes nothing there."""
    return _BY_CAUSE.get((state, cause, role))


def wants_updates(state: ServerState, partner: ServerState, role: Role) -> bool:
    """Say whether a server in contact asks its partner for binding updates now (UPDREQ or UPDREQALL).

    In RECOVER always but where a conflict will follow; in POTENTIAL-CONFLICT the primary first, and the secondary once
    the primary is in CONFLICT-DONE (draft 9.7.2, 9.10.2).
    """
    if state is _RECOVER:
        return partner not in CONFLICT_STATES
    if state is _CONFLICT:
        return role is Role.PRIMARY or partner is _CONFLICT_DONE
    return False


class Service(Enum):
    """What a server does for clients in a state (draft section 9, table of 9.2)."""

    NOTHING = "nothing"
    BALANCED = "its share of the clients, from its own addresses"
    ALL = "every client, from its own addresses"
    ALL_AND_PARTNERS = "every client, and after the maximum client lead time from the partner's addresses too"
    RENEWALS = "renewals only"


SERVICE: dict[ServerState, tuple[Service, str]] = {
    _STARTUP: (Service.NOTHING, "the server is starting and does not know yet what its partner did"),
    _NORMAL: (Service.BALANCED, "both servers serve, each its share"),
    _INTERRUPTED: (Service.ALL, "no contact with the partner: this server answers every client"),
    _PARTNER_DOWN: (Service.ALL_AND_PARTNERS, "the partner is down: this server answers every client"),
    _CONFLICT: (
        Service.NOTHING,
        "both servers may have served the same addresses: nobody is answered until it is clear",
    ),
    _RESOLUTION: (Service.ALL, "contact was lost while resolving a conflict: this server answers every client"),
    _CONFLICT_DONE: (Service.ALL, "the partner is still resolving a conflict: this server answers every client"),
    _RECOVER: (Service.NOTHING, "the server must first learn its partner's lease data"),
    _RECOVER_WAIT: (Service.NOTHING, "the server waits until what it promised before its stop has run out"),
    _RECOVER_DONE: (Service.RENEWALS, "the server has recovered and waits for its partner: only renewals are answered"),
    _PAUSED: (Service.NOTHING, "the server is paused"),
    _SHUTDOWN: (Service.NOTHING, "the server is shut down"),
}
"""What each state allows, and the sentence that says so to the learner."""
