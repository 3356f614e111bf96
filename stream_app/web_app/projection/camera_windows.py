"""Stores the published counts of cameras, one row for each window; they are disclosed already."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from stream_app.edges.kafka.readers.live_results import has_possible_times
from stream_app.edges.kafka.readers.resumed_records import StoredRecord
from stream_app.pipeline.records.aggregates import Aggregate, AggregateCell, decode_aggregate, encode_aggregate
from stream_app.web_app.history.keeping import Keeping
from stream_app.web_app.history.thinning import Ranking, thin_after
from stream_app.web_app.projection.models import MAX_WINDOW_NAME, NAME_LENGTH, CameraWindow

BUSIEST = Ranking("n_tracks", int)
_MAX_FRACTION = 50
_MAX_TRACKS = 2**62


def write_aggregate(record: StoredRecord, keeping: Keeping) -> bool:
    """Store the counts of one window, and delete what is not kept beside them; return whether they could be read."""
    try:
        aggregate = decode_aggregate(record.value)
    except msgspec.MsgspecError:
        return False
    names = (aggregate.model, aggregate.policy_hash)
    epsilon = "" if aggregate.epsilon is UNSET or aggregate.epsilon is None else aggregate.epsilon
    if (
        not has_possible_times(aggregate)
        or not aggregate.start_s < aggregate.end_s
        or any(len(name) > NAME_LENGTH or "\0" in name for name in names)
        or len(aggregate.window) > MAX_WINDOW_NAME
        or "\0" in aggregate.window
        or len(epsilon) > _MAX_FRACTION
        or "\0" in epsilon
    ):
        return False
    key: dict[str, Any] = {"model": aggregate.model, "window": aggregate.window, "end_s": aggregate.end_s}
    values = {
        "start_s": aggregate.start_s,
        "policy_hash": aggregate.policy_hash,
        "epsilon": epsilon,
        "is_over_budget": isinstance(aggregate.renews_s, int),
        "n_tracks": max(0, min(sum(cell.n for cell in aggregate.cells), _MAX_TRACKS)),
        "body": encode_aggregate(aggregate),
    }
    of_series = CameraWindow.objects.filter(model=aggregate.model, window=aggregate.window)
    newest = of_series.only("end_s").order_by("-end_s").first()
    CameraWindow.objects.update_or_create(**key, defaults=values)
    if newest is not None:
        thin_after(of_series, aggregate.end_s, newest.end_s, record.timestamp_ms // 1000, keeping, BUSIEST)
    return True


def shown_aggregate(row: CameraWindow, k: int) -> Aggregate:
    """Return the counts of a window, without cells of fewer than k if the policy has a larger k by now."""
    aggregate = decode_aggregate(bytes(row.body))
    if k <= aggregate.k:
        return aggregate
    cells: tuple[AggregateCell, ...] = tuple(cell for cell in aggregate.cells if cell.n >= k)
    return msgspec.structs.replace(aggregate, k=k, cells=cells)
