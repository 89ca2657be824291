"""``python -m dhcpkit lab | demo | doctor``: what the Makefile calls."""

from __future__ import annotations

import sys

USAGE = "usage: python -m dhcpkit lab | demo | doctor"


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
