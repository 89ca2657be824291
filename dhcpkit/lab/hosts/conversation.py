"""An administrator's request that needs the partner: written as a generator, run here without waiting.

A procedure yields what it wants next, and is resumed with the outcome:

* ``Step(text)`` begins a line of the progress list (the one before was successful);
* ``StepFailed()`` marks that line as failed, though the procedure goes on;
* ``Do(change)`` has this server do something at that moment;
* ``Call(name, arguments)`` asks the partner and is resumed with its answer, or has ``LabError`` raised in it
  (``NoAnswer`` when the partner may have done what was asked all the same);
* ``Await(condition, seconds)`` waits until something holds, at most so long.

What it returns is the command's result; a ``LabError`` that leaves it is the command's error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from dhcpkit.engine.actions import Action, Actions, Close, Connect, Progress, Reply, Transmit
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.management import MANAGEMENT_PORT, ManagementError, Reader, seal

PATIENCE = 10.0
"""Seconds on the host's clock that the partner may take for an answer."""


class NoAnswer(LabError):
    """The partner did not answer: it was not asked, did not do it, or did it and could not say so."""


@dataclass(slots=True)
class Step:
    """The next line of the progress list."""

    text: str


@dataclass(slots=True)
class StepFailed:
    """The present line of the progress list did not come true."""


@dataclass(slots=True)
class Do:
    """A change of this server: a function of the time that returns the actions which carry it out."""

    change: Callable[[float], Actions]


@dataclass(slots=True)
class Call:
    """A management call to the partner.

    ``patience`` is how many seconds on the host's clock the partner may take for its answer. ``asked`` and
    ``answered`` are this host's times of it, for comparing clocks.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    patience: float = PATIENCE
    asked: float = 0.0
    answered: float = 0.0


@dataclass(slots=True)
class Await:
    """Wait until the condition holds; the procedure is resumed with whether it did within ``seconds``."""

    condition: Callable[[], bool]
    seconds: float


Procedure = Generator[Step | StepFailed | Do | Call | Await, Any, Any]


class Conversation:
    """One procedure under way."""

    def __init__(self, number: int, procedure: Procedure, partner: int, partner_name: str, key: bytes) -> None:
        self.stream = f"management:{number}"
        self.finished = False
        self.deadline: float | None = None
        self._number = number
        self._procedure = procedure
        self._partner = partner
        self._partner_name = partner_name
        self._key = key
        self._reader = Reader(key)
        self._connected = False
        self._connecting = False
        self._calls = 0
        self._asked: Call | None = None
        self._awaiting: Await | None = None
        self._step = ""

    def begin(self, now: float) -> Actions:
        """Run until the first wait."""
        return self._resume(None, None, now)

    def stream_opened(self, now: float) -> Actions:
        """The partner took the connection: ask."""
        self._connected, self._connecting = True, False
        return [] if self._asked is None else [self._question(now)]

    def stream_data(self, data: bytes, now: float) -> Actions:
        """The partner answers."""
        actions: Actions = []
        try:
            answers = self._reader.feed(data)
        except ManagementError as error:
            return self._fail(str(error), now)
        for answer in answers:
            # The answer to a call that was given up may come late: it is not the next call's.
            if self._asked is None or answer.get("number") != self._calls:
                continue
            self._asked.answered = now
            self._asked = self.deadline = None
            if "error" in answer:
                actions += self._resume(None, LabError(str(answer["error"])), now)
            else:
                actions += self._resume(answer.get("value"), None, now)
        return actions

    def stream_closed(self, because: str, now: float) -> Actions:
        """The connection could not be made or broke."""
        self._connected = self._connecting = False
        if self._asked is None:
            return []
        if "refused" in because:
            return self._fail(
                f"the DHCP Server service is not running on the partner server {self._partner_name}; start it there",
                now,
            )
        return self._fail(f"the partner server {self._partner_name} is not reachable ({because})", now)

    def tick(self, now: float) -> Actions:
        """Look whether what is awaited has come, or its time is over."""
        if self._awaiting is not None:
            holds = self._awaiting.condition()
            if holds or (self.deadline is not None and now >= self.deadline):
                self._awaiting = self.deadline = None
                return self._resume(holds, None, now)
        elif self._asked is not None and self.deadline is not None and now >= self.deadline:
            patience = f"{self._asked.patience:.0f} s"
            return self._fail(
                f"the partner server {self._partner_name} is not reachable: no answer within {patience}", now
            )
        return []

    def _fail(self, sentence: str, now: float) -> Actions:
        self._asked = self.deadline = None
        return self._resume(None, NoAnswer(sentence), now)

    def _question(self, now: float) -> Action:
        assert self._asked is not None
        self._asked.asked = now
        self._calls += 1
        body = {"call": self._asked.name, "arguments": self._asked.arguments, "number": self._calls}
        return Transmit(self.stream, seal(body, self._key))

    def _resume(self, value: Any, error: LabError | None, now: float) -> Actions:
        actions: Actions = []
        while True:
            try:
                wanted = self._procedure.throw(error) if error is not None else self._procedure.send(value)
                value, error = None, None
                if isinstance(wanted, Do):
                    try:
                        actions += wanted.change(now)
                    except (LabError, ValueError, LookupError) as wrong:
                        error = wrong if isinstance(wrong, LabError) else LabError(str(wrong))
                    continue
            except StopIteration as done:
                return actions + self._finish("Successful", Reply(self._number, done.value))
            except (LabError, ValueError, LookupError, TypeError, AttributeError) as wrong:
                failure = wrong if isinstance(wrong, LabError) else LabError(str(wrong))
                return actions + self._finish("Failed", Reply(self._number, error=failure))
            if isinstance(wanted, Step):
                actions += self._end_step("Successful")
                self._step = wanted.text
                actions.append(Progress(self._number, wanted.text))
            elif isinstance(wanted, StepFailed):
                actions += self._end_step("Failed")
            elif isinstance(wanted, Await):
                if wanted.condition():
                    value = True
                    continue
                self._awaiting, self.deadline = wanted, now + wanted.seconds
                return actions
            else:
                self._asked, self.deadline = wanted, now + wanted.patience
                if self._connected:
                    actions.append(self._question(now))
                elif not self._connecting:
                    self._connecting = True
                    actions.append(Connect(self.stream, self._partner, MANAGEMENT_PORT))
                return actions

    def _finish(self, outcome: str, reply: Reply) -> Actions:
        self.finished = True
        actions = self._end_step(outcome)
        if self._connected:
            actions.append(Close(self.stream))
        actions.append(reply)
        return actions

    def _end_step(self, outcome: str) -> Actions:
        step, self._step = self._step, ""
        return [Progress(self._number, step, outcome)] if step else []
