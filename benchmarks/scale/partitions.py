"""CPU per event and memory of one worker by number of partitions; CPU per event should stay constant."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.scale.worker import run_worker
from benchmarks.stage.bench import Bench, say
from benchmarks.stage.broker import delete_topics

COUNTS = (1, 2, 4, 8, 16)


def measure(bench: Bench, n_events: int, n_rounds: int) -> dict[str, Any]:
    """Run the job on inputs of the same events with increasing numbers of partitions, in turn.

    Returns:
        By number of partitions: CPU microseconds per event in every round and their median, highest memory in MiB.
    """
    inputs = {count: bench.fill(f"p{count}", n_events, count) for count in COUNTS}
    cpu: dict[int, list[float]] = {count: [] for count in COUNTS}
    rss: dict[int, float] = dict.fromkeys(COUNTS, 0.0)
    for number in range(1, n_rounds + 1):
        for count, source in inputs.items():
            task = bench.fairstream_task(source, f"p{count}r{number}")
            run = run_worker(bench, task)
            delete_topics(bench.kafka, task.run)
            cpu[count].append(run.phases[0].cpu_s / n_events * 1e6)
            rss[count] = max(rss[count], run.peak_rss_mb)
            say(f"  {count:>2} partitions: {cpu[count][-1]:.2f} µs of CPU per event, {run.peak_rss_mb:.0f} MiB")
    return {
        str(count): {"cpu_us": cpu[count], "cpu_us_median": median(cpu[count]), "peak_rss_mb": rss[count]}
        for count in COUNTS
    }
