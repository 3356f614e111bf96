"""Decisions and late outcomes through a real worker that is killed twice: every outcome counted once, none unaccounted.

What the worker wrote is compared with a count of the raw topics that shares no code with it: JSON, dictionaries, one
record after the other. Nobody's identifiers are anywhere but in the raw topics.
"""

from __future__ import annotations

import json
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest

from producers.event import Event
from producers.publish import Destination, publish
from producers.simulated.credit import CreditDrift, simulate_credit
from producers.simulated.disorder import Disorder
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.core.join.outcome_join import JoinCounts
from stream_app.topics import DEAD_LETTERS, FAIRNESS_PARTIALS, changelog_topic, declared_topics, outcome_join_topic
from tests.programs.chaos.logs import read_json, read_partials, read_raw, read_topic, wait_until_decided
from tests.programs.chaos.recount import Record
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N_DECISIONS = 30_000
RATE = 5_000.0
PARTITIONS = 3
GROUPS = {"gender": ("female", "male"), "race": ("asian", "black", "hispanic", "white"),
          "product": ("auto", "home", "personal", "student")}  # fmt: skip
KINDS = ("favorable", "unfavorable", "awaited", "expired")


@dataclass
class ByHand:
    """What a person would count.

    Attributes:
        cells: n and the sums of the score by (labels, decision, bin, kind).
        n: Outcomes by what became of them, and decisions that wait.
        cases: Ids of all cases.
    """

    cells: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    n: Counter[str] = field(default_factory=Counter)
    cases: set[str] = field(default_factory=set)


def test_every_outcome_is_counted_once_through_crashes_and_no_identifier_leaves(kafka: str, tmp_path: Path) -> None:
    site = open_site(kafka, tmp_path, f"it-{uuid.uuid4().hex[:8]}", "credit", n_partitions=PARTITIONS)
    events = a_stream()
    for part in thirds(events)[:2]:
        with site.worker() as worker:
            send(site, part)
            time.sleep(0.7)  # into the middle of a transaction, most times
            worker.signal(signal.SIGKILL)
            worker.wait(120)
    with site.worker():
        send(site, thirds(events)[2])
        hand = by_hand(site)
        site.wait_until("all is joined", lambda: accounted(site) == n_rows(hand))
        site.wait_until("all others are rejected", lambda: len(rejected(site)) == hand.n["rejected"])
    check_counts(site, hand)
    check_dead_letters(site, hand)
    check_leaks(site, hand)


