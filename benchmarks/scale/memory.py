"""Memory of one worker over a long run; it should stay constant once the deduplication window is full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.scale.worker import run_worker
from benchmarks.stage.bench import Bench, say
from benchmarks.stage.process import Mark

_STEPS = 20  # number of measurements
_SETTLED = 0.3  # share of the run after which the deduplication window is full, with four partitions


def measure(bench: Bench, n_events: int, n_partitions: int) -> dict[str, Any]:
    """Run the job over one long input.

    Returns:
        Memory by events committed, and its growth from 30% of the run to the end, MiB.
    """
    source = bench.fill(f"long{n_partitions}", n_events, n_partitions)
    task = bench.fairstream_task(source, f"long{n_partitions}", note_every=n_events // _STEPS)
    samples: list[tuple[int, float]] = []

    def note_memory(rss_mb: float, marks: Sequence[Mark]) -> None:
        notes = [mark["n_committed"] for mark in marks if mark["mark"] == "progress"]
        if len(notes) > len(samples):
            samples.extend((n, rss_mb) for n in notes[len(samples) :])
            say(f"  {notes[-1]:>9,} events: {rss_mb:.0f} MiB")

    run = run_worker(bench, task, on_poll=note_memory)
    settled = [rss_mb for n, rss_mb in samples if n >= _SETTLED * n_events]
    phase = run.phases[0]
    return {
        "n_events": n_events,
        "n_partitions": n_partitions,
        "rss_mb": samples,
        "grown_mb": settled[-1] - settled[0],
        "peak_rss_mb": run.peak_rss_mb,
        "events_per_cpu_s": n_events / phase.cpu_s,
        "wall_events_per_s": n_events / phase.wall_s,
    }
