"""The guide's demonstration, all four procedures, as a person plays it."""

from __future__ import annotations

from dhcpkit.lab.lab import Lab


def play(lab: Lab) -> list[tuple[str, str, int]]:
    """Play it to the end, and bring the stopped server back; return Client1's server, address and lease (s) each time.

    Configure failover, move the load to the partner, switch to hot standby, stop the active server, start it again.
    """
    served: list[tuple[str, str, int]] = []

    def until_served_by(name: str) -> None:
        lab.until(lambda: lab.client1.served_by == name, 300, f"Client1 to be served by {name}").result()
        lease = lab.client1.lease
        assert lease is not None
        served.append((name, lab.client1.address, lease.lease_time))

    lab.dhcp2.add_guide_scope()
    until_served_by("DHCP2")
    lab.dhcp2.configure_failover(secret="secret", mclt=60)
    lab.dhcp2.set_failover(percent=0)
    until_served_by("DHCP1")
    lab.dhcp1.set_failover(mode="HotStandby")
    until_served_by("DHCP2")
    lab.dhcp2.stop()
    until_served_by("DHCP1")
    lab.dhcp2.start()
    until_served_by("DHCP2")
    return served


AS_IN_THE_GUIDE = [
    ("DHCP2", "10.0.0.11", 120),
    ("DHCP1", "10.0.0.11", 120),
    ("DHCP2", "10.0.0.11", 120),
    ("DHCP1", "10.0.0.11", 60),
    ("DHCP2", "10.0.0.11", 120),
]
"""What ``play`` returns: the standby, alone, extends the lease by no more than the MCLT of a minute."""
