"""Memory of one worker over a long run; it should stay flat once the horizon of remembered ids is full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench, say
from benchmarks.process import Mark
from benchmarks.scale.worker import run_worker

_STEPS = 20  # how often memory is noted
_SETTLED = 0.3  # with four partitions and five million events the horizon is full by then


def measure(bench: Bench, n_events: int, n_partitions: int) -> dict[str, Any]:
    """Run the job over one long input.

    Returns:
        Memory by events committed, and how much it grew from three tenths of the way to the end, MiB.
    """
    source = bench.fill(f"long{n_partitions}", n_events, n_partitions)
    task = bench.fairstream_task(source, f"long{n_partitions}", note_every=n_events // _STEPS)
    seen: list[tuple[int, float]] = []

    def watch(rss_mb: float, marks: Sequence[Mark]) -> None:
        notes = [mark["n_committed"] for mark in marks if mark["mark"] == "progress"]
        if len(notes) > len(seen):
            seen.extend((n, rss_mb) for n in notes[len(seen) :])
            say(f"  {notes[-1]:>9,} events: {rss_mb:.0f} MiB")

    run = run_worker(bench, task, watch=watch)
    settled = [rss_mb for n, rss_mb in seen if n >= _SETTLED * n_events]
    phase = run.phases[0]
    return {
        "n_events": n_events,
        "n_partitions": n_partitions,
        "rss_mb": seen,
        "grown_mb": settled[-1] - settled[0],
        "peak_rss_mb": run.peak_rss_mb,
        "events_per_cpu_s": n_events / phase.cpu_s,
        "wall_events_per_s": n_events / phase.wall_s,
    }
