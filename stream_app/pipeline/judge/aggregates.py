"""The records of ``camera-aggregates``: counts of one window that may leave, and nothing else.

No number of fewer than k people can be had from them, also not by subtraction: there are no totals, no second release
of a window, no windows inside each other and no offsets (the difference of two offsets is a count).

Source: Hundepool et al. 2012, Statistical Disclosure Control, ch. 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from stream_app import __version__
from stream_app.core.privacy.disclosure import disclose
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.results import Span
from stream_app.policy import ModelPolicy

SCHEMA = 1


class AggregateCell(msgspec.Struct, frozen=True, kw_only=True):
    """One published count.

    Attributes:
        labels: Label by name of the dimension.
        n: How many, at least k.
    """

    labels: dict[str, str]
    n: int


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """The published counts of one window of a model of kind ``counts``; never issued twice.

    A cell that is not listed holds fewer than ``k``, maybe none, or is hidden so that another cannot be found by
    subtraction.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        window: Name of the window; the first that the policy declares, as windows inside each other could be
            subtracted.
        start_s: Start, event time in seconds since the epoch.
        end_s: End, not included.
        k: Fewest people that a cell may show.
        cells: The published cells.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
    """

    schema: int
    model: str
    window: str
    start_s: int
    end_s: int
    k: int
    cells: tuple[AggregateCell, ...]
    policy_hash: str
    code_version: str

    @property
    def key(self) -> str:
        """``model|window|end``."""
        return f"{self.model}|{self.window}|{self.end_s}"


class Publication(NamedTuple):
    """What becomes of the counts of one window.

    Attributes:
        aggregate: The record; None when no cell may be shown (that somebody was there is already told by a record).
        n_small: Cells hidden because they are small.
        n_complementary: Cells hidden so that those cannot be found by subtraction.
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


def encode_aggregate(aggregate: Aggregate) -> bytes:
    """Encode as JSON."""
    return msgspec.json.encode(aggregate)
