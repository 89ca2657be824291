"""What an administrator asks of a server that concerns its partner too: configure, edit, replicate, deconfigure.

Each is a procedure (``conversation.py``): checks first, and nothing is changed before all of them passed; then the
steps of the wizard's progress list (guide, "Configure a failover relationship"). What was done is undone when a later
step fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dhcpkit.engine.scope import Scope
from dhcpkit.failover.settings import Mode, Role, Settings, Timers
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.conversation import Await, Call, Do, NoAnswer, Procedure, Step, StepFailed
from dhcpkit.lab.hosts.service import MAX_RELATIONSHIPS, DhcpService
from dhcpkit.protocol.addresses import format_ip

MAX_CLOCK_DIFFERENCE = 60
"""Seconds that the clocks of the two servers may differ when failover is set up (guide, "Time synchronization")."""

UNDO_PATIENCE = 5.0
"""Seconds that the partner may take to undo a configuration that failed: it has failed to answer once already."""

UNCHANGED = "unchanged"
"""Value of a setting that an edit leaves as it is (None has a meaning of its own)."""


def configure_failover(service: DhcpService, arguments: dict[str, Any], partner: int) -> Procedure:
    """Make a relationship with the partner from this server, and its scopes on the partner.

    Arguments: ``scopes`` (ids as text), ``partner`` (as typed), ``name`` (None: the default name), ``secret`` (text;
    None: no message authentication), ``mclt`` (s), ``mode`` (``LoadBalance``, ``HotStandby``), ``percent`` (this
    server's), ``role`` (this server's, ``Active`` or ``Standby``), ``reserve`` (percent), ``switch_interval`` (s or
    None), ``dialect``, ``timers``. Returns the steps done.
    """
    scopes = list({scope.id: scope for scope in map(service.scope, arguments["scopes"])}.values())
    if not scopes:
        raise LabError("no scope is named; a failover relationship is made for one scope or more")
    settings = _new_settings(service, arguments, partner, scopes)
    service.check_relationship(settings)
    yield from _check_partner(settings)

    done: list[str] = []
    for text, action in _configuration_steps(service, settings, scopes):
        yield Step(text)
        try:
            yield action
        except LabError as wrong:
            if not done and not isinstance(wrong, NoAnswer):
                raise LabError(f"{text}: {wrong}") from None
            yield StepFailed()
            undone = yield from _undo_configuration(service, settings)
            raise LabError(f"{text}: {wrong}; {undone}") from None
        done.append(text)
    endpoint = service.endpoint(settings.name)
    yield Step("Contact with the partner server")
    yield Await(lambda: endpoint.settled, 15.0)
    if not endpoint.in_contact:
        yield StepFailed()
    return done


def set_failover(service: DhcpService, arguments: dict[str, Any], partner: int) -> Procedure:
    """Edit a relationship on both servers; ``only_here`` leaves the partner as it is (and tells nobody).

    Arguments: ``name`` and what changes of ``mode``, ``percent`` (this server's), ``reserve``, ``mclt``,
    ``switch_interval``, ``secret``; the rest is ``UNCHANGED``.
    """
    endpoint = service.endpoint(arguments.get("name"))
    settings = _edited(endpoint.settings, arguments)
    if not arguments.get("only_here"):
        yield Call("change_relationship", {"settings": settings.for_partner(service.spec.full_name).to_document()})
    yield Do(lambda now: service.change_relationship(settings, now))
    if endpoint.in_contact and not arguments.get("only_here"):
        yield Await(lambda: endpoint.settled, 5.0)


def remove_failover(service: DhcpService, arguments: dict[str, Any], partner: int) -> Procedure:
    """Deconfigure: the relationship ends on both servers, its scopes stay here and vanish from the partner.

    ``force`` ends it here even when the partner cannot be reached.
    """
    endpoint = service.endpoint(arguments.get("name"))
    name = endpoint.settings.name
    try:
        yield Call("remove_relationship", {"name": name, "scopes": list(endpoint.settings.scopes)})
    except LabError as wrong:
        if not arguments.get("force"):
            raise LabError(f"{wrong}; with force the relationship ends on this server alone") from None
    yield Do(lambda now: service.remove_relationship(name, now))


def replicate(service: DhcpService, arguments: dict[str, Any], partner: int) -> Procedure:
    """Overwrite the partner's scope settings of a relationship with this server's. Returns the scope ids."""
    endpoint = service.endpoint(arguments.get("name"))
    scopes = [service.dhcp.scopes[number] for number in endpoint.settings.scopes]
    yield Call("replace_scopes", {"scopes": [scope.to_document() for scope in scopes]})
    return [format_ip(scope.id) for scope in scopes]


def _new_settings(service: DhcpService, arguments: dict[str, Any], partner: int, scopes: list[Scope]) -> Settings:
    typed, name = arguments["partner"], arguments.get("name")
    role = arguments.get("role", "Active")
    if role not in ("Active", "Standby"):
        raise LabError(f"the role of this server is {role!r}; it takes Active or Standby")
    own = service.spec.interfaces[0].address
    return Settings(
        name=f"{service.spec.full_name}-{typed}" if name is None else name,
        role=Role.PRIMARY,
        address=own,
        partner=partner,
        partner_name=typed,
        scopes=tuple(scope.id for scope in scopes),
        mode=_mode(arguments.get("mode", Mode.LOAD_BALANCE.value)),
        primary_percent=_percent(arguments.get("percent", 50)),
        active=Role.PRIMARY if role == "Active" else Role.SECONDARY,
        reserve_percent=arguments.get("reserve", 5),
        mclt=arguments.get("mclt", 3600),
        switch_interval=arguments.get("switch_interval"),
        secret=_secret(arguments.get("secret")),
        dialect=arguments.get("dialect", "windows"),
        timers=Timers(**arguments.get("timers", {})),
    )


def _check_partner(settings: Settings) -> Procedure:
    """The wizard's prerequisite checks that need the partner's answer."""
    call = Call("hello")
    hello = yield call
    partner = settings.partner_name
    difference = abs(hello["time"] - (call.asked + call.answered) / 2)
    if difference > MAX_CLOCK_DIFFERENCE:
        raise LabError(
            f"the clocks of the two servers differ by {difference:.0f} seconds, and DHCP failover takes at most"
            f" {MAX_CLOCK_DIFFERENCE}: synchronize the time on the servers (for instance with NTP), then try again"
        )
    if len(hello["relationships"]) >= MAX_RELATIONSHIPS:
        raise LabError(f"{partner} already has {MAX_RELATIONSHIPS} failover relationships, the most a server takes")
    if settings.name in hello["relationships"]:
        raise LabError(f"{partner} already has a failover relationship {settings.name!r}; choose another name")
    present = [format_ip(scope) for scope in settings.scopes if scope in hello["scopes"]]
    if present:
        raise LabError(f"{partner} already has the scope {', '.join(present)}; it must be deleted there first")


def _configuration_steps(service: DhcpService, settings: Settings, scopes: list[Scope]) -> list[tuple[str, Call | Do]]:
    """Each step's line, and what does it."""
    ids = list(settings.scopes)
    inactive = [replace(scope, active=False).to_document() for scope in scopes]
    theirs = settings.for_partner(service.spec.full_name).to_document()
    active = [scope.id for scope in scopes if scope.active]
    return [
        ("Add scopes on partner server", Call("add_scopes", {"scopes": inactive})),
        ("Disable scopes on partner server", Call("activate_scopes", {"ids": ids, "active": False})),
        ("Creation of failover configuration on partner server", Call("add_relationship", {"settings": theirs})),
        (
            "Creation of failover configuration on host server",
            Do(lambda now: service.add_relationship(settings, now)),
        ),
        ("Activate scopes on partner server", Call("activate_scopes", {"ids": active, "active": True})),
    ]


def _undo_configuration(service: DhcpService, settings: Settings) -> Procedure:
    """Take back what was done on both servers; return how that went, as the rest of a sentence."""
    if settings.name in service.endpoints:
        yield Do(lambda now: service.remove_relationship(settings.name, now))
    try:
        yield Call("undo_configuration", {"name": settings.name, "scopes": list(settings.scopes)}, UNDO_PATIENCE)
    except LabError:
        scopes = ", ".join(map(format_ip, settings.scopes))
        return (
            f"{settings.partner_name} could not be told to undo what was done: deconfigure failover there and delete"
            f" {scopes} before the next try, if they are there"
        )
    return "what was done before it was undone"


def _edited(settings: Settings, arguments: dict[str, Any]) -> Settings:
    changes: dict[str, Any] = {}
    given = {key: value for key, value in arguments.items() if value != UNCHANGED}
    if "mode" in given:
        changes["mode"] = _mode(given["mode"])
    if "percent" in given:
        percent = _percent(given["percent"])
        changes["primary_percent"] = percent if settings.role is Role.PRIMARY else 100 - percent
    for key, field in (("reserve", "reserve_percent"), ("mclt", "mclt"), ("switch_interval", "switch_interval")):
        if key in given:
            changes[field] = given[key]
    if "secret" in given:
        changes["secret"] = _secret(given["secret"])
    return replace(settings, **changes)


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise LabError(f"the mode is {text!r}; it takes LoadBalance or HotStandby") from None


def _percent(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise LabError(f"the load balance percentage is {value!r}; it takes a whole number of 0 to 100")
    return value


def _secret(text: Any) -> bytes:
    """Return the key bytes of a shared secret; None is no message authentication."""
    if text is None:
        return b""
    if not isinstance(text, str):
        raise LabError(f"the shared secret is {text!r}; it takes text")
    if not text:
        raise LabError("the shared secret is empty; type one, or switch message authentication off")
    return text.encode()
