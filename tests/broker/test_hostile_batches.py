"""Raw Produce requests against a real broker and a real worker: nothing that a client can write stops a lane."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from producers.event import Event
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.topics import DEAD_LETTERS
from tests.programs.chaos.logs import ends_of, read_json, read_sources
from tests.support.lanes.hostile_batches import CANARY, draw_batches
from tests.support.seeds import VARIABLE, seed_of_run
from tests.support.servers.raw_produce import produce_raw
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N_BATCHES = 400 if VARIABLE in os.environ else 60  # many in the nightly run
N_PARTITIONS = 2
# One large batch at a time: 17 MB expanded, 17 MB as values, and the allocator keeps twice the largest block that was
# freed; the rest is what any worker grows by while it warms up. Without these limits it was 2.5 GB.
MORE_MB = 17 + 17 + 2 * 17 + 32


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    return open_site(kafka, tmp_path, app_id, "loans", n_partitions=N_PARTITIONS)


@dataclass
class Attack:
    """Hostile batches among honest events.

    Attributes:
        n_good: Records that must be counted.
        lost: Offsets that no reader can read, by partition.
    """

    site: Site
    seed: int
    n_good: int = 0
    lost: dict[int, set[int]] = field(default_factory=lambda: {number: set() for number in range(N_PARTITIONS)})
    events: Iterator[Event] = field(
        default_factory=lambda: simulate_loans(1, Timeline(1_795_449_600_000, 0.01), DriftSchedule())
    )

    def __post_init__(self) -> None:
        self.producer = Producer({"bootstrap.servers": self.site.kafka})

    @property
    def topic(self) -> str:
        return str(self.site.models[0]["topic"])

    @property
    def n_published(self) -> int:
        return sum(map(len, read_sources(self.site.kafka, self.site.models[0]["output_topic"]).values()))

    def letters(self) -> list[dict[str, Any]]:
        letters = read_json(self.site.kafka, DEAD_LETTERS, self.site.app_id)
        return [letter for letter in letters if letter["topic"] == self.topic]

    def rejected(self) -> dict[int, set[int]]:
        return offsets_by_partition(self.letters())

    def send_honest(self, n: int) -> None:
        for event in islice(self.events, n):
            self.producer.produce(self.topic, event.value, event.key)
        assert self.producer.flush(60) == 0
        self.n_good += n

    def send_hostile(self, n: int) -> None:
        values = (event.value for event in self.events)
        for number, batch in enumerate(islice(draw_batches(self.seed, values, int(time.time() * 1000)), n)):
            partition = number % N_PARTITIONS
            code, first = produce_raw(self.site.kafka, self.topic, partition, batch.data)
            assert code == 0, f"the broker no longer takes batch {number} of seed {self.seed}"
            self.lost[partition] |= {first + delta for delta, is_good in enumerate(batch.is_readable) if not is_good}
            self.n_good += sum(batch.is_readable)
            self.send_honest(5)


def resident_mb(pid: int, name: str) -> float:
    """Return the resident memory of a process, ``VmRSS`` now or ``VmHWM`` at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def offsets_by_partition(letters: Iterable[dict[str, Any]]) -> dict[int, set[int]]:
    named: dict[int, list[int]] = {number: [] for number in range(N_PARTITIONS)}
    for letter in letters:
        named[letter["partition"]] += range(letter["offset"], letter.get("last_offset", letter["offset"]) + 1)
    assert all(len(offsets) == len(set(offsets)) for offsets in named.values())
    return {partition: set(offsets) for partition, offsets in named.items()}


def test_hostile_batches_cost_only_their_own_records(site: Site) -> None:
    attack = Attack(site, seed_of_run(12))
    with site.worker() as worker:
        attack.send_honest(2000)
        site.wait_until("honest events are published", lambda: attack.n_published == 2000)
        normal_mb = resident_mb(worker.pid, "VmRSS")
        attack.send_hostile(N_BATCHES)
        site.wait_until("every good record is published", lambda: attack.n_published >= attack.n_good)
        site.wait_until("every other one is rejected", lambda: attack.rejected() == attack.lost)
        assert resident_mb(worker.pid, "VmHWM") < normal_mb + MORE_MB
        assert worker.stop() == 0
    ends = {partition: high for partition, (_, high) in ends_of(site.kafka, attack.topic).items()}
    assert read_sources(site.kafka, site.models[0]["output_topic"]) == {
        number: [offset for offset in range(ends[number]) if offset not in attack.lost[number]] for number in ends
    }
    assert attack.rejected() == attack.lost
    assert {letter["reason"] for letter in attack.letters()} == {"unreadable_batch", "size", "missing"}
    assert CANARY.decode() not in site.log_path.read_text("utf-8")
    check_readers(attack)


def check_readers(attack: Attack) -> None:
    """Read the same log by every command that reads raw records."""
    n_lost = sum(map(len, attack.lost.values()))
    ran = [
        attack.site.command("policy", "check", "--sample", "topic", "--records", "1000000", "--json"),
        attack.site.command("replay", "run", "--from", "1970-01-01T00:00:00Z", "--json"),
        attack.site.command("replay", "verify"),
        attack.site.command("replay", "republish", "--from-raw", "--unsafe-raw", "--rate", "1000000", "--json"),
    ]
    assert [(done.returncode, done.stderr[-300:]) for done in ran if done.returncode] == []
    sample, copied = json.loads(ran[0].stdout.splitlines()[1]), json.loads(ran[3].stdout)
    assert (sample["n_counted"], sum(sample["dead_letters"].values())) == (attack.n_good, n_lost)
    assert copied["n_records"] >= attack.n_good  # what no policy accepts is copied too
    assert copied["n_records"] + copied["n_left_out"] == attack.n_good + n_lost
    assert not any(CANARY.decode() in done.stdout + done.stderr for done in ran)
