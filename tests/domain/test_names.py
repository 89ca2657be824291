import pytest

from dhcpkit.domain.names import NameNotFound, name_of, resolve

NAMES = {"dhcp1.contoso.com": 0x0A000001, "dhcp2.contoso.com": 0x0A000002}


@pytest.mark.parametrize(
    "typed", ["dhcp1.contoso.com", "DHCP1.Contoso.COM", "dhcp1", " dhcp1 ", "dhcp1.contoso.com.", "10.0.0.1"]
)
def test_a_host_is_found_by_its_name_however_it_is_written(typed):
    assert resolve(typed, NAMES, "contoso.com") == 0x0A000001


@pytest.mark.parametrize("typed", ["dhcp3", "dhcp1.fabrikam.com", "", "10.0.0.256", "10.0.0"])
def test_an_unknown_name_is_answered_with_the_known_ones(typed):
    with pytest.raises(NameNotFound, match=r"dhcp1\.contoso\.com, dhcp2\.contoso\.com"):
        resolve(typed, NAMES, "contoso.com")


def test_the_name_of_an_address():
    assert name_of(0x0A000002, NAMES) == "dhcp2.contoso.com"
    assert name_of(0x0A000009, NAMES) == "10.0.0.9"
