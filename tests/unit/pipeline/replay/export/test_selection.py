"""Which records lie in a stretch: by their event time, late and repeated ones too, and byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.export.selection import PublishedSelector, RawSelector
from stream_app.pipeline.replay.ranges.range_replay import TimeRange
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan

STRETCH = TimeRange(NOW_S, NOW_S + 10)


def batch_of(values: Sequence[bytes | None], first: int = 100) -> Batch:
    offsets = np.arange(first, first + len(values)) * 2  # as where markers of transactions lie between
    stamps = np.full(len(values), NOW_S * 1000, np.int64)
    return Batch("t", 3, int(offsets[0]), int(offsets[-1]) + 1, offsets, list(values), stamps)


def raw(number: int, after_s: float) -> bytes:
    return encode(loan(application_id=f"A{number}", ts=iso(NOW_S + after_s)))


def test_the_begin_of_a_stretch_belongs_to_it_and_its_end_does_not() -> None:
    values = [raw(number, after_s) for number, after_s in enumerate((-0.001, 0, 9.999, 10, 4))]
    selected = RawSelector(LOANS, STRETCH).select(batch_of(values))
    assert selected.values == [values[1], values[2], values[4]]
    assert (selected.partition, selected.offsets, selected.timestamps_ms) == (3, [202, 204, 208], [NOW_S * 1000] * 3)


def test_raw_records_that_came_late_or_twice_are_picked_as_they_lie_in_the_log() -> None:
    values = [raw(1, 5), raw(1, 5), raw(2, 200), raw(3, 1)]
    assert RawSelector(LOANS, STRETCH).select(batch_of(values)).values == [values[0], values[1], values[3]]


def test_what_the_policy_refuses_lies_in_no_stretch_and_is_counted() -> None:
    good = raw(1, 5)
    values = [good[:-3], None, encode(loan(ts=iso(NOW_S + 4), approved="maybe")), good, b""]
    selector = RawSelector(LOANS, STRETCH)
    selected = selector.select(batch_of(values))
    assert (selected.values, selected.offsets, selector.n_rejected) == ([good], [206], 3)


def test_of_published_events_only_the_time_is_asked() -> None:
    lane = IngestLane()
    lane.feed([raw(number, after_s) for number, after_s in enumerate((1, 12, 3))])
    events = [value for _, value in lane.written[str(LOANS.output_topic)]]
    selector = PublishedSelector(LOANS, STRETCH)
    assert selector.select(batch_of(events)).values == [events[0], events[2]]
    assert selector.n_rejected == 0


def test_events_of_another_policy_are_refused_without_a_word_of_them() -> None:
    with pytest.raises(PolicyError, match=r"events of t\[3\], offsets 200 to 200") as rejected:
        PublishedSelector(LOANS, STRETCH).select(batch_of([b'{"when":"canary91c4"}']))
    assert "canary" not in str(rejected.value)


def test_what_was_picked_shows_no_record_when_it_is_printed() -> None:
    assert "A1" not in repr(RawSelector(LOANS, STRETCH).select(batch_of([raw(1, 5)])))
