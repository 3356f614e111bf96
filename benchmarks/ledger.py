"""How long a replay of many windows is compared with the ledger of releases, and how large that becomes."""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.core.releases.withholding import ReleasedTable, choose_shown
from stream_app.edges.releases.release_file import ReleaseFile

K, WINDOW_S = 10, 60
LABELS = ("a", "b", "c", "unknown", "__other__")
SHARES = (0.5, 0.36, 0.13, 0.01, 0.0)
GROUPS = (tuple(frozenset([label]) for label in LABELS),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--windows", type=int, default=2000, help="windows of a minute; a month has 43,200")
    parser.add_argument("--attributes", type=int, default=1, help="attributes of five groups each")
    parser.add_argument("--totals", action="store_true", help="with running totals at the end of each window")


def main(arguments: argparse.Namespace) -> int:
    """Compare a run with an empty ledger, and again, and half of it beside it."""
    tables = list(_tables(arguments.windows, arguments.attributes, has_totals=arguments.totals))
    with TemporaryDirectory() as folder:
        for name, own in (
            ("first run", tables),
            ("same again", tables),
            ("its first half", tables[: len(tables) // 2]),
        ):
            begun_s = time.process_time()
            with ReleaseFile(Path(folder)).release("model", "topic", K) as knowledge:
                kept = choose_shown(knowledge, own)
            took_s = time.process_time() - begun_s
            n_kept, n_wanted = sum(map(len, kept)), sum(len(table.shown) for table in own)
            size_mb = (Path(folder) / "releases.jsonl").stat().st_size / 1e6
            memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:15} {took_s:8.1f} s of CPU, {n_kept:,} of {n_wanted:,} counts shown, file {size_mb:.1f} MB, "
                f"memory {memory_mb:,.0f} MiB",
                flush=True,
            )
    return 0


def _tables(n_windows: int, n_attributes: int, *, has_totals: bool) -> Iterator[ReleasedTable]:
    """Yield the tables of windows of about 500 people, and of the running totals at the end of each."""
    rng = np.random.default_rng(1)
    totals = [Counter[str]() for _ in range(n_attributes)]
    for number in range(n_windows):
        start_s, n = number * WINDOW_S, int(rng.poisson(500))
        for attribute in range(n_attributes):
            people = dict(zip(LABELS, rng.multinomial(n, SHARES).tolist(), strict=True))
            totals[attribute].update(people)
            yield _table(attribute, people, start_s, start_s + WINDOW_S)
            if has_totals:
                yield _table(attribute, totals[attribute], 0, start_s + WINDOW_S)


def _table(attribute: int, people: dict[str, int], start_s: int, end_s: int) -> ReleasedTable:
    shown = disclose_cells({(label,): n for label, n in people.items()}, K).shown
    return ReleasedTable(
        attributes=(f"attribute {attribute}",),
        groups=GROUPS,
        start_s=start_s,
        end_s=end_s,
        people={(frozenset([label]),): n for label, n in people.items() if n},
        shown=[(frozenset(labels),) for labels in sorted(shown, key=lambda labels: -people[labels[0]])],
    )
