from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dhcpkit.course.magics import register_magics
from dhcpkit.lab.lab import Lab


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def lab(shell: InteractiveShell) -> Iterator[Lab]:
    with Lab(wire="memory", speed=0) as lab:
        lab.dhcp2.add_guide_scope()
        lab.until(lambda: lab.client1.state == "BOUND").result()
        register_magics(lab)
        yield lab


def test_ipconfig_is_typed_on_the_client(shell: InteractiveShell, lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell("%%cmd client1\nipconfig /all").success
    assert "   DHCP Server . . . . . . . . . . . : 10.0.0.2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%cmd\nipconfig", "LabError: say on which host: %%cmd client1"),
        ("%%cmd client9\nipconfig", "LabError: the lab has no host 'client9'"),
        ("%%cmd dhcp1\nipconfig", "LabError: ipconfig is there on the lab's clients"),
        ('%%cmd client1\nipconfig "', "LabError: the line 'ipconfig \"' cannot be read"),
    ],
)
def test_an_error_is_one_sentence(
    shell: InteractiveShell, lab: Lab, capsys: pytest.CaptureFixture[str], cell: str, says: str
) -> None:
    assert not shell.run_cell(cell).success
    shown = capsys.readouterr()
    assert says in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def test_outside_of_ipython_there_is_nothing_to_register() -> None:
    InteractiveShell.clear_instance()
    with Lab(wire="memory", speed=0) as lab:
        register_magics(lab)
