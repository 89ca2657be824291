"""The waits, by themselves."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhcpkit.client.timers import renewal_times, renewal_wait, retransmission_wait
from dhcpkit.protocol.options import INFINITE


def test_retransmission_doubles_to_a_minute() -> None:
    rng = random.Random(1)
    waits = [retransmission_wait(attempt, rng) for attempt in range(1, 8)]
    for wait, centre in zip(waits, [4, 8, 16, 32, 64, 64, 64], strict=True):
        assert centre - 1 <= wait <= centre + 1
    assert len({wait % 1 for wait in waits}) == 7, "the spread is random"


def test_retransmission_stays_a_minute_for_ever() -> None:
    assert 63 <= retransmission_wait(10**6, random.Random(1)) <= 65


@pytest.mark.parametrize(
    ("now", "until", "wait"), [(60, 105, 22.5), (97, 105, 4), (100, 105, 4), (101, 105, math.inf), (105, 105, math.inf)]
)
def test_renewal_wait_is_half_of_what_is_left(now: float, until: float, wait: float) -> None:
    assert renewal_wait(now, until) == wait


@pytest.mark.parametrize(
    ("lease", "t1", "t2", "expected"),
    [
        (120, None, None, (60, 105)),
        (60, None, None, (30, 52.5)),
        (60, 30, 52, (30, 52)),
        (120, 20, None, (20, 105)),
        (120, None, 40, (160 / 7, 40)),
        (120, 0, 0, (60, 105)),
        (120, 105, 60, (60, 105)),
        (120, 60, 60, (60, 105)),
        (120, 60, 120, (60, 105)),
        (120, INFINITE, INFINITE, (60, 105)),
        (INFINITE, 60, 105, (math.inf, math.inf)),
    ],
)
def test_renewal_times(lease: int, t1: int | None, t2: int | None, expected: tuple[float, float]) -> None:
    assert renewal_times(lease, t1, t2) == pytest.approx(expected)


_SECONDS = st.integers(0, INFINITE)


@given(st.integers(1, INFINITE - 1), st.none() | _SECONDS, st.none() | _SECONDS)
def test_renewal_times_are_in_order(lease: int, t1: int | None, t2: int | None) -> None:
    renewal, rebinding = renewal_times(lease, t1, t2)
    assert 0 < renewal < rebinding < lease
