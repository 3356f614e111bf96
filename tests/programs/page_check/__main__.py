"""Run the check: ``python -m tests.programs.page_check [--quick]``; the last line is the verdict."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from stream_app.edges.notify.notification import describe_notification
from tests.programs.page_check.claims import (
    check,
    describe_times,
    stories_of,
)
from tests.programs.page_check.full import run_full
from tests.programs.page_check.messages import render
from tests.programs.page_check.quick import run_quick


def main(arguments: argparse.Namespace) -> int:
    """Run one form, print what was sent and which claims hold; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="fairstream-page-check-") as name:
        folder = Path(name)
        episodes, messages = run_quick(folder) if arguments.quick else run_full(folder, arguments.models)
        stories = stories_of(episodes, messages)
        claims = check(stories, lambda message: len(render(message.notification, folder)))
    for message in stories[0].messages:
        print(describe_notification(message.notification, message.at_s))
    for claim in claims:
        print(f"{'fails' if claim.failures else 'holds'}: {claim.text}")
        for failure in claim.failures:
            print(f"       {failure}")
    n_holding = sum(not claim.failures for claim in claims)
    times = "event time faster than the clock: no times"
    if not arguments.quick:
        for name, of in (("first, heavy breaches", stories[::2]), ("milder breaches", stories[1::2])):
            print(f"{name}: {describe_times(of)}")
        times = describe_times(stories)
    print(f"page-check: {n_holding} of {len(claims)} claims hold for {len(stories)} breaches; {times}")
    return 0 if n_holding == len(claims) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.programs.page_check", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="judge in memory, event time ahead of the clock (1 min)")
    parser.add_argument("--models", type=int, default=10, help="models of the full form")
    sys.exit(main(parser.parse_args()))
