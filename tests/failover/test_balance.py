from dataclasses import replace

import pytest

from dhcpkit.failover.balance import Move, choose_for_primary, choose_for_secondary, plan
from dhcpkit.failover.settings import Mode, Role, Settings

BASE = Settings("guide", Role.PRIMARY, 1, 2)
SIZE = 244


@pytest.mark.parametrize(("percent", "backup"), [(50, 122), (100, 0), (0, 244), (70, 73), (1, 241)])
def test_load_balance_shares_by_percentage(percent, backup):
    assert plan(replace(BASE, primary_percent=percent), SIZE, SIZE, 0) == Move(backup, 0)


@pytest.mark.parametrize(("reserve", "kept"), [(5, 12), (0, 0), (100, 244), (1, 2)])
def test_hot_standby_keeps_a_reserve_of_the_range(reserve, kept):
    active_here = replace(BASE, mode=Mode.HOT_STANDBY, reserve_percent=reserve)
    assert plan(active_here, SIZE, SIZE, 0) == Move(kept, 0)
    active_there = replace(active_here, active=Role.SECONDARY)
    assert plan(active_there, SIZE, SIZE, 0) == Move(SIZE - kept, 0)


def test_a_reserve_is_at_least_one_address():
    assert plan(replace(BASE, mode=Mode.HOT_STANDBY), 10, 10, 0) == Move(1, 0)


def test_the_reserve_is_of_the_range_not_of_what_is_left():
    assert plan(replace(BASE, mode=Mode.HOT_STANDBY), SIZE, 100, 0) == Move(12, 0)
    assert plan(replace(BASE, mode=Mode.HOT_STANDBY), SIZE, 7, 0) == Move(7, 0)


def test_the_primary_takes_back():
    assert plan(replace(BASE, primary_percent=100), SIZE, 122, 122) == Move(0, 122)
    assert plan(BASE, SIZE, 100, 120) == Move(0, 10)


def test_isc_shares_half_and_half():
    assert plan(replace(BASE, primary_percent=100), 20, 20, 0, by_mode=False) == Move(10, 0)


@pytest.mark.parametrize("percent", range(0, 101, 7))
def test_a_balanced_pool_stays_as_it_is(percent):
    settings = replace(BASE, primary_percent=percent)
    for unused in (0, 1, 2, 243, 244):
        move = plan(settings, SIZE, unused, 0)
        assert plan(settings, SIZE, unused - move.to_secondary, move.to_secondary) == Move(0, 0)


def nobody(address):
    return None


def test_the_first_part_of_the_range_is_the_primarys():
    assert choose_for_secondary(range(11, 21), 5, nobody) == [16, 17, 18, 19, 20]
    assert choose_for_primary(range(11, 21), 5, nobody) == [11, 12, 13, 14, 15]


def test_addresses_follow_their_last_client():
    owners = {12: Role.SECONDARY, 20: Role.PRIMARY}
    assert choose_for_secondary(range(11, 21), 2, owners.get) == [12, 19]
    assert choose_for_primary(range(11, 21), 2, owners.get) == [11, 20]
