"""Which records lie in a stretch: by their event time, late and repeated ones too, and byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.lane import Batch
from stream_app.pipeline.replay.picking import PublishedPicker, RawPicker
from stream_app.pipeline.replay.ranges import Stretch
from tests.ingest_lane import LOANS, NOW_S, IngestLane, encode, iso, loan

STRETCH = Stretch(NOW_S, NOW_S + 10)


def batch_of(values: Sequence[bytes | None], first: int = 100) -> Batch:
    offsets = np.arange(first, first + len(values)) * 2  # as where markers of transactions lie between
    stamps = np.full(len(values), NOW_S * 1000, np.int64)
    return Batch("t", 3, int(offsets[0]), int(offsets[-1]) + 1, offsets, list(values), stamps)


def raw(number: int, after_s: float) -> bytes:
    return encode(loan(application_id=f"A{number}", ts=iso(NOW_S + after_s)))


def test_the_begin_of_a_stretch_belongs_to_it_and_its_end_does_not() -> None:
    values = [raw(number, after_s) for number, after_s in enumerate((-0.001, 0, 9.999, 10, 4))]
    picked = RawPicker(LOANS, STRETCH).pick(batch_of(values))
    assert picked.values == [values[1], values[2], values[4]]
    assert (picked.partition, picked.offsets, picked.timestamps_ms) == (3, [202, 204, 208], [NOW_S * 1000] * 3)


def test_raw_records_that_came_late_or_twice_are_picked_as_they_lie_in_the_log() -> None:
    values = [raw(1, 5), raw(1, 5), raw(2, 200), raw(3, 1)]
    assert RawPicker(LOANS, STRETCH).pick(batch_of(values)).values == [values[0], values[1], values[3]]


def test_what_the_policy_refuses_lies_in_no_stretch_and_is_counted() -> None:
    good = raw(1, 5)
    values = [good[:-3], None, encode(loan(ts=iso(NOW_S + 4), approved="maybe")), good, b""]
    picker = RawPicker(LOANS, STRETCH)
    picked = picker.pick(batch_of(values))
    assert (picked.values, picked.offsets, picker.n_refused) == ([good], [206], 3)


def test_of_published_events_only_the_time_is_asked() -> None:
    lane = IngestLane()
    lane.feed([raw(number, after_s) for number, after_s in enumerate((1, 12, 3))])
    events = [value for _, value in lane.written[str(LOANS.output_topic)]]
    picker = PublishedPicker(LOANS, STRETCH)
    assert picker.pick(batch_of(events)).values == [events[0], events[2]]
    assert picker.n_refused == 0


def test_events_of_another_policy_are_refused_without_a_word_of_them() -> None:
    with pytest.raises(PolicyError, match=r"events of t\[3\], offsets 200 to 200") as refused:
        PublishedPicker(LOANS, STRETCH).pick(batch_of([b'{"when":"canary91c4"}']))
    assert "canary" not in str(refused.value)


def test_what_was_picked_shows_no_record_when_it_is_printed() -> None:
    assert "A1" not in repr(RawPicker(LOANS, STRETCH).pick(batch_of([raw(1, 5)])))
