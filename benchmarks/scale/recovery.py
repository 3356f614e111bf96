"""How long a worker takes to be ready if its changelog topic contains very many open panes.

The state is real: panes of one second and a policy that allows hours of out-of-orderness keep every pane open, with the
groups, segments and feature sums of the shipped policy for loans. The worker is then restarted on that state.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import msgspec

from benchmarks.scale.worker import run_worker
from benchmarks.stage.bench import Bench, say
from benchmarks.stage.broker import read_messages
from benchmarks.stage.stream import append, simulated_after
from stream_app.policy import ModelPolicy, WindowPolicy, load_policy
from stream_app.topics import changelog_topic

_PARTITIONS = 4
_EVENTS_PER_PANE = 16
_MORE_EVENTS = 2_000


def measure(bench: Bench, n_panes: int) -> dict[str, Any]:
    """Fill the state with ``n_panes`` open panes, start a second worker on it, and time that.

    Returns:
        Pane records in the state, their bytes, and seconds from the start of the process to: all lanes loaded, first
        further events counted and durable.
    """
    n_events = n_panes * _EVENTS_PER_PANE
    per_s = float(_EVENTS_PER_PANE * _PARTITIONS)
    source = bench.fill("wide", n_events, _PARTITIONS, events_per_s=per_s)
    run_name = bench.run_name("fairstream", "wide")
    model = _wide_model(bench.model_of(source, run_name), n_panes // _PARTITIONS)
    task = bench.fairstream_task(source, "wide", model)
    say("  creating the state")
    run_worker(bench, task)
    n_records, n_bytes = _pane_records(bench, task.run, model.name)
    say(f"  {n_records:,} pane records, {n_bytes / max(1, n_records):.0f} bytes each; restarting")
    more = simulated_after(1, _MORE_EVENTS, time.time(), events_per_s=per_s)
    append(bench.kafka, source.topic, _PARTITIONS, more)
    again = replace(task, n_events=n_events + _MORE_EVENTS, marks_path=f"{task.marks_path}.again")
    run = run_worker(bench, again)
    loaded = [mark for mark in run.marks if mark["mark"] == "loaded"]
    return {
        "pane_records": n_records,
        "bytes_per_record": n_bytes / max(1, n_records),
        "loaded_s": max(mark["at_s"] for mark in loaded) - run.started_at_s,
        "durable_s": run.phases[0].done["at_s"] - run.started_at_s,
        "loaded_cpu_s": max(mark["cpu_s"] for mark in loaded),
        "peak_rss_mb": run.peak_rss_mb,
    }


def _wide_model(job: ModelPolicy, n_seconds: int) -> ModelPolicy:
    [shipped] = load_policy("loans").models
    times = msgspec.structs.replace(shipped.event_time, pane_s=1, out_of_orderness_s=n_seconds + 60)
    return msgspec.structs.replace(
        shipped,
        name=job.name,
        topic=job.topic,
        output_topic=job.output_topic,
        event_time=times,
        windows=(WindowPolicy(name="1m", size_s=60),),
    )


def _pane_records(bench: Bench, app_id: str, model: str) -> tuple[int, int]:
    """Return number and bytes of the panes that are in the state now."""
    live: dict[tuple[int | None, bytes], int] = {}
    for message in read_messages(bench.kafka, changelog_topic(app_id, "ingest", model), _PARTITIONS):
        key, value = message.key() or b"", message.value()
        if key.startswith(b"pane"):
            live[message.partition(), key] = 0 if value is None else len(key) + len(value)
    sizes = [size for size in live.values() if size]
    return len(sizes), sum(sizes)
