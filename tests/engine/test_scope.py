from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from dhcpkit.engine.scope import Scope, ScopeError, check_no_overlap
from dhcpkit.protocol.addresses import format_ip, parse_ip


def ip(text: str) -> int:
    return parse_ip(text)


def guide_scope(**changes: object) -> Scope:
    values: dict[str, object] = {
        "exclusions": [(ip("10.0.0.1"), ip("10.0.0.10"))],
        "lease_duration": 120,
        "options": {6: bytes([10, 0, 0, 1]), 15: b"contoso.com"},
    }
    values.update(changes)
    return Scope.create("Contoso-scope1", ip("10.0.0.1"), ip("10.0.0.254"), 24, **values)  # type: ignore[arg-type]


def test_the_guides_scope_leases_244_addresses():
    scope = guide_scope()
    assert scope.id == ip("10.0.0.0")
    assert scope.size == 244
    assert format_ip(scope.mask) == "255.255.255.0"
    assert format_ip(scope.broadcast) == "10.0.0.255"
    assert [scope.leasable(ip(f"10.0.0.{last}")) for last in (0, 1, 10, 11, 254, 255)] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert scope.contains(ip("10.0.0.255"))
    assert not scope.contains(ip("10.0.1.0"))


def test_exclusions_cut_the_range_into_pieces_wherever_they_lie():
    excluded = [("10.0.0.250", "10.0.0.254"), ("10.0.0.20", "10.0.0.20"), ("10.0.0.21", "10.0.0.30")]
    scope = guide_scope(exclusions=[(ip(first), ip(last)) for first, last in excluded])
    left_out = {a for first, last in excluded for a in range(ip(first), ip(last) + 1)}
    leasable = {a for a in range(scope.id, scope.id + 256) if scope.leasable(a)}
    assert leasable == set(range(scope.start, scope.end + 1)) - left_out
    assert scope.size == len(leasable)


def test_a_scope_may_be_excluded_altogether():
    scope = guide_scope(exclusions=[(ip("10.0.0.1"), ip("10.0.0.254"))])
    assert scope.size == 0
    assert not scope.leasable(ip("10.0.0.100"))


