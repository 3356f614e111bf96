"""``python -m tests.recorded``: run the pipeline on the recorded input and compare; ``--write`` keeps what it wrote."""

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
    parser.add_argument("--write", action="store_true", help=f"write {EXPECTED.name} again")
    options = parser.parse_args(argv)
    got = by_topic(recorded(logs()))
    n = sum(map(len, got.values()))
    if options.write:
        write(got)
        print(f"{n} records of {len(got)} topics written, {EXPECTED.stat().st_size} bytes")
        return 0
    found = next(differences(read(), got), None)
    print(f"{n} records of {len(got)} topics are as expected" if found is None else found)
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