def thirds(events: list[Event]) -> list[list[Event]]:
    n = -(-len(events) // 3)
    return [events[first : first + n] for first in range(0, len(events), n)]


def send(site: Site, events: list[Event]) -> None:
    [model] = site.models
    publish(events, Destination(site.kafka, model["topic"], outcome_topic=model["outcome"]["topic"]), rate=RATE)


def a_stream() -> list[Event]:
    """Return decisions and outcomes: some twice, some changed, some of nobody, some broken."""
    start_ms = int(time.time() - 60) * 1000
    drifts = CreditDrift(parse_drift("0.5"), parse_drift("0"))
    stream = simulate_credit(7, Timeline(start_ms, 0.001), drifts, n=N_DECISIONS, longest_delay_s=4.0)
    disorder = Disorder(7, late_share=0.0, duplicate_share=0.02, late_by_s=2.0)
    return list(chain.from_iterable(map(spoiled, disorder.disturb(stream))))


def spoiled(event: Event) -> Iterator[Event]:
    """Yield an event, and after some of the outcomes another one."""
    yield event
    if not event.is_outcome:
        return
    number, record = int(event.key.rpartition(b"-")[2]), json.loads(event.value)
    if number % 50 == 0:
        yield event._replace(value=json.dumps(record | {"repaid": not record["repaid"]}).encode())
    if number % 70 == 0:
        nobody = f"{record['application_id']}-nobody"
        yield event._replace(key=nobody.encode(), value=json.dumps(record | {"application_id": nobody}).encode())
    if number % 90 == 0:
        yield event._replace(value=json.dumps(record | {"repaid": "perhaps"}).encode())


def by_hand(site: Site) -> ByHand:
    hand = ByHand()
    [model] = site.models
    edges = model["score"]["edges"]
    decisions, outcomes = (read_raw(site.kafka, topic) for topic in (model["topic"], model["outcome"]["topic"]))
    for partition in range(PARTITIONS):
        waiting: dict[str, tuple[tuple[str, ...], int]] = {}
        for record in records(decisions, partition):
            case = record["application_id"]
            hand.cases.add(case)
            if case in waiting:
                continue  # sent twice
            labels = tuple(record[name] for name in GROUPS)
            decision = "favorable" if record["approved"] else "unfavorable"
            bin_ = str(sum(record["score"] >= edge for edge in edges))
            waiting[case] = ((*labels, decision, bin_), round(record["score"] * 1_000_000))
            add(hand, *waiting[case], "awaited")
        said: dict[str, bool] = {}
        for record in records(outcomes, partition):
            case, label = record["application_id"], record["repaid"]
            if not isinstance(label, bool):
                hand.n["rejected"] += 1
            elif case in said:
                hand.n["duplicate" if said[case] is label else "changed"] += 1
            else:
                said[case] = label
                hand.n["matched" if case in waiting else "nobody"] += 1
                if case in waiting:
                    add(hand, *waiting[case], "favorable" if label else "unfavorable")
    return hand


def records(log: dict[int, list[Record]], partition: int) -> Iterator[dict[str, Any]]:
    return (json.loads(row.value or b"") for row in log.get(partition, []))


def add(hand: ByHand, labels: tuple[str, ...], score: int, kind: str) -> None:
    vector = hand.cells.setdefault((*labels, kind), [0, 0, 0, 0])
    for place, more in enumerate((1, 1, score, score * score)):
        vector[place] += more
    hand.n[f"cells {kind}"] += 1


def n_rows(hand: ByHand) -> tuple[int, int]:
    """Return how many outcomes are to be accounted for, and how many decisions wait."""
    return sum(hand.n[kind] for kind in ("matched", "duplicate", "changed", "nobody")), hand.n["cells awaited"]


def stored(site: Site) -> tuple[JoinCounts, int]:
    """Return the counts in the state of the lanes, and how many outcomes wait for a decision there."""
    entries: dict[tuple[int, bytes], bytes | None] = {}
    for message in read_topic(site.kafka, changelog_topic(site.app_id, "outcomes", site.models[0]["name"])):
        entries[message.partition(), message.key()] = message.value()
    total = JoinCounts()
    for (_, key), value in entries.items():
        if key == b"meta" and value is not None:
            counts = msgspec.msgpack.decode(value)[7]
            for name, n in zip(JoinCounts.__struct_fields__, counts, strict=True):
                setattr(total, name, getattr(total, name) + n)
    return total, sum(key.startswith(b"unmatched|") and value is not None for (_, key), value in entries.items())


def accounted(site: Site) -> tuple[int, int]:
    counts, n_unmatched = stored(site)
    ended = counts.matched + counts.duplicate + counts.changed + counts.expired
    return ended + n_unmatched, counts.decisions_awaited


def check_counts(site: Site, hand: ByHand) -> None:
    name = site.models[0]["name"]
    wait_until_decided(site.kafka, [FAIRNESS_PARTIALS, changelog_topic(site.app_id, "outcomes", name)])
    counts, n_unmatched = stored(site)
    assert (counts.matched, counts.duplicate, counts.changed) == tuple(
        hand.n[kind] for kind in ("matched", "duplicate", "changed")
    )
    assert (n_unmatched, counts.expired, counts.decisions_expired) == (hand.n["nobody"], 0, 0)
    assert min(hand.n[kind] for kind in ("duplicate", "changed", "nobody", "rejected")) > 50, "the stream has all of it"
    assert counts.unmatched >= n_unmatched
    panes: dict[tuple[int, int], dict[int, list[int]]] = {}
    for partial in read_partials(site.kafka, FAIRNESS_PARTIALS, f"{name}/outcomes"):
        panes |= {(partial.partition, start_s): cells for start_s, cells in partial.panes.items()}
    total: dict[tuple[str, ...], list[int]] = {}
    for code, vector in chain.from_iterable(cells.items() for cells in panes.values()):
        sums = total.setdefault(labels_of(code), [0] * len(vector))
        sums[:] = [a + b for a, b in zip(sums, vector, strict=True)]
    assert total == hand.cells


def labels_of(code: int) -> tuple[str, ...]:
    """Read the code of a cell: the mixed radix of the labels, the last varies fastest."""
    code, kind = divmod(code, len(KINDS))
    code, bin_ = divmod(code, 10)
    code, decision = divmod(code, 2)
    labels = [KINDS[decision], str(bin_), KINDS[kind]]
    for known in reversed(GROUPS.values()):
        code, index = divmod(code, len(known) + 2)
        labels.insert(0, known[index])
    return tuple(labels)


def rejected(site: Site) -> list[dict[str, Any]]:
    topic = site.models[0]["outcome"]["topic"]
    return [letter for letter in read_json(site.kafka, DEAD_LETTERS, site.app_id) if letter["topic"] == topic]


def check_dead_letters(site: Site, hand: ByHand) -> None:
    of_outcomes = rejected(site)
    assert Counter(letter["reason"] for letter in of_outcomes) == {"type": hand.n["rejected"]}
    assert len({(letter["partition"], letter["offset"]) for letter in of_outcomes}) == hand.n["rejected"]


def check_leaks(site: Site, hand: ByHand) -> None:
    """Look for the marker of this run's ids, and for those of the persons, wherever the worker wrote."""
    run = next(iter(hand.cases)).rpartition("-")[0].encode()
    [model] = site.models
    raw = {model["topic"], model["outcome"]["topic"]}
    names = [spec.name for spec in declared_topics(site.policy, site.app_id)]
    assert outcome_join_topic(site.app_id, model["name"]) in names
    seen: Counter[str] = Counter()
    for name in names:
        for message in read_topic(site.kafka, name):
            headers = message.headers() or []
            parts = [message.key() or b"", message.value() or b"", *(value or b"" for _, value in headers)]
            is_in_it = any(run in part or b'"P-00' in part for part in parts)
            assert is_in_it == (name in raw), f"an identifier in {name}"
            seen[name] += 1
    assert all(seen[name] > 1000 for name in raw), "the test must be able to see them"
    assert run.decode() not in site.log_path.read_text("utf-8", "replace")
