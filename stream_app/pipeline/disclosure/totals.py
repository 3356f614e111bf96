"""Running totals as people may see them: with confidence sequences, since totals are looked at all the time.

The interval of a window covers the truth in 95 of 100 looks. A total is read again and again, and people stop when it
looks bad, so its bounds must be valid at every look at once: a confidence sequence. It is a function of the counts, so
it is computed where a total is shown; it costs some 50 ms for an attribute. Where clusters show that decisions depend
on one another, all counts are divided by the design effect, which is an approximation.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from stream_app.core.arrays import Floats
from stream_app.core.intervals.confidence_sequence import gap_sequence_many, rate_sequence_many, ratio_sequence_many
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.results import Bounds, ProxyValues


def with_sequences(total: DisclosedResult) -> DisclosedResult:
    """Replace the intervals of a disclosed running total by 95 % confidence sequences; hidden groups stay hidden.

    What is estimated from probabilities has no such sequence, so its total has no interval of chance.
    """
    if any(isinstance(group.proxy, ProxyValues) for group in total.groups):
        without = tuple(_with_bounds(group, None, None, None) for group in total.groups)
        return msgspec.structs.replace(total, groups=without)
    shown = [group for group in total.groups if group.n]
    reference = next((group for group in shown if group.group == total.reference), None)
    if not shown:
        return total
    effects = np.array([max(group.design_effect or 1.0, 1.0) for group in shown])
    k, n = (np.array([getattr(group, name) for group in shown], np.float64) / effects for name in ("favorable", "n"))
    rates = _bounds(*rate_sequence_many(k, n))
    ratios: list[Bounds] | list[None] = [None] * len(shown)
    gaps: list[Bounds] | list[None] = [None] * len(shown)
    if reference is not None:
        pair = (k, n, (reference.favorable or 0) / effects, (reference.n or 0) / effects)
        ratios, gaps = _bounds(*ratio_sequence_many(*pair)), _bounds(*gap_sequence_many(*pair))
    with_bounds = {
        group.group: _with_bounds(group, rate, ratio, gap)
        for group, rate, ratio, gap in zip(shown, rates, ratios, gaps, strict=True)
    }
    groups = tuple(with_bounds.get(group.group, group) for group in total.groups)
    return msgspec.structs.replace(total, groups=groups)


def _with_bounds(
    group: DisclosedGroup, rate: Bounds | None, ratio: Bounds | None, gap: Bounds | None
) -> DisclosedGroup:
    return msgspec.structs.replace(
        group,
        rate_bounds=rate,
        ratio_bounds=ratio if group.ratio_bounds is not None else None,
        gap_bounds=gap if group.gap_bounds is not None else None,
    )


def _bounds(lower: Floats, upper: Floats) -> list[Bounds]:
    return [
        Bounds(low, high if math.isfinite(high) else None)
        for low, high in zip(lower.tolist(), upper.tolist(), strict=True)
    ]
