"""Published counts of cameras, stored as the projection stores them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stream_app.pipeline.records.aggregates import EXACT, LAPLACE, SCHEMA, Aggregate, AggregateCell, encode_aggregate
from stream_app.policy import Policy, load_policy
from stream_app.policy.limits import Noise
from stream_app.topics import CAMERA_AGGREGATES
from stream_app.web_app.history.keeping import SHIPPED, Keeping
from tests.support.web.window_results import run_of

POLICY = load_policy("cameras")
MODEL = POLICY.models[0]
DAY_S = 86_400
_NOW_S = 2_000_000_000  # when everything here was written to Kafka


def noisy(epsilon: str = "1/2", budget: str = "1") -> Policy:
    """Return the policy with noise on the counts of its first model."""
    assert MODEL.publication is not None
    publication = msgspec.structs.replace(
        MODEL.publication, most_cells=8, track="track", noise=Noise(epsilon=epsilon, budget=budget)
    )
    return Policy(schema=1, models=(msgspec.structs.replace(MODEL, publication=publication), *POLICY.models[1:]))


def counts(end_s: int, cells: Mapping[tuple[str, str], int], **changes: Any) -> Aggregate:
    """Return exact counts of a minute by zone and class."""
    whole = Aggregate(
        schema=SCHEMA,
        model=MODEL.name,
        window="1m",
        start_s=end_s - 60,
        end_s=end_s,
        k=MODEL.privacy.k,
        cells=tuple(AggregateCell(labels={"zone": zone, "class": kind}, n=n) for (zone, kind), n in cells.items()),
        policy_hash=MODEL.hash(),
        code_version="1.0.0",
        is_rest=False,
        noise=EXACT,
        epsilon=None,
        scale=None,
        most_cells=None,
        renews_s=None,
    )
    return msgspec.structs.replace(whole, **changes)


def with_noise(end_s: int, cells: Mapping[tuple[str, str], int], **changes: Any) -> Aggregate:
    """Return counts with noise."""
    return counts(end_s, cells, **{"noise": LAPLACE, "epsilon": "1/2", "scale": "16", "most_cells": 8} | changes)


def store_counts(*aggregates: Aggregate | bytes, keeping: Keeping = SHIPPED) -> None:
    """Store published counts at the end of their topic."""
    from stream_app.web_app.projection.store import Store, stored_positions  # noqa: PLC0415  # needs Django's settings

    before = stored_positions(CAMERA_AGGREGATES).get(0)
    start = 0 if before is None else before.next_offset
    values = [one if isinstance(one, bytes) else encode_aggregate(one) for one in aggregates]
    Store(POLICY, keeping).apply(CAMERA_AGGREGATES, before, run_of(values, start, at_s=_NOW_S))
