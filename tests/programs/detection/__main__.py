"""``python -m tests.programs.detection``: make the long run and print one line per claim; exit 1 if one fails."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.programs.detection.claims import all_claims
from tests.programs.detection.stage import Stage
from tests.programs.detection.streams import LONG, SHORT
from tests.support.servers.brokers import open_broker


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make detection-check", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the streams of the short form, as in CI")
    options = parser.parse_args(argv)
    started = time.monotonic()

    def note(line: str) -> None:
        print(f"{time.monotonic() - started:7.1f} s  {line}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="fairstream-detection-") as folder:
        (Path(folder) / "kafka").mkdir()
        with open_broker(Path(folder) / "kafka") as kafka:
            run = Stage(kafka, Path(folder), SHORT if options.short else LONG, note).run()
    claims = list(all_claims(run))
    for claim in claims:
        print(f"{'true  ' if claim.is_kept else 'BROKEN'}  {claim.text}: {claim.observed}")
    n_broken = sum(not claim.is_kept for claim in claims)
    print(f"{len(claims) - n_broken} of {len(claims)} claims are true")
    return 1 if n_broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
