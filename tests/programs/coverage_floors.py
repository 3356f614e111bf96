"""``python -m tests.programs.coverage_floors``: branch coverage of each package beside its floor; exit 1 below one.

``make coverage`` measures the tiers that need no server. What talks to Kafka, Prometheus or a terminal is tested by the
other tiers, so the floors of ``edges``, ``programs`` and ``cli`` are what is left of them here.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import NamedTuple

from coverage import Coverage

from tests.support.paths import ROOT

DATA = ROOT / "build" / "coverage"

# Lowest share of branches and lines, in percent. The core has every branch tested; the other floors are a little below
# what was measured when they were set, and may only rise.
FLOORS = {
    "stream_app/core": 100.0,
    "stream_app/pipeline": 96.0,
    "stream_app/offline": 98.0,
    "stream_app/policy": 98.0,
    "stream_app/render": 92.0,
    "stream_app/edges": 62.0,
    "stream_app/programs": 48.0,
    "stream_app/cli": 50.0,
    "producers": 88.0,
}


class Measured(NamedTuple):
    """How much of a package ran.

    Attributes:
        percent: Lines and branches that ran, of all, in percent.
        missing: Files with a line or branch that did not run.
    """

    percent: float
    missing: tuple[str, ...]


def measure(coverage: Coverage, package: str) -> Measured:
    """Return how much of a package ran, by the data of a finished measurement."""
    include = [str(ROOT / package / "*")]
    percent = coverage.report(include=include, file=io.StringIO(), skip_covered=True)
    listing = io.StringIO()
    coverage.report(include=include, file=listing, skip_covered=True, show_missing=True)
    rows = [line for line in listing.getvalue().splitlines() if ".py" in line]
    return Measured(percent, tuple(rows))


def below_floor(measured: Mapping[str, Measured], floors: Mapping[str, float]) -> list[str]:
    """Return the packages of which less ran than their floor.

    >>> below_floor({"a": Measured(99.9, ()), "b": Measured(80.0, ())}, {"a": 100.0, "b": 80.0})
    ['a']
    """
    return [package for package, floor in floors.items() if measured[package].percent < floor]


def main() -> int:
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    if list(DATA.glob("data.*")):  # what each process measured; later runs read what the first one has combined
        coverage.combine()
        coverage.save()
    else:
        coverage.load()
    measured = {package: measure(coverage, package) for package in FLOORS}
    for package, floor in FLOORS.items():
        print(f"{package:<22}{measured[package].percent:7.1f} %   floor {floor:5.1f} %")
    low = below_floor(measured, FLOORS)
    for package in low:
        print(f"\n{package} is below its floor:", *measured[package].missing, sep="\n  ")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
