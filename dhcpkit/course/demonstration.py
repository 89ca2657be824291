"""The lesson "DHCP failover demonstration": its lab, its questions and its tasks (guide, section of that name)."""

from __future__ import annotations

from dhcpkit.client.events import LeaseBound
from dhcpkit.course.checks import Finding, Task
from dhcpkit.course.definition import LessonDefinition
from dhcpkit.course.prediction import Answer, Question
from dhcpkit.failover.events import RelationshipChanged
from dhcpkit.failover.settings import Mode
from dhcpkit.lab import guide
from dhcpkit.lab.events import Event, ServiceStopped
from dhcpkit.lab.lab import Lab
from dhcpkit.protocol.addresses import format_ip
from dhcpkit.protocol.failover.codes import ServerState


def set_up(lab: Lab) -> None:
    """What the sections before this one have made: Contoso-scope1 on DHCP2, and a client that it serves."""
    lab.dhcp2.add_guide_scope()


def _configured(lab: Lab) -> Finding:
    expected = "Contoso-scope1 in a failover relationship, both servers Normal, MCLT 1 minute, the scope on both"
    status = lab.dhcp2.failover() if lab.dhcp2.running else None
    if status is None:
        return Finding(False, expected, "DHCP2 has no failover relationship")
    if not any(scope.scope_id == guide.SCOPE_ID for scope in lab.dhcp1.scopes()):
        return Finding(False, expected, "DHCP1 has no scope 10.0.0.0")
    if status.max_client_lead_time != guide.MCLT:
        return Finding(False, expected, f"the maximum client lead time is {status.max_client_lead_time} s")
    if not status.enable_auth:
        return Finding(False, expected, "the relationship has no shared secret")
    states = (status.state, status.partner_state)
    if states != (ServerState.NORMAL, ServerState.NORMAL):
        shown = " and ".join(state.label if state else "unknown" for state in states)
        return Finding(False, expected, f"the states are {shown}")
    return Finding(True, expected)


def _load_moved(lab: Lab) -> Finding:
    expected = "after the change to 0 % / 100 %, Client1 is served by the other server, at the same address"
    moved = _last_change(lab, "percentage")
    if moved is None:
        return Finding(False, expected, "the load balance percentages were not changed yet")
    return _moved_since(lab, moved, expected)


def _hot_standby(lab: Lab) -> Finding:
    expected = "hot standby mode, and Client1 served by the active server"
    status = next((server.failover() for server in lab.servers if server.running), None)
    if status is None or status.mode is not Mode.HOT_STANDBY:
        return Finding(False, expected, "the mode is load balance")
    active = next((server.name for server in lab.servers if server.running and _is_active(server.failover())), "nobody")
    served_by = lab.client1.served_by
    if served_by != active:
        return Finding(
            False, expected, f"the active server is {active}, and Client1 is served by {served_by or 'nobody'}"
        )
    return Finding(True, expected)


def _standby_answers(lab: Lab) -> Finding:
    expected = "the active server stopped, and Client1 served by the standby, at the same address"
    stops = [event for event in lab.events.of(ServiceStopped) if event.host in ("DHCP1", "DHCP2")]
    if not stops:
        return Finding(False, expected, "both servers run")
    return _moved_since(lab, stops[-1], expected)


def _is_active(status: object) -> bool:
    return getattr(status, "server_role", "") == "Active"


def _last_change(lab: Lab, word: str) -> Event | None:
    changes = [event for event in lab.events.of(RelationshipChanged) if word in event.what.what]
    return changes[-1] if changes else None


def _moved_since(lab: Lab, moment: Event, expected: str) -> Finding:
    """Whether Client1 has changed its server since a moment, and kept its address."""
    leases = [(event.number, event.what) for event in lab.events.of(LeaseBound, host="Client1")]
    before = [lease for number, lease in leases if number < moment.number]
    after = [lease for number, lease in leases if number > moment.number]
    if not before:
        return Finding(False, expected, "Client1 had no lease before")
    if not after or after[-1].server == before[-1].server:
        return Finding(False, expected, f"Client1 is still served by {format_ip(before[-1].server)}")
    if after[-1].address != before[-1].address:
        return Finding(False, expected, f"its address changed to {format_ip(after[-1].address)}")
    return Finding(True, expected)


