"""The records of a time range: by event time, late and duplicate ones too, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.replay.export.selection import PublishedSelector, RawSelector
from stream_app.pipeline.replay.time_range import TimeRange
from tests.support.lanes.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan

RANGE = TimeRange(NOW_S, NOW_S + 10)


def batch_of(values: Sequence[bytes | None], first: int = 100) -> Batch:
    offsets = np.arange(first, first + len(values)) * 2  # with gaps, as transaction markers leave them
    stamps = np.full(len(values), NOW_S * 1000, np.int64)
    return Batch("t", 3, int(offsets[0]), int(offsets[-1]) + 1, offsets, list(values), stamps)


def raw(number: int, after_s: float) -> bytes:
    return encode(loan(application_id=f"A{number}", ts=iso(NOW_S + after_s)))


def test_a_range_includes_its_start_and_not_its_end() -> None:
    values = [raw(number, after_s) for number, after_s in enumerate((-0.001, 0, 9.999, 10, 4))]
    selected = RawSelector(LOANS, RANGE).select(batch_of(values))
    assert selected.values == [values[1], values[2], values[4]]
    assert (selected.partition, selected.offsets, selected.timestamps_ms) == (3, [202, 204, 208], [NOW_S * 1000] * 3)


def test_late_and_duplicate_raw_records_are_selected_in_log_order() -> None:
    values = [raw(1, 5), raw(1, 5), raw(2, 200), raw(3, 1)]
    assert RawSelector(LOANS, RANGE).select(batch_of(values)).values == [values[0], values[1], values[3]]


def test_rejected_records_are_in_no_range_and_are_counted() -> None:
    good = raw(1, 5)
    values = [good[:-3], None, encode(loan(ts=iso(NOW_S + 4), approved="maybe")), good, b""]
    selector = RawSelector(LOANS, RANGE)
    selected = selector.select(batch_of(values))
    assert (selected.values, selected.offsets, selector.n_rejected) == ([good], [206], 3)


def test_only_the_time_of_published_events_is_decoded() -> None:
    lane = IngestLane()
    lane.feed([raw(number, after_s) for number, after_s in enumerate((1, 12, 3))])
    events = [value for _, value in lane.written[str(LOANS.output_topic)]]
    selector = PublishedSelector(LOANS, RANGE)
    assert selector.select(batch_of(events)).values == [events[0], events[2]]
    assert selector.n_rejected == 0


def test_events_of_another_policy_are_rejected_without_quoting_them() -> None:
    with pytest.raises(PolicyError, match=r"events of t\[3\], offsets 200 to 200") as rejected:
        PublishedSelector(LOANS, RANGE).select(batch_of([b'{"when":"canary91c4"}']))
    assert "canary" not in str(rejected.value)


def test_selected_records_show_no_value_when_printed() -> None:
    assert "A1" not in repr(RawSelector(LOANS, RANGE).select(batch_of([raw(1, 5)])))
