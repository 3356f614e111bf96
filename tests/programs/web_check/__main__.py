"""Run the check: ``python -m tests.programs.web_check [--short]``; the last line is the verdict."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.programs.web_check.claims import CLAIMS, SHORT, check
from tests.programs.web_check.stage import find_browser, open_stage
from tests.programs.web_check.visits import PICTURES

FAIR_FOR_LONG = ("--fair-s", "3600")  # it drifts only by hand


def main(arguments: argparse.Namespace) -> int:
    """Check every claim, print which hold; return the exit code."""
    browser = find_browser()
    if browser is None:
        print("web-check: no Chromium on this machine (Debian: apt install chromium)")
        return 2
    with (
        tempfile.TemporaryDirectory(prefix="fairstream-web-check-") as name,
        open_stage(Path(name), browser, FAIR_FOR_LONG) as stage,
    ):
        outcomes = check(stage, SHORT if arguments.short else CLAIMS)
    for outcome in outcomes:
        print(f"fails: {outcome.text}\n       {outcome.failure}" if outcome.failure else f"holds: {outcome.text}")
    n_holding = sum(not outcome.failure for outcome in outcomes)
    print(f"web-check: {n_holding} of {len(outcomes)} claims hold; pictures in {PICTURES}")
    return 0 if n_holding == len(outcomes) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.programs.web_check", description=__doc__)
    parser.add_argument("--short", action="store_true", help="without dark pages and the way back to a fair stream")
    sys.exit(main(parser.parse_args()))
