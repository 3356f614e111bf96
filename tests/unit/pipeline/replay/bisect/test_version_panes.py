"""Versions as records name them: passed on unchanged, counted per pane of a pair, bounded, and safe to show."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.layout import layout_of, pane_layout_of
from stream_app.pipeline.replay.bisect.pair_panes import PairPanes
from stream_app.pipeline.replay.bisect.version_panes import MAX_VERSIONS, VersionPanes
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter, SourceCounter
from stream_app.pipeline.topology import Topology
from tests.support.lanes.ingest_lane import KEYS, LOANS, NOW_S, IngestLane, encode, iso, loan

GENDER = LOANS.attributes[0]
PANE_S = LOANS.event_time.pane_s


def batch_of(records: list[dict[str, Any]]) -> Batch:
    n = len(records)
    times_ms = np.full(n, NOW_S * 1000, np.int64)
    return Batch(LOANS.topic, 0, 0, n, np.arange(n), [encode(record) for record in records], times_ms)


def published(batch: Batch) -> Batch:
    """Return what ingest publishes of raw records."""
    step = IngestStep(LOANS, KEYS, 0, Topology())
    step.restore({}, 0)
    [output] = [outputs for outputs in step.step(batch) if outputs.topic == LOANS.output_topic]
    n = len(output.values)
    return Batch("out", 0, 0, n, np.arange(n), output.values, np.zeros(n, np.int64))


def version_panes() -> VersionPanes:
    assert LOANS.model_version is not None
    assert LOANS.decision is not None
    return VersionPanes(LOANS.model_version, LOANS.decision, GENDER, "female")


def counted(counter: SourceCounter, batch: Batch) -> list[tuple[int, Cells]]:
    return list(counter.count(batch))


def by_version(records: list[dict[str, Any]], *, is_published: bool = False) -> VersionPanes:
    versions = version_panes()
    observe = versions.reader_of(PANE_S)
    if is_published:
        counted(PublishedCounter(LOANS, observe=observe), published(batch_of(records)))
    else:
        counted(RawCounter(LOANS, KEYS, observe=observe), batch_of(records))
    return versions


def labels(versions: VersionPanes) -> set[str]:
    return {name for _, *sides in versions.in_order(-np.inf, np.inf) for side in sides for name in side}


def disorder(n: int) -> list[dict[str, Any]]:
    """Return loans of three panes in every spelling of a group and of a version."""
    genders = ("female", " FEMALE ", "male", "Male", None, "robot")
    versions = ("1", 1, " 1", "2", 2, None, ..., "")
    return [
        loan(
            application_id=f"A-{number}",
            ts=iso(NOW_S - 20 + number * 30 // n),
            gender=genders[number % 6],
            approved=number % 5 < 3,
            model_version=versions[number % 8],
        )
        for number in range(n)
    ]


def test_the_versions_sum_to_the_pair_in_raw_and_in_published_events() -> None:
    records = disorder(720)
    pair = PairPanes(LOANS, layout_of(LOANS), GENDER, "female")
    pair.add(counted(RawCounter(LOANS, KEYS), batch_of(records)))

    def totals(panes: list[Any]) -> list[Any]:
        sums = [[tuple(map(sum, zip(*side.values(), strict=True))) for side in sides] for _, *sides in panes]
        return [(pane[0], *totals) for pane, totals in zip(panes, sums, strict=True)]

    raw, out = by_version(records), by_version(records, is_published=True)
    assert totals(raw.in_order(-np.inf, np.inf)) == totals(pair.in_order(-np.inf, np.inf))
    assert raw.in_order(-np.inf, np.inf) == out.in_order(-np.inf, np.inf)
    assert len(raw.in_order(-np.inf, np.inf)) > 2
    assert labels(raw) == {"1", "2", "unknown"}


def test_a_time_range_has_only_its_panes() -> None:
    records = disorder(720)
    versions = by_version(records)
    starts = [pane[0] for pane in versions.in_order(-np.inf, np.inf)]
    assert [pane[0] for pane in versions.in_order(starts[1], starts[2])] == [starts[1]]


@pytest.mark.parametrize("is_published", [False, True])
def test_versions_beyond_the_bound_are_counted_together_and_reported(is_published: bool) -> None:  # noqa: FBT001
    records = [loan(application_id=f"A-{n}", model_version=f"v{n}") for n in range(MAX_VERSIONS + 40)]
    versions = by_version(records, is_published=is_published)
    [(_, women, men)] = versions.in_order(-np.inf, np.inf)
    both = {name: women.get(name, (0, 0))[0] + men.get(name, (0, 0))[0] for name in {*women, *men}}
    assert len(both) == MAX_VERSIONS + 1
    assert both["__other__"] == 40
    assert versions.is_cut
    assert not by_version(records[:MAX_VERSIONS]).is_cut


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2026-11-23 rc.1", "2026-11-23 rc.1"),
        (7, "7"),
        (-(10**30), str(-(10**30))),
        (" 7\t", "7"),
        (None, "unknown"),
        (..., "unknown"),
        ("  ", "unknown"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "__other__"),
        ("sha256:" + "0" * 64, "__other__"),
        ("7\x1b[31m", "__other__"),
        ("\u202e7", "__other__"),
    ],
)
def test_a_version_counts_under_a_label_that_can_be_shown_and_passes_on_as_it_was_written(
    written: Any, label: str
) -> None:
    record = loan(gender="female", model_version=written)
    assert labels(by_version([record])) == labels(by_version([record], is_published=True)) == {label}
    lane = IngestLane(LOANS)
    lane.feed([encode(record)])
    assert lane.reasons == []
    assert lane.events[0].get("model_version", ...) == written


@pytest.mark.parametrize("written", [True, 1.5, [7], {"major": 7}])
def test_a_version_of_another_type_is_left_out_and_counted_and_its_record_counts(written: Any) -> None:
    lane = IngestLane(LOANS)
    lane.feed([encode(loan(model_version=written))])
    lane.flush()
    assert lane.reasons == []
    assert "model_version" not in lane.events[0]
    assert lane.counts.dropped == {"model_version": 1}


def test_versions_cost_no_cells() -> None:
    one, many = IngestLane(LOANS), IngestLane(LOANS)
    one.feed([encode(loan(application_id=f"A-{n}", model_version="1")) for n in range(50)])
    many.feed([encode(loan(application_id=f"A-{n}", model_version=str(n))) for n in range(50)])
    one.flush()
    many.flush()
    assert one.counted == many.counted
    assert one.state == many.state


def test_an_unbounded_number_of_spellings_does_not_fill_the_memory() -> None:
    versions = version_panes()
    long = "y" * 100_000
    records = [loan(application_id=f"A-{n}", model_version=f"{long}{n}") for n in range(20)]
    counted(RawCounter(LOANS, KEYS, observe=versions.reader_of(PANE_S)), batch_of(records))
    assert not versions._codes  # the cache itself is what must stay empty
    assert labels(versions) == {"__other__"}


def test_a_pair_is_searched_over_all_buckets_of_clusters_together() -> None:
    clustered = msgspec.structs.replace(LOANS, cluster="officer")
    cells = {code: [code % 7 + 1] for code in range(0, layout_of(LOANS).size, 11)}
    plain = PairPanes(LOANS, layout_of(LOANS), GENDER, "female")
    plain.add([(0, cells)])
    by_bucket = PairPanes(clustered, pane_layout_of(clustered), GENDER, "female")
    by_bucket.add([(0, {65 * code + 3: vector for code, vector in cells.items()})])
    by_bucket.add([(0, {65 * code + 64: vector for code, vector in cells.items()})])
    [(_, group, reference)], [(_, twice, reference_twice)] = plain.in_order(0, 1), by_bucket.in_order(0, 1)
    for once, both in ((group, twice), (reference, reference_twice)):
        assert both == {segment: (2 * n, 2 * favorable) for segment, (n, favorable) in once.items()}
