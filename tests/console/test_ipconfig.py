"""What ``ipconfig`` prints, letter by letter."""

from __future__ import annotations

import calendar
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dhcpkit.client.lease import ClientLease
from dhcpkit.console.ipconfig import brief, full, long_date, run
from dhcpkit.lab.errors import LabError
from dhcpkit.lab.hosts.adapter import AdapterStatus, HostStatus, automatic_address, fixed_status
from dhcpkit.lab.hosts.client import NothingToRelease, RenewalFailed
from dhcpkit.lab.hosts.spec import HostSpec, InterfaceSpec
from dhcpkit.protocol.addresses import parse_ip

NINE = 1359104400.0
MAC = bytes.fromhex("00155d000003")
DNS = (parse_ip("10.0.0.1"),)
LEASE = ClientLease(
    parse_ip("10.0.0.11"), 24, parse_ip("10.0.0.2"), 0, DNS, "contoso.com", 120, NINE, NINE + 60, NINE + 105, NINE + 120
)
UNLEASED = AdapterStatus("Ethernet", MAC, True, state="INIT", released=True)
LEASED = replace(
    UNLEASED,
    address=LEASE.address,
    prefix_length=24,
    dns=DNS,
    suffix="contoso.com",
    lease=LEASE,
    state="BOUND",
    released=False,
)
APIPA = replace(
    UNLEASED, released=False, state="SELECTING", address=automatic_address(MAC), prefix_length=16, autoconfigured=True
)


def client(adapter: AdapterStatus) -> HostStatus:
    return HostStatus("Client1", "", (adapter,))


