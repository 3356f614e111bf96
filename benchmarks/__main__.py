"""``python -m benchmarks compare|scale``."""

from __future__ import annotations

import argparse
import sys

from benchmarks import compare
from benchmarks.scale import command as scale


def main() -> int:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    compare.add_arguments(commands.add_parser("compare", help="FairStream beside its peers, one job, one broker"))
    scale.add_arguments(commands.add_parser("scale", help="FairStream by partitions, length, state and rate"))
    arguments = parser.parse_args()
    return scale.main(arguments) if arguments.command == "scale" else compare.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
