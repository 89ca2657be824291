from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from dhcpkit.lab.errors import LabError
from dhcpkit.lab.events import ServiceStarted, ServiceStopped
from dhcpkit.lab.hosts.spec import HostSpec
from dhcpkit.protocol.addresses import BROADCAST
from dhcpkit.protocol.datagram import Datagram
from tests.lab.kernel.labs import TriedLab, address, host

pytestmark = pytest.mark.kernel
Labs = Callable[..., TriedLab]


def test_services_run_when_the_wire_is_open(lab: Labs) -> None:
    tried = lab().open(host(1, "server"), host(2, "client", addressed=False), host(3))
    started = {event.host: event.what for event in tried.log.of(ServiceStarted)}
    assert started == {"H1": ServiceStarted("server"), "H2": ServiceStarted("client")}
    assert tried.told("H1", "started") == [(0,)]


def test_a_host_can_be_added_later(lab: Labs) -> None:
    tried = lab().open(host(1))
    tried.wire.add_host(host(2, "server"))
    assert tried.pings("H1", 2)
    assert tried.command("h2", "count") == 1


def test_what_was_committed_survives_stop_and_kill(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    assert [tried.command("H1", "count") for _ in range(2)] == [1, 2]
    tried.wire.stop_service("H1")
    assert tried.told("H1", "stopping") == [()]
    tried.wire.stop_service("H1")
    tried.wire.start_service("H1")
    tried.wire.start_service("H1")
    assert tried.command("H1", "count") == 3
    tried.wire.kill_service("H1")
    tried.wire.start_service("H1")
    assert tried.told("H1", "started") == [(0,), (2,), (3,)]
    assert [event.what for event in tried.log.of(ServiceStarted, ServiceStopped)] == [
        ServiceStarted("server"),
        ServiceStopped("server", "stopped"),
        ServiceStarted("server"),
        ServiceStopped("server", "killed"),
        ServiceStarted("server"),
    ]
    assert len(tried.told("H1", "stopping")) == 1


def test_the_store_can_be_on_a_real_disk(lab: Labs, tmp_path: Path) -> None:
    tried = lab(directory=tmp_path).open(host(1, "server"))
    tried.command("H1", "count")
    tried.wire.close()
    with sqlite3.connect(tmp_path / "h1.sqlite") as database:
        assert database.execute("SELECT value FROM documents").fetchall() == [('{"value":1}',)]


def test_a_store_that_is_none_keeps_the_service_from_starting(lab: Labs, tmp_path: Path) -> None:
    (tmp_path / "h1.sqlite").write_bytes(b"something else")
    with pytest.raises(LabError, match=r"H1 did not start: .*h1\.sqlite is damaged or no lease store"):
        lab(directory=tmp_path).open(host(1, "server"))
    assert (tmp_path / "h1.sqlite").read_bytes() == b"something else"


def test_a_crash_is_told_and_hurts_nobody_else(lab: Labs) -> None:
    tried = lab().open(host(1, "server"), host(2, "client"), host(3, "server"))
    crash = Datagram(b"crash", address(2), 68, address(1), 67)
    tried.command("H2", "send", datagram=crash)
    stopped = tried.wait_for(lambda: tried.log.of(ServiceStopped))[0]
    assert (stopped.host, stopped.what.how) == ("H1", "crashed")
    assert "RuntimeError: the node was told to crash" in stopped.what.detail
    with pytest.raises(LabError, match="no service runs on H1"):
        tried.command("H1", "count")
    assert tried.command("H3", "count") == 1
    tried.wire.start_service("H1")
    assert tried.command("H1", "count") == 1


def test_a_process_that_somebody_else_kills_is_noticed(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    inside = tried.wire._hosts["h1"].service.process
    tried.wire.run("H1", ["kill", "-9", str(inside)])
    assert tried.wait_for(lambda: tried.log.of(ServiceStopped))[0].what.how == "killed"


def test_a_node_that_cannot_be_built(lab: Labs) -> None:
    with pytest.raises(LabError, match=r"(?s)H1 did not start: .*ValueError: this node cannot be built"):
        lab().open(host(1, "server", domain="broken"))


def test_replies_errors_and_steps(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    with pytest.raises(ValueError, match=r"^that is not right$"):
        tried.command("H1", "refuse")
    with pytest.raises(LabError, match="cannot be sent to the lab"):
        tried.command("H1", "unsendable")
    steps: list[tuple[str, str]] = []
    assert tried.wire.command("H1", "steps", {}, lambda *step: steps.append(step)) == "done"
    assert steps == [("one", ""), ("one", "Successful")]

    def fails(step: str, outcome: str) -> None:
        raise RuntimeError("the callback's own trouble")

    assert tried.wire.command("H1", "steps", {}, fails) == "done"


def test_events_that_came_before_a_reply_are_in_the_log_when_it_is_there(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    for _ in range(3):
        before = len(tried.told("H1", "burst"))
        tried.command("H1", "burst", events=20_000)
        assert [number for (number,) in tried.told("H1", "burst")[before:]] == list(range(20_000))


def test_a_late_reply_is_no_answer_to_the_next_command(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    with pytest.raises(LabError, match=r"H1 did not answer hang within 0\.05 s"):
        tried.wire.command("H1", "hang", {"seconds": 0.2}, timeout=0.05)
    assert tried.command("H1", "count") == 1


def test_whoever_waits_learns_that_the_service_ended(lab: Labs) -> None:
    tried = lab().open(host(1, "server"), host(2, "client"))
    tried.command("H2", "send", datagram=Datagram(b"crash", 0, 68, BROADCAST, 67))
    with pytest.raises(LabError, match=r"the service of H1 crashed before it answered|no service runs on H1"):
        tried.command("H1", "never answered")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda wire: wire.command("H9", "count", {}), "the lab has no host 'H9'; its hosts: H1, H2"),
        (lambda wire: wire.start_service("H2"), "H2 is a bare host: it has no service to start"),
        (lambda wire: wire.command("H2", "count", {}), "no service runs on H2"),
        (lambda wire: wire.add_host(host(1)), "the lab has a host H1 already; choose another name"),
        (lambda wire: wire.set_link("H1", "h1", False, False), "no path from H1 to itself"),
    ],
)
def test_wrong_requests_are_refused_in_a_sentence(lab: Labs, act: Callable[[object], None], sentence: str) -> None:
    tried = lab().open(host(1, "server"), host(2))
    with pytest.raises(LabError, match=sentence):
        act(tried.wire)
    assert tried.command("H1", "count") == 1


def test_a_closed_wire_says_so(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    tried.wire.close()
    tried.wire.close()
    with pytest.raises(LabError, match="the lab is closed"):
        tried.command("H1", "count")
    assert not tried.log.of(ServiceStopped)


def test_a_subscriber_cannot_command_the_lab(lab: Labs) -> None:
    tried = lab().open(host(1, "server"))
    heard: list[str] = []

    def subscriber(events: object) -> None:
        try:
            tried.command("H1", "count")
        except LabError as error:
            heard.append(str(error))

    tried.log.subscribe(subscriber)
    tried.command("H1", "burst", events=1)
    assert heard == ["a subscriber of the event log cannot command the lab; do it from another thread"]


def test_a_directory_that_hosts_do_not_see_is_refused(lab: Labs, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="is no directory"):
        lab(directory=tmp_path / "missing")
    with pytest.raises(LabError, match="under /run"):
        lab(directory="/run")


def test_a_host_that_cannot_be_made_is_named(lab: Labs) -> None:
    card = host(1).interfaces[0]
    with pytest.raises(LabError, match="H1 cannot be brought up"):
        lab().open(HostSpec("H1", "bare", (card, card)))
