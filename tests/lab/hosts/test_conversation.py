"""A procedure's talk with the partner, message by message."""

from __future__ import annotations

from typing import Any

import pytest

from dhcpkit.engine.actions import Actions, Close, Connect, Progress, Reply, Transmit
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.conversation import Await, Call, Conversation, Do, NoAnswer, Procedure, Step, StepFailed
from dhcpkit.lab.hosts.management import Reader, seal

KEY = b"k"


def conversation(procedure: Procedure) -> Conversation:
    return Conversation(7, procedure, 0x0A000001, "dhcp1.contoso.com", KEY)


def asked(actions: Actions) -> list[dict[str, Any]]:
    return [body for action in actions if isinstance(action, Transmit) for body in Reader(KEY).feed(action.data)]


def reply(actions: Actions) -> Reply:
    (found,) = [action for action in actions if isinstance(action, Reply)]
    return found


def test_it_connects_asks_and_replies() -> None:
    def procedure() -> Procedure:
        return (yield Call("hello", {"a": 1}))

    talk = conversation(procedure())
    assert talk.begin(10.0) == [Connect(talk.stream, 0x0A000001, 5985)]
    assert asked(talk.stream_opened(10.1)) == [{"call": "hello", "arguments": {"a": 1}, "number": 1}]
    actions = talk.stream_data(seal({"value": 5, "number": 1}, KEY), 10.2)
    assert actions == [Close(talk.stream), Reply(7, 5)]
    assert talk.finished


def test_the_late_answer_to_a_call_given_up_is_not_the_next_calls() -> None:
    def procedure() -> Procedure:
        with pytest.raises(NoAnswer, match="no answer within 3 s"):
            yield Call("first", patience=3)
        return (yield Call("second"))

    talk = conversation(procedure())
    talk.begin(0.0)
    talk.stream_opened(0.0)
    assert asked(talk.tick(3.0)) == [{"call": "second", "arguments": {}, "number": 2}]
    assert talk.stream_data(seal({"value": "late", "number": 1}, KEY), 4.0) == []
    assert reply(talk.stream_data(seal({"value": "right", "number": 2}, KEY), 5.0)) == Reply(7, "right")


def test_a_second_call_waits_for_the_connection_that_is_still_being_made() -> None:
    def procedure() -> Procedure:
        with pytest.raises(NoAnswer):
            yield Call("first")
        return (yield Call("second"))

    talk = conversation(procedure())
    assert len(talk.begin(0.0)) == 1
    assert talk.tick(10.0) == []
    assert asked(talk.stream_opened(11.0)) == [{"call": "second", "arguments": {}, "number": 1}]


@pytest.mark.parametrize(
    "junk",
    [
        b"\0\0\0\x02{}",
        b"\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        seal({"value": 5, "number": 1}, b"another key"),
        b"\0\0\0\x04\xff\xfe\xfd\xfc",
    ],
)
def test_junk_for_an_answer_ends_it_with_an_error(junk: bytes) -> None:
    def procedure() -> Procedure:
        yield Call("hello")

    talk = conversation(procedure())
    talk.begin(0.0)
    talk.stream_opened(0.0)
    assert isinstance(reply(talk.stream_data(junk, 1.0)).error, LabError)
    assert talk.finished


def test_the_progress_list_tells_of_a_step_that_failed_though_it_goes_on() -> None:
    def procedure() -> Procedure:
        yield Step("one")
        yield Do(lambda now: [])
        yield Step("two")
        came = yield Await(lambda: False, 15.0)
        if not came:
            yield StepFailed()
        return "done"

    talk = conversation(procedure())
    shown = [(action.step, action.outcome) for action in talk.begin(0.0) if isinstance(action, Progress)]
    assert shown == [("one", ""), ("one", "Successful"), ("two", "")]
    assert talk.deadline == 15.0
    assert talk.tick(14.9) == []
    assert talk.tick(15.0) == [Progress(7, "two", "Failed"), Reply(7, "done")]


def test_a_change_that_is_refused_is_raised_in_the_procedure() -> None:
    def refuse(now: float) -> Actions:
        raise ValueError("no such thing")

    def procedure() -> Procedure:
        yield Step("one")
        yield Do(refuse)

    actions = conversation(procedure()).begin(0.0)
    assert actions[-2] == Progress(7, "one", "Failed")
    assert str(reply(actions).error) == "no such thing"
