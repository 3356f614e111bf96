"""Turns the counts of one window of a model of kind ``counts`` into what may be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream_app import __version__
from stream_app.core.privacy.disclosure import disclose
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.records.aggregates import SCHEMA, Aggregate, AggregateCell
from stream_app.pipeline.records.results import Span
from stream_app.policy import ModelPolicy


class Publication(NamedTuple):
    """What becomes of the counts of one window.

    Attributes:
        aggregate: The record; None when no cell may be shown (a record alone would say that somebody was there).
        n_small: Cells hidden because they are small.
        n_complementary: Cells hidden so that those cannot be computed by subtraction.
    """

    aggregate: Aggregate | None
    n_small: int
    n_complementary: int


def publish_counts(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]], span: Span, *, policy_hash: str
) -> Publication:
    """Turn the cells of one window into the counts that may leave."""
    release = disclose({code: vector[0] for code, vector in cells.items()}, model.privacy.k)
    names = [name for name, _ in layout.dimensions]
    published = tuple(
        AggregateCell(labels=dict(zip(names, layout.labels_of(code), strict=True)), n=cells[code][0])
        for code in sorted(release.shown)
    )
    aggregate = Aggregate(
        schema=SCHEMA,
        model=model.name,
        window=span.window,
        start_s=span.start_s,
        end_s=span.end_s,
        k=model.privacy.k,
        cells=published,
        policy_hash=policy_hash,
        code_version=__version__,
    )
    return Publication(aggregate if published else None, len(release.small), len(release.complementary))
