"""What a server does when its partner's administrator asks (the answering side of ``conversation.py``).

A call is checked and carried out as a whole, or answered by an error and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dhcpkit.engine.actions import Actions
from dhcpkit.engine.scope import Scope
from dhcpkit.failover.settings import Settings
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.service import DhcpService
from dhcpkit.protocol.addresses import format_ip

Answer = tuple[Any, Actions]


def answer(service: DhcpService, call: dict[str, Any], now: float) -> tuple[dict[str, Any], Actions]:
    """Carry out one call; return the answer's body, with the call's number, and this server's actions."""
    number = call.get("number")
    handler = CALLS.get(str(call.get("call")))
    arguments = call.get("arguments")
    if handler is None or not isinstance(arguments, dict):
        return {"error": f"{service.spec.name} knows no management call {call.get('call')!r}", "number": number}, []
    try:
        value, actions = handler(service, arguments, now)
    except (LabError, ValueError) as wrong:
        return {"error": str(wrong), "number": number}, []
    except (LookupError, TypeError, AttributeError) as wrong:
        return {"error": f"{call['call']} cannot take these arguments: {wrong!r}", "number": number}, []
    return {"value": value, "number": number}, actions


def _hello(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    value = {
        "name": service.spec.full_name,
        "time": now,
        "relationships": list(service.endpoints),
        "scopes": list(service.dhcp.scopes),
    }
    return value, []


def _add_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    scopes = _scopes(arguments)
    service.check_new_scopes(scopes)
    return None, [action for scope in scopes for action in service.add_scope(scope, now)]


def _replace_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    scopes = _scopes(arguments)
    for scope in scopes:
        service.check_replacement(scope)
    return None, [action for scope in scopes for action in service.replace_scope(scope, now)]


def _activate_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    active = bool(arguments["active"])
    scopes = [service.scope(format_ip(number)) for number in arguments["ids"]]
    changed = [replace(scope, active=active) for scope in scopes if scope.active is not active]
    return None, [action for scope in changed for action in service.replace_scope(scope, now)]


def _add_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    return None, service.add_relationship(Settings.from_document(arguments["settings"]), now)


def _change_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    return None, service.change_relationship(Settings.from_document(arguments["settings"]), now)


def _remove_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    name = service.endpoint(str(arguments["name"])).settings.name
    return None, _removed(service, name, list(arguments["scopes"]), now)


def _undo_configuration(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    """Take back as much of a configuration that failed as was done here."""
    return None, _removed(service, str(arguments["name"]), list(arguments["scopes"]), now)


def _removed(service: DhcpService, name: str, scopes: list[int], now: float) -> Actions:
    """Remove a relationship, and those of the scopes that are in no other; what is not there needs no removal."""
    actions = service.remove_relationship(name, now) if name in service.endpoints else []
    for number in scopes:
        if number in service.dhcp.scopes and not service.relationship_of(number):
            actions += service.remove_scope(number, now)
    return actions


def _scopes(arguments: dict[str, Any]) -> list[Scope]:
    return [Scope.from_document(document) for document in arguments["scopes"]]


CALLS: dict[str, Callable[[DhcpService, dict[str, Any], float], Answer]] = {
    "hello": _hello,
    "add_scopes": _add_scopes,
    "replace_scopes": _replace_scopes,
    "activate_scopes": _activate_scopes,
    "add_relationship": _add_relationship,
    "change_relationship": _change_relationship,
    "remove_relationship": _remove_relationship,
    "undo_configuration": _undo_configuration,
}
