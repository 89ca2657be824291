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

Answer = tuple[Any, Actions]


def answer(service: DhcpService, call: dict[str, Any], now: float) -> tuple[dict[str, Any], Actions]:
    """Carry out one call; return the answer's body and this server's actions."""
    handler = CALLS.get(str(call.get("call")))
    arguments = call.get("arguments")
    if handler is None or not isinstance(arguments, dict):
        return {"error": f"{service.spec.name} knows no management call {call.get('call')!r}"}, []
    try:
        value, actions = handler(service, arguments, now)
    except (LabError, ValueError, KeyError, TypeError) as wrong:
        return {"error": str(wrong)}, []
    return {"value": value}, actions


def _hello(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    value = {
        "name": service.spec.full_name,
        "time": now,
        "relationships": list(service.endpoints),
        "scopes": list(service.dhcp.scopes),
    }
    return value, []


def _add_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    actions: Actions = []
    for scope in _scopes(arguments):
        actions += service.add_scope(scope, now)
    return None, actions


def _replace_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    actions: Actions = []
    for scope in _scopes(arguments):
        actions += service.replace_scope(scope, now)
    return None, actions


def _remove_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    actions: Actions = []
    for number in arguments["ids"]:
        actions += service.remove_scope(number, now)
    return None, actions


def _activate_scopes(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    actions: Actions = []
    for number in arguments["ids"]:
        scope = service.dhcp.scopes[number]
        if scope.active is not arguments["active"]:
            actions += service.replace_scope(replace(scope, active=arguments["active"]), now)
    return None, actions


def _add_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    return None, service.add_relationship(Settings.from_document(arguments["settings"]), now)


def _change_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    return None, service.change_relationship(Settings.from_document(arguments["settings"]), now)


def _remove_relationship(service: DhcpService, arguments: dict[str, Any], now: float) -> Answer:
    actions = service.remove_relationship(arguments["name"], now)
    for number in arguments["scopes"]:
        actions += service.remove_scope(number, now)
    return None, actions


def _scopes(arguments: dict[str, Any]) -> list[Scope]:
    return [Scope.from_document(document) for document in arguments["scopes"]]


CALLS: dict[str, Callable[[DhcpService, dict[str, Any], float], Answer]] = {
    "hello": _hello,
    "add_scopes": _add_scopes,
    "replace_scopes": _replace_scopes,
    "remove_scopes": _remove_scopes,
    "activate_scopes": _activate_scopes,
    "add_relationship": _add_relationship,
    "change_relationship": _change_relationship,
    "remove_relationship": _remove_relationship,
}
