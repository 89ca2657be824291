"""Cell magics of the lessons: ``%%cmd client1`` types into a host's command prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython

from dhcpkit.console.prompt import run_lines
from dhcpkit.lab.errors import LabError

if TYPE_CHECKING:
    from dhcpkit.lab.lab import Lab


def register_magics(lab: Lab) -> None:
    """Have ``%%cmd HOST`` go to the hosts of this lab; outside of IPython there is nothing to register."""
    shell = get_ipython()
    if shell is None:
        return

    def cmd(line: str, cell: str) -> None:
        """Type the lines of the cell at the command prompt of a host: ``%%cmd client1``."""
        if not line.strip():
            raise LabError("say on which host: %%cmd client1")
        print(run_lines(lab, line.strip(), cell), end="")

    shell.magics_manager.register_function(cmd, "cell", "cmd")
