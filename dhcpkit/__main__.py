"""``python -m dhcpkit lab | demo | doctor``: what the Makefile calls."""

from __future__ import annotations

import sys

from dhcpkit.lab.errors import LabError

USAGE = """usage: python -m dhcpkit COMMAND

  lab      open the lessons in JupyterLab; what follows goes to it, e.g. --port=8890
  demo     play the guide's demonstration in this terminal
  doctor   say whether this machine can run the lab in network namespaces"""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    command, *rest = arguments or [""]
    try:
        if command == "lab":
            from dhcpkit.course.launch import open_lessons

            return open_lessons(rest)
        if command == "demo":
            from dhcpkit.course.demo import play

            return play(rest)
        if command == "doctor":
            from dhcpkit.course.doctor import report

            return report()
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
