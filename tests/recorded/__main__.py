"""``python -m tests.recorded``: run the pipeline on the recorded input and compare; ``--write`` updates the file."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.recorded.compare import differences
from tests.recorded.inputs import logs
from tests.recorded.lines import EXPECTED, by_topic, read, write
from tests.recorded.record import recorded


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.recorded", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"Update {EXPECTED.name} instead of comparing with it.")
    options = parser.parse_args(argv)
    actual = by_topic(recorded(logs()))
    n_records = sum(map(len, actual.values()))
    if options.write:
        write(actual)
        print(f"{n_records} records of {len(actual)} topics written, {EXPECTED.stat().st_size} bytes")
        return 0
    difference = next(differences(read(), actual), None)
    print(f"{n_records} records of {len(actual)} topics are as expected" if difference is None else difference)
    return 0 if difference is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
