"""When a counting lane has news for the judge, and what it stores of its panes."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from stream_app.core.windows.partials import Partial, decode_partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Flush
from stream_app.pipeline.panes.partial_writer import PaneOrigin
from stream_app.pipeline.panes.publisher import PanePublisher
from stream_app.pipeline.topology import Topology
from stream_app.topics import FAIRNESS_PARTIALS, partition_of_model

ORIGIN = PaneOrigin("loans/outcomes", "layout", 1, SourcePartition("raw", 2))
TOPOLOGY = Topology({"raw": 3, FAIRNESS_PARTIALS: 7})
IDLE_S = 5.0


class Position(NamedTuple):
    """What a state says."""

    first_offset: int = 0
    log_number: int = 0
    policy_hash: str = ""
    counted_since: int = 0


def publisher_at(watermark: Watermark) -> PanePublisher:
    publisher = PanePublisher(ORIGIN, TOPOLOGY, watermark, IDLE_S)
    publisher.restore({}, 40, None)
    return publisher


def partials_of(flush: Flush) -> list[Partial]:
    return [decode_partial(value or b"") for outputs in flush.outputs for value in outputs.values]


def test_nothing_is_published_twice() -> None:
    publisher = publisher_at(Watermark(10, 0, max_event_s=105))
    publisher.add(100, {3: [1]})
    [first] = partials_of(publisher.flush(0.0, is_caught_up=False))
    assert [(pane.start_s, pane.cells) for pane in first.panes] == [(100, {3: [1]})]
    assert not publisher.flush(1.0, is_caught_up=False).outputs
    assert not publisher.flush(2.0, is_caught_up=False).changes


def test_progress_without_counts_is_news() -> None:
    watermark = Watermark(10, 0, max_event_s=105)
    publisher = publisher_at(watermark)
    publisher.flush(0.0, is_caught_up=False)
    publisher.move_to(41)
    assert partials_of(publisher.flush(1.0, is_caught_up=False))[0].next_offset == 41
    watermark.max_event_s = 117
    assert partials_of(publisher.flush(2.0, is_caught_up=False))[0].closed_before_s == 110


def test_a_lane_is_idle_after_its_timeout_and_only_when_it_has_read_everything() -> None:
    publisher = publisher_at(Watermark(10, 0))
    publisher.flush(100.0, is_caught_up=True)
    assert not publisher.flush(104.9, is_caught_up=True).outputs
    assert not publisher.flush(105.0, is_caught_up=False).outputs
    assert partials_of(publisher.flush(105.0, is_caught_up=True))[0].is_idle
    publisher.note_activity()
    assert not partials_of(publisher.flush(106.0, is_caught_up=True))[0].is_idle


def test_a_partial_goes_to_the_judge_of_the_model_and_names_its_origin() -> None:
    [outputs] = publisher_at(Watermark(10, 0)).flush(0.0, is_caught_up=False).outputs
    assert (outputs.topic, outputs.partition) == (FAIRNESS_PARTIALS, partition_of_model("loans", 7))
    partial = decode_partial(outputs.values[0] or b"")
    assert (partial.model, partial.topic, partial.partition, partial.n_partitions) == ("loans/outcomes", "raw", 2, 3)
    assert (partial.first_offset, partial.next_offset) == (40, 40)


def test_a_restored_publisher_continues_the_open_panes_and_removes_those_that_close() -> None:
    watermark = Watermark(10, 0, max_event_s=105)
    publisher = publisher_at(watermark)
    publisher.add(90, {1: [1]})
    publisher.add(100, {1: [2]})
    state = {key: value for key, value in publisher.flush(0.0, is_caught_up=False).changes if value is not None}
    assert len(state) == 1, "the pane at 90 s has closed"
    restored = PanePublisher(ORIGIN, TOPOLOGY, watermark, IDLE_S)
    restored.restore(state, 50, Position(first_offset=40))
    restored.add(100, {1: [1]})
    watermark.max_event_s = 110
    flush = restored.flush(0.0, is_caught_up=False)
    [partial] = partials_of(flush)
    assert (partial.first_offset, [pane.cells for pane in partial.panes]) == (40, [{1: [3]}])
    assert flush.changes == [(key, None) for key in state]


@pytest.mark.parametrize(
    ("stored", "first_offset", "counted_since"),
    [
        (None, 50, 50),
        (Position(40, 0, "present", 45), 40, 45),
        (Position(40, 0, "former", 45), 40, 50),  # counts under the present policy from now on
        (Position(40, 1, "present", 45), 50, 50),  # begins in another log of its source
    ],
)
def test_a_restored_publisher_says_where_it_began_and_since_when_its_policy_applies(
    stored: Position | None, first_offset: int, counted_since: int
) -> None:
    origin = replace(ORIGIN, policy_hash="present")
    publisher = PanePublisher(origin, TOPOLOGY, Watermark(10, 0, max_event_s=105), IDLE_S)
    publisher.restore({}, 50, stored)
    [partial] = partials_of(publisher.flush(0.0, is_caught_up=False))
    assert (partial.first_offset, partial.counted_since) == (first_offset, counted_since)


def test_a_lane_reports_a_partition_that_was_added_to_its_source_even_if_it_has_no_other_news() -> None:
    n_partitions = {"raw": 3, FAIRNESS_PARTIALS: 7}
    publisher = PanePublisher(ORIGIN, Topology(n_partitions), Watermark(10, 0, max_event_s=105), IDLE_S)
    publisher.restore({}, 40, None)
    assert partials_of(publisher.flush(0.0, is_caught_up=False))[0].n_partitions == 3
    assert not publisher.flush(1.0, is_caught_up=False).outputs
    n_partitions["raw"] = 4
    assert partials_of(publisher.flush(2.0, is_caught_up=False))[0].n_partitions == 4
