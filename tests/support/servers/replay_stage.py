"""A site that was judged: disorderly loans in four partitions, a worker that was stopped once in between."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from producers.publish import Destination, publish
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.readers.judge_records import read_journal
from stream_app.policy import read_policy_text
from stream_app.topics import FAIRNESS_RESULTS, TopicSpec
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.logs import read_json, read_places, read_raw
from tests.programs.chaos.recount import Record
from tests.programs.chaos.schedule import Plan
from tests.support.servers.sites import Site, open_site

N_EVENTS = 24_000
_LAST_PANE_S = 50  # of a minute
_ID = re.compile(rb'"application_id": ?"([^"]*)"')
Change = Callable[[int, Record], Record | None]  # partition and record; None leaves the record out


def judged_site(kafka: str, folder: Path, app_id: str) -> Site:
    """Send events in two halves, each to another worker, and wait until all windows have closed."""
    site = open_site(kafka, folder, app_id, read_policy_text("loans"), n_partitions=4)
    events = iter(list(disturbed_events(Plan(seed=11, n_events=N_EVENTS, rate=1e9, event_rate=50.0))))
    for part in (N_EVENTS // 2, None):
        with site.worker() as worker:
            publish(islice(events, part), Destination(site.kafka, site.models[0]["topic"]))
            site.wait_until("all is counted and closed", lambda: is_settled(site))
            assert worker.stop() == 0
    return site


def is_settled(site: Site) -> bool:
    """Return whether every counted event is in the totals.

    The last of the smallest windows closes with them or before; a larger one may close much later, and outcomes are
    judged on their own.
    """
    name = site.models[0]["name"]
    totals = [
        r["n"]
        for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id)
        if r["model"] == name and r["window"] == "total"
    ]
    n_published = sum(1 for _ in read_json(site.kafka, site.models[0]["output_topic"]))
    n_raw = sum(map(len, read_raw(site.kafka, site.models[0]["topic"]).values()))
    return bool(totals) and totals[-1] == n_published > 0.8 * n_raw


def n_journaled(site: Site, model: str) -> int:
    """Return how many records the newest journal entry of a model covers, which is what a verification reads."""
    entries = read_journal(site.kafka, model)
    return sum(sum(offsets.values()) for offsets in entries[-1][1].offsets.values()) if entries else 0


def live_results(site: Site) -> list[dict[str, Any]]:
    name = site.models[0]["name"]
    return [result for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if result["model"] == name]


def copy_topic(site: Site, name: str, change: Change) -> str:
    """Copy the raw topic under another name, each record at the same offset and with its date.

    A record that is left out leaves its offset to the marker of a transaction that ends before it.
    """
    log = read_raw(site.kafka, site.models[0]["topic"])
    config = {"message.timestamp.type": "CreateTime", "cleanup.policy": "delete"}
    spec = TopicSpec(name=name, role="raw", owner="customer", partitions=len(log), config=config,
                     written_by="a test", read_by="a test", contents="a copy")  # fmt: skip
    create_topics(site.kafka, [spec])
    for partition, records in log.items():
        for run, is_gap_behind in _runs(change(partition, record) for record in records):
            _write(site.kafka, name, partition, run, is_transaction=is_gap_behind)
    return name


def changed(record: Record) -> Record | None:
    return record._replace(value=(record.value or b"").replace(b'"approved":true', b'"approved":false'))


def removed(_: Record) -> Record | None:
    return None


def moved_in_time(record: Record) -> Record | None:
    event = json.loads(record.value or b"")
    event["ts"] = (datetime.fromisoformat(event["ts"]) - timedelta(seconds=60)).isoformat()
    return record._replace(value=json.dumps(event).encode())


TAMPERINGS = (changed, removed, moved_in_time)


@dataclass
class Tampering:
    """Does something to one record, and remembers it."""

    act: Callable[[Record], Record | None]
    partition: int
    offset: int
    touched: Record | None = None

    def __call__(self, partition: int, record: Record) -> Record | None:
        if (partition, record.offset) != (self.partition, self.offset):
            return record
        self.touched = record
        return self.act(record)


def offset_that_matters(site: Site, partition: int, least: int) -> int:
    """Return the first offset, from ``least`` on, of an approval that was counted and was sent only once.

    Of a topic that was created again, it is an offset of its last log. A late or rejected record can change without a
    trace, and a duplicate takes the place of a record that is left out. It is of the end of a minute, whose last pane
    closes with its window: of an earlier pane, running totals may have been published before the window.
    """
    [model] = site.models
    places = read_places(site.kafka, model["output_topic"])[partition]
    counted = {offset for log_number, offset in places if log_number == places[-1][0]}
    records = read_raw(site.kafka, model["topic"])[partition]
    n_sent = Counter(_id_in(record) for record in records)
    return next(
        record.offset
        for record in records
        if record.offset >= least
        and record.offset in counted
        and b'"approved":true' in (record.value or b"")
        and datetime.fromisoformat(json.loads(record.value or b"")["ts"]).second >= _LAST_PANE_S
        and n_sent[_id_in(record)] == 1
    )


def _id_in(record: Record) -> bytes:
    found = _ID.search(record.value or b"")
    return found[1] if found else b""


def _runs(records: Iterable[Record | None]) -> Iterator[tuple[list[Record], bool]]:
    """Cut at records that are left out; return whether a gap follows."""
    run: list[Record] = []
    for record in records:
        if record is None:
            yield run, True
            run = []
        else:
            run.append(record)
    yield run, False


def _write(kafka: str, topic: str, partition: int, records: list[Record], *, is_transaction: bool) -> None:
    # Idempotent: else a retry, as right after the topic was made, could change the order of the records.
    settings: dict[str, Any] = {"bootstrap.servers": kafka, "linger.ms": 20, "log_level": 0, "enable.idempotence": True}
    if is_transaction:
        settings["transactional.id"] = f"{topic}-{partition}"
    producer = Producer(settings)
    with _transaction(producer) if is_transaction else _flushed(producer):
        for number, record in enumerate(records):
            producer.produce(topic, record.value, partition=partition, timestamp=record.timestamp_ms)
            if number % 5000 == 4999:
                producer.flush(120)


@contextmanager
def _transaction(producer: Producer) -> Iterator[None]:
    producer.init_transactions(120)
    producer.begin_transaction()
    yield
    producer.commit_transaction(120)


@contextmanager
def _flushed(producer: Producer) -> Iterator[None]:
    yield
    assert producer.flush(120) == 0
