"""How a request ended, answered or not: counted, and logged with the rule that decided it."""

from __future__ import annotations

from collections import Counter

from dhcpkit.engine.actions import Log
from dhcpkit.engine.authority import Verdict
from dhcpkit.engine.events import MalformedDropped, RequestAnswered, RequestIgnored
from dhcpkit.engine.requests import Request

NO_QUESTION = Verdict(True, "")
"""The verdict where no authority had to be asked."""


class Outcomes:
    """Counts outcomes and puts them into words.

    Attributes:
        counters: What came and went: messages by name (``DHCPDISCOVER``, ``DHCPACK``), ``ignored:<code>`` for
            messages that were not answered, ``malformed:<reason>`` for packets that are no requests.
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()

    def answered(
        self,
        request: Request,
        message: str,
        scope: int,
        address: int,
        verdict: Verdict,
        rule: str = "",
        lease_time: int = 0,
        desired: int = 0,
        limit: str = "",
    ) -> Log:
        """Return the log entry of an answer; ``rule`` takes the place of the verdict's when it is not empty."""
        self.counters[message] += 1
        return Log(
            RequestAnswered(
                message,
                request.situation_name,
                request.message.xid,
                request.client_id,
                request.hardware,
                address,
                scope,
                lease_time,
                desired,
                rule or verdict.rule,
                limit,
                verdict.state,
                verdict.bucket,
            )
        )

    def ignored(self, request: Request, code: str, rule: str, verdict: Verdict = NO_QUESTION) -> Log:
        """Return the log entry of a silence; ``code`` is what it is counted by."""
        self.counters[f"ignored:{code}"] += 1
        return Log(
            RequestIgnored(
                request.name,
                request.situation_name,
                request.message.xid,
                request.client_id,
                request.hardware,
                rule,
                verdict.state,
                verdict.bucket,
            )
        )

    def dropped(self, reason: str, detail: str, size: int) -> Log:
        """Return the log entry of a packet that is no request to a server."""
        self.counters[f"malformed:{reason}"] += 1
        return Log(MalformedDropped(reason, detail, size))
