"""``python -m tests.programs.chaos``: run the plan, print one table and one line, exit 1 at any difference."""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.programs.chaos.findings import Finding
from tests.programs.chaos.run import ChaosRun
from tests.programs.chaos.schedule import Plan, topic_changes_in_turn
from tests.programs.progress import timed_notes

_COLUMNS = ("expected", "found", "duplicate", "missing", "wrong")


def main(argv: Sequence[str]) -> int:
    options = _parse(argv)
    plan = Plan(
        seed=options.seed,
        n_events=options.events,
        rate=options.rate,
        n_workers=options.workers,
        n_kills=options.kills,
        n_broker_kills=options.broker_kills,
        n_zombies=options.zombies,
        n_changes=options.changes,
        topic_changes=topic_changes_in_turn(options.growths, options.recreations),
        n_policy_changes=options.policy_changes,
        n_clock_jumps=options.clock_jumps,
    )
    folder = Path(tempfile.mkdtemp(prefix="fairstream-chaos-"))
    note = timed_notes()

    print(f"seed {plan.seed}; logs in {folder}", flush=True)
    chaos = ChaosRun(plan, folder, note)
    findings = chaos.run()
    print_report(chaos, findings)
    is_exact = all(finding.is_exact for finding in findings)
    if is_exact and not options.keep:
        shutil.rmtree(folder)
    return 0 if is_exact else 1


def print_report(chaos: ChaosRun, findings: Sequence[Finding]) -> None:
    print(f"\n{'compared':<24}" + "".join(f"{column:>11}" for column in _COLUMNS))
    for finding in findings:
        numbers = (finding.n_expected, finding.n_found, finding.n_duplicated, finding.n_missing, finding.n_wrong)
        print(f"{finding.what:<24}" + "".join(f"{number:>11,}" for number in numbers))
        if finding.first:
            print(f"    first difference: {finding.first}")
    story = chaos.story
    done = ", ".join(f"{number} x {kind}" for kind, number in sorted(story.done.items()))
    print(f"\n{story.sent.n_sent:,} events in {story.sent.seconds:.0f} s; {done}")
    print(
        f"{story.n_starts} worker starts; exits by themselves: {dict(story.exits)}; settled in {story.settled_s:.0f} s"
    )
    is_exact = all(finding.is_exact for finding in findings)
    verdict = "EXACT: every count, every record once" if is_exact else "NOT EXACT"
    print(f"{verdict} (seed {chaos.plan.seed})")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="decides input and disturbances")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=10_000.0, help="events sent per second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=20, help="workers killed with SIGKILL")
    parser.add_argument("--broker-kills", type=int, default=3)
    parser.add_argument("--zombies", type=int, default=3, help="workers stopped for longer than their session")
    parser.add_argument("--changes", type=int, default=2, help="workers added, and workers removed")
    parser.add_argument("--growths", type=int, default=1, help="partitions added to the raw topic")
    parser.add_argument("--recreations", type=int, default=1, help="raw topic deleted and created again")
    parser.add_argument("--policy-changes", type=int, default=2, help="rolling updates with a grown policy, at most 2")
    parser.add_argument("--clock-jumps", type=int, default=2, help="wall clock of the workers wrong for seconds")
    parser.add_argument("--keep", action="store_true", help="keep broker data and logs also after an exact run")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
