import pytest

from dhcpkit.engine.lease import Lease
from dhcpkit.failover.lease_times import Grant, grant, potential_expiration, reusable_from
from dhcpkit.protocol.failover.codes import BindingStatus

LEASE, MCLT = 120, 60

# Time, granted, potential expiration sent; the values of two real ISC servers with this lease time and MCLT.
# From 100 on the partner is silent: nothing more is acknowledged.
WORKED_EXAMPLE = [
    (0, 60, 150),
    (30, 120, 210),
    (90, 120, 270),
    (150, 120, 330),
    (210, 120, 390),
    (270, 60, 420),
    (300, 60, 450),
    (330, 60, 480),
]
PARTNER_GONE = 100


def test_the_worked_example():
    lease = Lease(1, 0, BindingStatus.ACTIVE)
    for now, granted, potential in WORKED_EXAMPLE:
        assert grant(lease, LEASE, MCLT, now) == Grant(granted, granted < LEASE), now
        assert potential_expiration(now, now + granted, LEASE) == potential, now
        if now < PARTNER_GONE:
            lease.acked_potential = potential


def test_a_new_client_gets_the_mclt():
    assert grant(None, LEASE, MCLT, 1000.5) == Grant(60, True)
    assert grant(Lease(1, 0, BindingStatus.FREE), LEASE, MCLT, 1000.5) == Grant(60, True)


def test_what_the_partner_told_counts_as_known():
    """A client of the partner that rebinds here after the partner's death gets its full time while that is safe."""
    lease = Lease(1, 0, BindingStatus.ACTIVE, received_potential=1150)
    assert grant(lease, LEASE, MCLT, 1080) == Grant(120, False)
    assert grant(lease, LEASE, MCLT, 1091) == Grant(119, True)  # ISC too gives 119 s where the cap bites by a second
    assert grant(lease, LEASE, MCLT, 1090.25) == Grant(119, True)  # a limit is rounded down


@pytest.mark.parametrize("mclt", [120, 121, 3600])
def test_a_lease_shorter_than_the_mclt_is_never_cut(mclt):
    assert grant(None, LEASE, mclt, 5.75) == Grant(120, False)


def test_reuse_waits_for_whatever_the_partner_may_have_promised():
    ended = BindingStatus.EXPIRED
    assert reusable_from(Lease(1, 0, ended, expires=500), MCLT, since=400) == 560
    assert reusable_from(Lease(1, 0, ended, expires=300), MCLT, since=400) == 460
    assert reusable_from(Lease(1, 0, ended, expires=300, sent_potential=700), MCLT, since=400) == 760
    assert reusable_from(Lease(1, 0, ended, expires=300, received_potential=720), MCLT, since=400) == 780
    assert reusable_from(Lease(1, 0, ended, expires=300, acked_potential=710), MCLT, since=400) == 770


def test_a_lease_the_partner_never_heard_of_needs_no_wait():
    lease = Lease(1, 0, BindingStatus.RELEASED, contacted=450, expires=460)
    assert reusable_from(lease, MCLT, since=400) == 460
