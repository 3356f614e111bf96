"""``python -m tests.programs.audit_check``: attack the audit log; the last line says whether it withstood."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.programs.audit_check.changes import count_faults
from tests.programs.audit_check.crashes import fill_disk, kill_writers, write_at_once
from tests.programs.audit_check.proof_sizes import HISTORIES, proof_sizes
from tests.programs.audit_check.rewriting import rewrite_everything
from tests.programs.audit_check.speed import measure, measure_commitment
from tests.programs.progress import timed_notes
from tests.support.audit_logs import write_log

MIN_APPENDED, MIN_VERIFIED = 20_000, 200_000  # entries in a CPU-second


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make audit-check", description=__doc__)
    parser.add_argument("--changes", type=int, default=1000, help="changes of each kind")
    parser.add_argument("--kills", type=int, default=500, help="writers that are killed")
    parser.add_argument("--entries", type=int, default=300_000, help="entries to measure the speed with; 0: none")
    parser.add_argument("--events", type=int, default=6_000, help="decisions of the rewritten history; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    generator, note = random.Random(options.seed), timed_notes()
    with tempfile.TemporaryDirectory(prefix="fairstream-audit-") as name:
        folder = Path(name)
        wrong = count_faults(write_log(folder / "changed"), options.changes, generator)
        for kind, n in wrong.items():
            note(f"{kind}: {'detected' if not n else f'{n} NOT DETECTED'}")
        faults = [f"{n} changes not detected: {kind}" for kind, n in wrong.items() if n]
        for what, found in [
            (f"{options.kills} writers killed", kill_writers(folder / "killed", options.kills, generator)),
            ("full disks", fill_disk(folder / "full", max(options.kills // 5, 5), generator)),
            ("three writers at once", write_at_once(folder / "three", 3, 200)),
        ]:
            note(f"{what}: {'; '.join(found) or 'nothing lost, nothing doubled'}")
            faults += found
        if options.events:
            found = rewrite_everything(folder / "rewritten", options.events, note)
            note(f"raw and all later topics rewritten: {'; '.join(found) or 'found from one old checkpoint'}")
            faults += found
        if options.entries:
            appended, verified = measure(folder / "fast", options.entries)
            provable = measure_commitment(options.entries, is_provable=True)
            committed = measure_commitment(options.entries, is_provable=False)
            for what, speed in (
                ("entries appended", appended),
                ("entries verified", verified),
                ("records committed to", committed),
                ("records committed to one by one, for proofs", provable),
            ):
                note(f"{speed.by_clock:,.0f} {what} in a second, {speed.by_cpu:,.0f} in a CPU-second")
            for what, history in HISTORIES.items():
                sizes = proof_sizes(history, 200, generator)
                note(f"compact proofs of 200 records of {what}: {sizes[0]} to {sizes[-1]} bytes, median {sizes[100]}")
            is_slow = appended.by_cpu < MIN_APPENDED or verified.by_cpu < MIN_VERIFIED
            faults += ["too slow"] if is_slow else []
    print("AUDIT LOG: every change was detected, nothing was lost" if not faults else f"AUDIT LOG FAILED: {faults}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
