"""What a failover message says, in a few words for the log."""

from __future__ import annotations

from dhcpkit.protocol.failover.codes import STARTUP_FLAG, BindingStatus, MessageType, Option, RejectReason, ServerState
from dhcpkit.protocol.failover.message import FailoverMessage

_STATES = {state.value: state.label for state in ServerState}
_STATUSES = {status.value: status.name for status in BindingStatus}
_REASONS = {reason.value: reason.name.replace("_", " ").lower() for reason in RejectReason}


def describe(message: FailoverMessage) -> tuple[int, str]:
    """Return the address that a message is about (0 for none) and what it says of it.

    Of a message with several bindings the first counts. Whatever a message holds, nothing is raised.
    """
    address = int.from_bytes(message.get(Option.ASSIGNED_IP_ADDRESS) or b"", "big")
    if message.type == MessageType.BNDUPD:
        return address, _binding(message)
    if message.type == MessageType.BNDACK:
        return address, _refusal(message) or "accepted"
    if message.type == MessageType.STATE:
        starting = _number(message, Option.SERVER_FLAGS) & STARTUP_FLAG
        state = _STATES.get(_number(message, Option.SERVER_STATE), "unknown")
        return 0, f"{state}, starting" if starting else state
    if message.type in (MessageType.CONNECT, MessageType.CONNECTACK):
        name = (message.get(Option.RELATIONSHIP_NAME) or b"").decode("utf-8", "replace")
        return 0, _refusal(message) or name
    return 0, _refusal(message)


def clock(time: int) -> str:
    """Return the time of day of a time in seconds since the epoch, ``09:01:00`` (UTC)."""
    minutes, seconds = divmod(time % 86_400, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _binding(message: FailoverMessage) -> str:
    status = _STATUSES.get(_number(message, Option.BINDING_STATUS), "unknown")
    expires = _number(message, Option.LEASE_EXPIRATION_TIME)
    potential = _number(message, Option.POTENTIAL_EXPIRATION_TIME)
    if status != BindingStatus.ACTIVE.name:
        return status
    return f"ACTIVE until {clock(expires)}, potentially {clock(potential)}"


def _refusal(message: FailoverMessage) -> str:
    if message.get(Option.REJECT_REASON) is None:
        return ""
    reason = _REASONS.get(_number(message, Option.REJECT_REASON), "unknown")
    text = (message.get(Option.MESSAGE) or b"").decode("utf-8", "replace")
    return f"refused, {reason}: {text}" if text else f"refused, {reason}"


def _number(message: FailoverMessage, option: int) -> int:
    return int.from_bytes((message.get(option) or b"")[:4], "big")