WHEN = Question(
    "when",
    "You are about to give all of the load to the other server. When will Client1 change over?",
    (
        Answer(
            "At once",
            "The lease bar went on untouched. A server cannot call its clients; they come when their clock says so.",
            misconception="M17",
        ),
        Answer(
            "At T1, after half of the lease, when it asks its server for more time",
            "At T1 it did ask, but only its old server, by unicast. That one heard it and stayed silent.",
            misconception="M17",
        ),
        Answer(
            "At T2, after 7/8 of the lease, when it asks everybody",
            "Unanswered at T1, it broadcast at T2, and the server that now owns its bucket answered.",
            right=True,
        ),
        Answer(
            "When its lease has expired",
            "It did not have to wait for that: at T2 it asks every server, while its lease still runs.",
            misconception="M17",
        ),
    ),
)

ADDRESS = Question(
    "address",
    "And its address: will it be the same?",
    (
        Answer(
            "A new server gives a new address",
            "Both servers know every lease: the old one told the other by a binding update, long before.",
            misconception="M24",
        ),
        Answer(
            "The same address",
            "Both servers know the lease, so either can extend it.",
            right=True,
        ),
    ),
)

SHORT = Question(
    "short",
    "DHCP2 is about to be stopped. For how long will the standby extend the two-minute lease of Client1?",
    (
        Answer(
            "2 minutes, as the scope says",
            "It cannot tell DHCP2 any more, so it promises no further than DHCP2 could still be wrong by: the MCLT.",
            misconception="M01",
        ),
        Answer(
            "1 minute",
            "That is the MCLT: without contact it is all that the standby may promise to a client of its partner.",
            right=True,
        ),
        Answer(
            "Not at all: it first waits until the partner counts as down",
            "Contact lost is enough to answer. Partner down is another state, and nobody needs it to renew a lease.",
            misconception="M04",
        ),
    ),
)

DEMONSTRATION = LessonDefinition(
    name="failover-demonstration",
    title="DHCP failover demonstration",
    speed=12,
    set_up=set_up,
    questions=(WHEN, ADDRESS, SHORT),
    tasks=(
        Task(
            "configure",
            "A failover relationship for Contoso-scope1",
            _configured,
            (
                "Failover is configured from the server that has the scope.",
                "Use the Configure failover form of the desk, or lab.dhcp2.configure_failover(...); the partner is"
                " dhcp1.contoso.com, the MCLT 1 minute.",
                'lab.dhcp2.configure_failover(partner="dhcp1.contoso.com", secret="secret", mclt=60)',
            ),
        ),
        Task(
            "load",
            "All of the load moved to the other server, and Client1 with it",
            _load_moved,
            (
                "Which server serves Client1 now? Give it 0 %.",
                "Move the slider, then let the lab's clock run past T2 of the lease.",
                'lab.dhcp2.set_failover(percent=0), then await lab.until(lambda: lab.client1.served_by == "DHCP1")',
            ),
        ),
        Task(
            "hot-standby",
            "Hot standby, with Client1 at the active server",
            _hot_standby,
            (
                "The server on which failover was configured is the active one.",
                "Change the mode on either server, then let the clock run past T2.",
                'lab.dhcp2.set_failover(mode="HotStandby"), then'
                ' await lab.until(lambda: lab.client1.served_by == "DHCP2")',
            ),
        ),
        Task(
            "stop",
            "The active server stopped, and Client1 served by the standby",
            _standby_answers,
            (
                "Stop the server that serves Client1.",
                "Press Stop server at the active server, then let the clock run past T2.",
                'lab.dhcp2.stop(), then await lab.until(lambda: lab.client1.served_by == "DHCP1")',
            ),
        ),
    ),
)
