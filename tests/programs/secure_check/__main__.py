"""``python -m tests.programs.secure_check``: print a line for each role; exit 1 if one could do too little or much."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.programs.progress import timed_notes
from tests.programs.secure_check.check import SecureCheck
from tests.support.servers.secured.kafka import open_secured_kafka


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make secure-check", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    options = parser.parse_args(argv)
    note = timed_notes()
    with tempfile.TemporaryDirectory(prefix="fairstream-secure-") as name:
        folder = Path(name)
        site = folder / "site"
        site.mkdir()
        with open_secured_kafka(folder) as kafka:
            note("Kafka with TLS, SCRAM and an authorizer that denies by default")
            reports = SecureCheck(kafka, site, "secure", options.events, note).run()
    print()
    for report in reports:
        print(report)
    is_right = not any(report.faults for report in reports)
    print("SECURE: each role did its job with exactly its rights" if is_right else "NOT SECURE")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