@pytest.mark.parametrize(
    ("start", "end", "prefix_length", "changes", "text"),
    [
        ("10.0.0.200", "10.0.0.100", 24, {}, "begins at 10.0.0.200 and ends at 10.0.0.100; it must begin before"),
        ("10.0.0.1", "10.0.1.20", 24, {}, "the range ends at 10.0.1.20; hosts of 10.0.0.0/24 have 10.0.0.1 to"),
        ("10.0.0.0", "10.0.0.20", 24, {}, "the range begins at 10.0.0.0; hosts of 10.0.0.0/24 have 10.0.0.1 to"),
        ("10.0.0.1", "10.0.0.255", 24, {}, "the range ends at 10.0.0.255; hosts of 10.0.0.0/24 have 10.0.0.1 to"),
        ("10.0.0.1", "10.0.0.2", 31, {}, "the prefix length is 31 bits; a scope's network takes 1 to 30"),
        ("10.0.0.1", "10.0.0.2", 0, {}, "the prefix length is 0 bits"),
        ("10.0.0.1", "10.0.0.9", 24, {"lease_duration": 0}, "the lease duration is 0 s; it takes 1 to 4294967295"),
        ("10.0.0.1", "10.0.0.9", 24, {"lease_duration": 2**32}, "the lease duration is 4294967296 s"),
        ("10.0.0.1", "10.0.0.9", 24, {"exclusions": [("10.0.0.5", "10.0.0.10")]}, "lies outside the range 10.0.0.1"),
        ("10.0.0.5", "10.0.0.9", 24, {"exclusions": [("10.0.0.4", "10.0.0.6")]}, "lies outside the range 10.0.0.5"),
        ("10.0.0.1", "10.0.0.9", 24, {"exclusions": [("10.0.0.6", "10.0.0.5")]}, "is the wrong way round"),
        (
            "10.0.0.1",
            "10.0.0.9",
            24,
            {"exclusions": [("10.0.0.2", "10.0.0.4"), ("10.0.0.4", "10.0.0.5")]},
            "exclusion 10.0.0.4 to 10.0.0.5 overlaps exclusion 10.0.0.2 to 10.0.0.4; join them",
        ),
        ("127.0.0.1", "127.0.0.9", 24, {}, "127.0.0.0/24 is not a network of hosts"),
        ("239.0.0.1", "239.0.0.9", 24, {}, "239.0.0.0/24 is not a network of hosts"),
        ("10.0.0.1", "10.0.0.9", 24, {"options": {51: b"\0\0\0\1"}}, "option 51 is worked out by the server"),
        ("10.0.0.1", "10.0.0.9", 24, {"options": {3: b"\0\0\0"}}, "option 3 lists addresses of 4 bytes each"),
        ("10.0.0.1", "10.0.0.9", 24, {"options": {15: b""}}, "option 15 has 0 bytes; 1 to 255 do"),
        ("10.0.0.1", "10.0.0.9", 24, {"options": {26: b"1"}}, "option 26 has 1 bytes; right is 2"),
        ("10.0.0.1", "10.0.0.9", 24, {"options": {300: b"1"}}, "300 is not an option code"),
        ("10.0.0.1", "10.0.0.9", 24, {"name": "  "}, "a scope needs a name"),
    ],
)
def test_what_is_wrong_with_a_scope_is_named(start, end, prefix_length, changes, text):
    values = {"name": "wrong", **changes}
    values["exclusions"] = [(ip(first), ip(last)) for first, last in values.get("exclusions", [])]
    with pytest.raises(ScopeError, match=text.replace("(", r"\(")):
        Scope.create(values.pop("name"), ip(start), ip(end), prefix_length, **values)


def test_the_id_must_be_the_network_address():
    with pytest.raises(ScopeError, match=r"10\.0\.0\.1 is not the address of a network .* would be 10\.0\.0\.0"):
        replace(guide_scope(), id=ip("10.0.0.1"))


@pytest.mark.parametrize(
    ("start", "prefix_length", "overlaps"),
    [("10.0.200.1", 16, False), ("10.0.0.129", 25, True), ("10.0.1.1", 24, False), ("9.255.255.1", 24, False)],
)
def test_networks_may_not_overlap(start, prefix_length, overlaps):
    other = Scope.create("other", ip(start), ip(start) + 5, prefix_length)
    scope = guide_scope()
    if other.id == scope.id:
        check_no_overlap(other, [scope])  # the same scope, changed
    elif overlaps:
        with pytest.raises(ScopeError, match=r"network 10\.0\.0\.128/25 of scope 'other' overlaps 10\.0\.0\.0/24"):
            check_no_overlap(other, [scope])
        with pytest.raises(ScopeError, match="'Contoso-scope1' overlaps"):
            check_no_overlap(scope, [other])
    else:
        check_no_overlap(other, [scope])


@pytest.mark.parametrize("active", [True, False])
def test_a_document_holds_the_whole_scope(active):
    scope = guide_scope(active=active, description="first floor")
    document = json.loads(json.dumps(scope.to_document()))
    assert Scope.from_document(document) == scope


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "10.0.0.1"},
        {"start": 1.5},
        {"options": {"6": "xy"}},
        {"options": None},
        {"exclusions": [1]},
        {"active": "no"},
        {"surprise": 1},
        {"name": None},
    ],
)
def test_a_document_that_is_no_scope_is_refused(wrong):
    with pytest.raises(ScopeError):
        Scope.from_document({**guide_scope().to_document(), **wrong})


def test_a_quarter_of_a_million_addresses_cost_nothing():
    begun = time.perf_counter()
    scope = Scope.create("large", ip("10.4.0.1"), ip("10.7.255.254"), 14)
    assert scope.size == 2**18 - 2
    assert time.perf_counter() - begun < 0.05
