from __future__ import annotations

from dhcpkit.lab.cuts import Cuts


def test_each_way_for_itself() -> None:
    cuts = Cuts()
    cuts.change("A", None, inbound=True, outbound=False)
    assert not cuts.passes("A", "B")
    assert not cuts.passes("A", "*")
    assert not cuts.passes("A", "")
    assert cuts.passes("B", "A")
    assert (cuts.mute, cuts.deaf, cuts.unplugged) == ({"A"}, set(), set())
    cuts.change("A", None, inbound=False, outbound=False)
    assert (cuts.mute, cuts.deaf, cuts.unplugged) == (set(), set(), {"A"})
    assert cuts.passes("B", "*"), "others hear it"


def test_a_path_does_not_concern_others_nor_broadcasts() -> None:
    cuts = Cuts()
    cuts.change("A", "B", inbound=False, outbound=True)
    assert not cuts.passes("B", "A")
    assert cuts.passes("A", "B")
    assert cuts.passes("B", "*")
    assert cuts.state("A", "B") == (False, True)
    assert cuts.state("B", "A") == (True, False)
    assert cuts.state("A", None) == (True, True)
    cuts.change("B", "A", inbound=True, outbound=True)
    assert cuts.passes("B", "A")
    assert not cuts.paths