LEASED_FULL = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : Client1
   Primary Dns Suffix  . . . . . . . :
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   WINS Proxy Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : contoso.com

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : contoso.com
   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter
   Physical Address. . . . . . . . . : 00-15-5D-00-00-03
   DHCP Enabled. . . . . . . . . . . : Yes
   Autoconfiguration Enabled . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::215:5dff:fe00:3%12(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.0.0.11(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Lease Obtained. . . . . . . . . . : Friday, January 25, 2013 9:00:00 AM
   Lease Expires . . . . . . . . . . : Friday, January 25, 2013 9:02:00 AM
   Default Gateway . . . . . . . . . :
   DHCP Server . . . . . . . . . . . : 10.0.0.2
   DHCPv6 IAID . . . . . . . . . . . : 251663709
   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-18-92-5E-0A-00-15-5D-00-00-03

   DNS Servers . . . . . . . . . . . : 10.0.0.1
   NetBIOS over Tcpip. . . . . . . . : Enabled

Tunnel adapter isatap.contoso.com:

   Media State . . . . . . . . . . . : Media disconnected
   Connection-specific DNS Suffix  . : contoso.com
   Description . . . . . . . . . . . : Microsoft ISATAP Adapter
   Physical Address. . . . . . . . . : 00-00-00-00-00-00-00-E0
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
"""

LEASED_BRIEF = """
Windows IP Configuration


Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : contoso.com
   Link-local IPv6 Address . . . . . : fe80::215:5dff:fe00:3%12
   IPv4 Address. . . . . . . . . . . : 10.0.0.11
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . :
"""

UNLEASED_BRIEF = """
Windows IP Configuration


Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . :
   Link-local IPv6 Address . . . . . : fe80::215:5dff:fe00:3%12
   Default Gateway . . . . . . . . . :
"""

UNLEASED_FULL = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : Client1
   Primary Dns Suffix  . . . . . . . :
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   WINS Proxy Enabled. . . . . . . . : No

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter
   Physical Address. . . . . . . . . : 00-15-5D-00-00-03
   DHCP Enabled. . . . . . . . . . . : Yes
   Autoconfiguration Enabled . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::215:5dff:fe00:3%12(Preferred)
   Default Gateway . . . . . . . . . :
   DHCPv6 IAID . . . . . . . . . . . : 251663709
   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-18-92-5E-0A-00-15-5D-00-00-03

   DNS Servers . . . . . . . . . . . : fec0:0:0:ffff::1%1
                                       fec0:0:0:ffff::2%1
                                       fec0:0:0:ffff::3%1
   NetBIOS over Tcpip. . . . . . . . : Enabled
"""

APIPA_LINES = """\
   Autoconfiguration IPv4 Address. . : 169.254.1.3(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.0.0
   Default Gateway . . . . . . . . . :
   DHCPv6 IAID . . . . . . . . . . . : 251663709
"""

SERVER_FULL = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : DHCP2
   Primary Dns Suffix  . . . . . . . : contoso.com
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   WINS Proxy Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : contoso.com

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter
   Physical Address. . . . . . . . . : 00-15-5D-00-00-02
   DHCP Enabled. . . . . . . . . . . : No
   Autoconfiguration Enabled . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::215:5dff:fe00:2%12(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.0.0.2(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . :
   DHCPv6 IAID . . . . . . . . . . . : 251663709
   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-18-92-5E-0A-00-15-5D-00-00-02

   DNS Servers . . . . . . . . . . . : 10.0.0.1
   NetBIOS over Tcpip. . . . . . . . : Enabled
"""


class Host:
    """A host at whose prompt ``ipconfig`` is typed; ``after`` is its status after a change, or what it raises."""

    def __init__(self, adapter: AdapterStatus, after: AdapterStatus | LabError | None = None) -> None:
        self.status = client(adapter)
        self.after = after
        self.asked: list[str] = []

    def release(self) -> None:
        self._change("release")

    def renew(self, wait: bool = False) -> None:
        assert wait
        self._change("renew")

    def _change(self, name: str) -> None:
        self.asked.append(name)
        if isinstance(self.after, LabError):
            raise self.after
        assert self.after is not None
        self.status = client(self.after)


def before_tunnel(text: str) -> str:
    return text.partition("\nTunnel adapter")[0]


@pytest.mark.parametrize("words", [["/all"], ["/ALL"], ["-all"]])
def test_all_of_a_leased_client(words: list[str]) -> None:
    assert run(Host(LEASED), words) == LEASED_FULL


def test_leased_client() -> None:
    assert run(Host(LEASED), []) == LEASED_BRIEF


def test_all_of_a_released_client() -> None:
    text = full(client(UNLEASED))
    assert before_tunnel(text) == UNLEASED_FULL
    assert "\nTunnel adapter isatap.{" in text


def test_all_of_a_client_that_no_server_answered() -> None:
    text = full(client(APIPA))
    assert APIPA_LINES in text
    assert "fec0:0:0:ffff::3%1\n" in text
    assert "Lease" not in text
    assert "DHCP Server" not in text
    assert "   Autoconfiguration IPv4 Address. . : 169.254.1.3\n" in brief(client(APIPA))


def test_all_of_a_server() -> None:
    spec = HostSpec("DHCP2", "server", (InterfaceSpec(bytes.fromhex("00155d000002"), parse_ip("10.0.0.2"), 24),))
    assert before_tunnel(full(fixed_status(spec, DNS))) == SERVER_FULL


def test_every_card_has_its_block() -> None:
    cards = (InterfaceSpec(MAC, parse_ip("10.0.0.2"), 24), InterfaceSpec(MAC, parse_ip("10.0.1.2"), 24, name="eth1"))
    text = brief(fixed_status(HostSpec("DHCP2", "server", cards), DNS))
    assert "Ethernet adapter Ethernet:\n" in text
    assert "Ethernet adapter Ethernet 2:\n" in text
    assert "10.0.1.2\n" in text


def test_several_dns_servers_stand_below_each_other() -> None:
    text = full(client(replace(LEASED, dns=(parse_ip("10.0.0.1"), parse_ip("10.0.0.2")))))
    assert f"   DNS Servers . . . . . . . . . . . : 10.0.0.1\n{' ' * 39}10.0.0.2\n   NetBIOS" in text


def test_gateway() -> None:
    line = "   Default Gateway . . . . . . . . . : 10.0.0.254\n"
    adapter = replace(LEASED, router=parse_ip("10.0.0.254"))
    assert line in full(client(adapter))
    assert line in brief(client(adapter))


def test_cable_out() -> None:
    text = full(client(replace(UNLEASED, connected=False)))
    assert before_tunnel(text).endswith(
        """
Ethernet adapter Ethernet:

   Media State . . . . . . . . . . . : Media disconnected
   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Microsoft Hyper-V Network Adapter
   Physical Address. . . . . . . . . : 00-15-5D-00-00-03
   DHCP Enabled. . . . . . . . . . . : Yes
   Autoconfiguration Enabled . . . . : Yes
"""
    )
    assert brief(client(replace(UNLEASED, connected=False))).endswith("Suffix  . :\n")


def test_infinite_lease_ends_in_136_years() -> None:
    text = full(client(replace(LEASED, lease=replace(LEASE, expires=math.inf))))
    assert "   Lease Expires . . . . . . . . . . : Monday, March 3, 2149 3:28:15 PM\n" in text


class TestChanges:
    def test_release(self) -> None:
        host = Host(LEASED, UNLEASED)
        assert run(host, ["/release"]) == UNLEASED_BRIEF
        assert host.asked == ["release"]

    @pytest.mark.parametrize("words", [["/renew"], ["/RENEW", "ethernet"], ["/renew", "Eth*"], ["/renew", "?thernet"]])
    def test_renew(self, words: list[str]) -> None:
        host = Host(UNLEASED, LEASED)
        assert run(host, words) == LEASED_BRIEF
        assert host.asked == ["renew"]

    def test_renew_without_a_server(self) -> None:
        assert run(Host(LEASED, RenewalFailed("no answer")), ["/renew"]) == (
            "\nWindows IP Configuration\n\nAn error occurred while renewing interface Ethernet : "
            "unable to contact your DHCP server. Request has timed out.\n"
        )

    def test_release_without_a_lease(self) -> None:
        assert run(Host(UNLEASED, NothingToRelease("no lease")), ["/release"]) == (
            "\nWindows IP Configuration\n\nAn error occurred while releasing interface Ethernet : "
            "An address has not yet been associated with the network endpoint.\n"
        )

    @pytest.mark.parametrize("switch", ["/release", "/renew"])
    def test_fixed_address(self, switch: str) -> None:
        host = Host(replace(LEASED, dhcp_enabled=False, lease=None))
        assert run(host, [switch]) == (
            "\nWindows IP Configuration\n\n"
            "The operation failed as no adapter is in the state permissible for this operation.\n"
        )
        assert host.asked == []

    def test_no_such_adapter(self) -> None:
        host = Host(LEASED)
        assert "no adapter is in the state permissible" in run(host, ["/renew", "Wi-Fi"])
        assert host.asked == []

    def test_cable_out(self) -> None:
        host = Host(replace(UNLEASED, connected=False))
        assert run(host, ["/renew"]) == (
            "\nWindows IP Configuration\n\n"
            "No operation can be performed on Ethernet while it has its media disconnected.\n"
        )
        assert host.asked == []

    def test_other_errors_are_passed_on(self) -> None:
        with pytest.raises(LabError, match="the service is stopped"):
            run(Host(LEASED, LabError("the service is stopped")), ["/renew"])


@pytest.mark.parametrize(
    "words", [["/al"], ["all"], ["/flushdns"], ["/all", "Ethernet"], ["/renew", "a", "b"], ["/?", "x"], [""], ["/"]]
)
def test_wrong_command_line(words: list[str]) -> None:
    host = Host(LEASED)
    text = run(host, words)
    assert text.startswith("\nError: unrecognized or incomplete command line.\n\nUSAGE:\n    ipconfig [/? | /all |")
    assert host.asked == []


def test_help_is_the_usage_without_the_error() -> None:
    text = run(Host(LEASED), ["/?"])
    assert text.startswith("\nUSAGE:\n")
    assert text == run(Host(LEASED), ["/nonsense"]).partition("command line.\n")[2]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ((2013, 1, 25, 9, 0, 0), "Friday, January 25, 2013 9:00:00 AM"),
        ((2013, 1, 25, 0, 0, 59), "Friday, January 25, 2013 12:00:59 AM"),
        ((2013, 1, 25, 12, 5, 0), "Friday, January 25, 2013 12:05:00 PM"),
        ((2013, 1, 25, 23, 59, 59), "Friday, January 25, 2013 11:59:59 PM"),
        ((2024, 2, 29, 13, 0, 7), "Thursday, February 29, 2024 1:00:07 PM"),
    ],
)
def test_long_date(moment: tuple[int, int, int, int, int, int], text: str) -> None:
    seconds = datetime(*moment, tzinfo=UTC).timestamp()
    assert long_date(seconds) == long_date(seconds + 0.999) == text


def test_long_date_agrees_with_the_calendar_module() -> None:
    for month in range(1, 13):
        for day in range(1, 29):
            moment = datetime(2013, month, day, 13, 4, 5, tzinfo=UTC)
            expected = f"{calendar.day_name[moment.weekday()]}, {calendar.month_name[month]} {day}, 2013 1:04:05 PM"
            assert long_date(moment.timestamp()) == expected


def test_no_line_ends_in_a_blank() -> None:
    for adapter in (LEASED, UNLEASED, APIPA):
        for text in (full(client(adapter)), brief(client(adapter))):
            assert all(line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("tail", [b"\0\0\0", b"\0\xfe\0", b"\xff\xff\xff"])
def test_automatic_address_is_one_that_may_be_chosen(tail: bytes) -> None:
    address = automatic_address(MAC[:3] + tail)
    assert 0xA9FE0100 <= address <= 0xA9FEFEFF
