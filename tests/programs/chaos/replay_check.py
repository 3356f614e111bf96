"""``python -m tests.programs.chaos.replay_check``: check that replay equals live.

It does so through rebalances, a crash, a topic that is created again, and a partition that is added.

Then one record of a copy of the source is changed, one removed, one moved in event time, in a copy each: the replay
must differ, and name the partition and a range of offsets that contains the record.
"""

# ruff: noqa: T201  # a program that prints

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stream_app.edges.kafka.readers.judge_records import read_journal
from tests.programs.chaos.run import ChaosRun
from tests.programs.chaos.schedule import Plan, TopicChange
from tests.support.servers.replay_stage import TAMPERINGS, Tampering, copy_topic, offset_that_matters
from tests.support.servers.sites import Site

TOPIC_CHANGES: tuple[TopicChange, ...] = ("add partition", "re-create topic")
_VERIFY_S = 900.0


class CheckFailedError(Exception):
    """Live and replay are not as they must be; the text says how."""


def main(argv: Sequence[str]) -> int:
    options = _parse(argv)
    folder = Path(tempfile.mkdtemp(prefix="fairstream-replay-check-"))
    plan = Plan(
        seed=options.seed,
        n_events=options.events,
        n_afterwards=options.events // 4,
        rate=options.rate,
        n_kills=1,
        n_broker_kills=0,
        n_zombies=0,
        n_changes=1,
        topic_changes=TOPIC_CHANGES,
        n_policy_changes=1,
        n_clock_jumps=0,
    )
    try:
        print(check(plan, folder))
    except CheckFailedError as failure:
        print(f"NOT EQUAL: {failure} (seed {plan.seed}, {folder})")
        return 1
    shutil.rmtree(folder)
    return 0


def check(plan: Plan, folder: Path) -> str:
    """Run the workers through the plan, then every verification; return one line.

    Raises:
        CheckFailedError: something is not as it must be.
    """
    started = time.monotonic()
    chaos = ChaosRun(plan, folder, _note)
    chaos.run()  # whether its counts are right is what `make chaos` asks; here, whether a replay gives them
    with chaos._broker:  # on the same data
        site = chaos.site()
        equal = [_verify(site, 0, flag) for flag in ("--from-raw", "--published")]
        if not all(found["is_equal"] and found["n_equal"] for found in equal):
            raise CheckFailedError(f"{equal}")
        since = max(found["since_entry"] or 0 for found in equal)
        offset = offset_that_matters(site, partition=1, least=_counted_at(site, since, partition=1))
        for act in TAMPERINGS:
            _check_tampering(site, Tampering(act, partition=1, offset=offset), act.__name__)
    done = ", ".join(f"{n} x {kind}" for kind, n in sorted(chaos.story.done.items()))
    raw, published = equal
    return (
        f"EQUAL: {raw['n_equal']:,} results, alerts and journal entries from {raw['n_records']:,} raw and from "
        f"{published['n_records']:,} published records, {plan.n_partitions} partitions, after {done}; one record "
        f"changed, removed, moved in time: each detected ({time.monotonic() - started:.0f} s, seed {plan.seed})"
    )


def _counted_at(site: Site, number: int, partition: int) -> int:
    """Return up to which offset a partition was counted at an entry of the journal."""
    [model] = site.models
    entries = [entry for _, entry in read_journal(site.kafka, model["name"]) if entry.number == number]
    return entries[0].offsets[model["topic"]][partition]


def _check_tampering(site: Site, tampering: Tampering, name: str) -> None:
    copy = copy_topic(site, f"{site.app_id}-{name.replace('_', '-')}", tampering)
    found = _verify(site, 1, "--source-topic", copy)
    divergence, touched = found["divergence"], tampering.touched
    if touched is None or not divergence:
        raise CheckFailedError(f"{name}: {found}")
    is_there = divergence["first_offset"] <= touched.offset < divergence["next_offset"]
    if divergence["partition"] != tampering.partition or not is_there:
        raise CheckFailedError(f"{name} at {touched.offset}: {divergence}")
    _note(f"{name} at offset {touched.offset}: found in {divergence['first_offset']} to {divergence['next_offset']}")


def _verify(site: Site, code: int, *arguments: str) -> dict[str, Any]:
    done = site.command("replay", "verify", "--json", *arguments, timeout_s=_VERIFY_S)
    if done.returncode != code:
        raise CheckFailedError(f"verify {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make replay-check", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="decides input and disturbances")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=10_000.0, help="events sent per second")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
