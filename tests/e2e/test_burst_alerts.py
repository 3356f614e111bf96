"""Alerts about signs of poisoning: none on fair feeds of every rhythm over days, and on attacks the right one.

The counters of a worker are made step by step and given to Prometheus' own tool with the shipped rules. One stream is
that of the simulator with duplicates and late events; the others have Poisson counts at the rhythms of real feeds.
"""

from __future__ import annotations

import subprocess
from itertools import islice
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from ruamel.yaml import YAML

from producers.simulated.disorder import Disorder
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.core.arrays import Floats, Ints
from stream_app.edges.servers.shipped import prometheus_dir
from tests.support.lanes.ingest_lane import NOW_S, IngestLane
from tests.support.servers.alerting import need_tool

ALERTS = "SourceRateJump|DuplicateBurst|ConflictingDuplicates|OutcomesChanged"
RECORDED = (
    "topic_partition:fairstream_source_events:rate5m",
    "model:fairstream_duplicates_per_event:ratio_increase10m",
)
DAY = 1440  # minutes
N_PARTITIONS = 2
STEP = 2  # minutes between scrapes
N_DAYS = 2
DUPLICATES = 0.02

_MINUTE = np.arange(0, N_DAYS * DAY, STEP)
_HOUR = _MINUTE / 60 % 24
# Events per minute and partition.
RHYTHMS: dict[str, Floats] = {
    "steady": np.full(len(_MINUTE), 600.0),
    "thin": np.full(len(_MINUTE), 3.0),
    "day and night, twenty to one": 60 * np.exp(np.log(20) * (1 - np.cos(2 * np.pi * _HOUR / 24)) / 2),
    "office hours": np.where((_HOUR > 8) & (_HOUR < 18), 900.0, 2.0),
    "an upload each night": np.where(_HOUR < 0.5, 20_000.0, 0.0),
    "an upload each hour": np.where(_MINUTE % 60 < 5, 3_000.0, 0.0),
    "a backlog after an outage": np.where((_MINUTE > 1200) & (_MINUTE < 1380), 0, 600.0)
    + 1200 * (_MINUTE // 90 == 15.5),
}


def poisson(rates: Floats, seed: int = 1) -> Ints:
    drawn: Ints = np.random.default_rng(seed).poisson(STEP * rates)
    return drawn


def fired(folder: Path, counts: list[Ints], duplicates: Ints, conflicts: Ints | None = None) -> set[str]:
    """Return which alerts fired on the last day of some counts per minute, of each partition and of the model."""
    rows = {
        f'fairstream_source_events_total{{job="f",topic="raw",partition="{number}",instance="w"}}': count
        for number, count in enumerate(counts)
    }
    of_model = 'job="f",model="loans",instance="w"'
    total = np.sum(counts, axis=0)
    rows[f'fairstream_decisions_total{{{of_model},outcome="favorable"}}'] = total
    rows[f"fairstream_duplicates_total{{{of_model}}}"] = duplicates
    rows[f"fairstream_conflicts_total{{{of_model}}}"] = 0 * total if conflicts is None else conflicts
    tests = [
        {
            "interval": f"{STEP}m",
            "input_series": [
                {"series": name, "values": " ".join(map(str, np.cumsum(count).tolist()))}
                for name, count in rows.items()
            ],
            "promql_expr_test": [
                {
                    "expr": f'count_over_time(ALERTS{{alertname=~"{ALERTS}",alertstate="firing"}}[1d])',
                    "eval_time": f"{STEP * (len(total) - 1)}m",
                    "exp_samples": [],
                }
            ],
        }
    ]
    path = folder / "test.yml"
    YAML(typ="safe").dump(
        {"rule_files": [rules_of_bursts(folder)], "evaluation_interval": f"{STEP}m", "tests": tests}, path
    )
    done = subprocess.run([need_tool("promtool"), "test", "rules", path], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = {alert for alert in ALERTS.split("|") if f'alertname="{alert}"' in said}
    assert bool(found) == bool(done.returncode), said
    return found


def rules_of_bursts(folder: Path) -> str:
    """Write the shipped rules that these alerts are made of: evaluating all others for days takes minutes."""
    yaml = YAML(typ="safe")
    groups = [
        group
        for name in ("recording", "pipeline")
        for group in yaml.load(prometheus_dir() / "rules" / f"{name}.yml")["groups"]
    ]
    needed = (*ALERTS.split("|"), *RECORDED)
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert", rule.get("record")) in needed]
    assert sum(len(group["rules"]) for group in groups) == len(needed)
    path = folder / "rules.yml"
    yaml.dump({"groups": groups}, path)
    return str(path)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_fair_feed_raises_no_alarm(tmp_path: Path, rhythm: str) -> None:
    counts = [poisson(RHYTHMS[rhythm], seed) for seed in range(N_PARTITIONS)]
    duplicates = poisson(DUPLICATES / STEP * np.sum(counts, axis=0))
    assert fired(tmp_path, counts, duplicates) == set()


def test_the_fair_stream_of_the_simulator_raises_no_alarm(tmp_path: Path) -> None:
    n_steps, per_step = 100, 240
    events = simulate_loans(7, Timeline(NOW_S * 1000, 60 * STEP / per_step), DriftSchedule())
    disorder = Disorder(7, late_share=0.03, duplicate_share=DUPLICATES, late_by_s=30.0)
    sent = disorder.disturb(islice(events, n_steps * per_step))
    lane, decided, duplicates, conflicts = IngestLane(), [], [], []
    counts = [np.zeros(n_steps, np.int64) for _ in range(N_PARTITIONS)]
    for step in range(n_steps):
        batch = list(islice(sent, per_step))
        lane.feed([event.value for event in batch], max(event.time_ms for event in batch) / 1000)
        lane.flush()
        decided.append(lane.counts.decisions.total())
        duplicates.append(lane.counts.n_duplicates)
        conflicts.append(lane.counts.n_conflicts)
        for event in batch:
            counts[crc32(event.key) % N_PARTITIONS][step] += 1
    assert decided[-1] > 0.9 * n_steps * per_step
    assert duplicates[-1] > 0.01 * decided[-1]
    assert fired(tmp_path, counts, np.diff(duplicates, prepend=0), np.diff(conflicts, prepend=0)) == set()


ATTACK = slice(350, 365)  # of 450 steps: the half hour in which it happens
ATTACKS: dict[str, tuple[float, float, float, set[str]]] = {  # events of one partition, duplicates, conflicts per event
    "a flood of one partition": (10, DUPLICATES, 0, {"SourceRateJump"}),
    "records sent again": (1, 0.5, 0, {"DuplicateBurst"}),
    "decisions flipped": (1, DUPLICATES, 0.01, {"ConflictingDuplicates"}),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_raises_its_alert_and_no_other(tmp_path: Path, attack: str) -> None:
    factor, repeated, flipped, expected = ATTACKS[attack]
    counts = [poisson(RHYTHMS["steady"][:450], seed) for seed in range(N_PARTITIONS)]
    counts[0][ATTACK] *= int(factor)
    duplicates, conflicts = 0 * counts[0], 0 * counts[0]
    duplicates[ATTACK] = repeated * np.sum(counts, axis=0)[ATTACK]
    conflicts[ATTACK] = flipped * np.sum(counts, axis=0)[ATTACK]
    assert fired(tmp_path, counts, duplicates, conflicts) == expected
