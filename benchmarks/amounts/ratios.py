"""Streams on the limit of a ratio of mean amounts, and changes beyond it."""

from __future__ import annotations

from benchmarks.amounts.delays import Change
from benchmarks.amounts.shapes import bell, points
from benchmarks.amounts.streams import AmountStream, day_and_night, drift, steady, surges
from stream_app.core.detection.rules import RateRule, RuleKind

_LIMIT = RateRule(RuleKind.RATIO, 0.8)
# The amount 0 as a share of the range, more being better: limits from 0, prices from 0, limits from half their range.
_LIMITS, _PRICES, _HALF = 0.0, 1.0, -0.5
_TWO, _TWO_DEARER = points((0, 0.2), (1, 0.8)), points((0, 0.25), (1, 0.75))

RATIO_NULLS = (
    AmountStream("ratio .8: limits, q .1", bell(0.4, 0.1), bell(0.5, 0.1), 0.0, steady(0.1), _LIMIT, _LIMITS),
    AmountStream("ratio .8: random walk of the level", bell(0.4, 0.08), bell(0.5, 0.1), 0.0, drift, _LIMIT, _LIMITS),
    AmountStream("ratio .8: day and night", bell(0.4, 0.1), bell(0.5, 0.1), 0.0, day_and_night, _LIMIT, _LIMITS),
    AmountStream("ratio .8: surges", bell(0.24, 0.16), bell(0.3, 0.2), 0.0, surges, _LIMIT, _LIMITS),
    AmountStream("ratio .8: prices, q .3", bell(0.75, 0.1), bell(0.8, 0.1), 0.0, steady(0.3), _LIMIT, _PRICES),
    AmountStream("ratio .8: two prices only, q .5", _TWO_DEARER, _TWO, 0.0, steady(0.5), _LIMIT, _PRICES),
    AmountStream("ratio .8: from half the range", bell(0.3, 0.1), bell(0.5, 0.2), 0.0, steady(0.3), _LIMIT, _HALF),
    AmountStream(
        "ratio .8: rarely high limits, q .3",
        points((0.1, 0.9), (1, 0.1)),
        bell(0.2375, 0.03),
        0.0,
        steady(0.3),
        _LIMIT,
        _LIMITS,
    ),
)
RATIO_CHANGES = (
    Change("ratio .7 of limits, limit .8, q .3", bell(0.35, 0.1), bell(0.5, 0.1), 0.0, 0.3, _LIMIT, _LIMITS),
    Change("prices 1.4 times, limit 1.25, q .5", bell(0.72, 0.1), bell(0.8, 0.1), 0.0, 0.5, _LIMIT, _PRICES),
    Change("two prices: 1.5 times, limit 1.25, q .5", points((0, 0.3), (1, 0.7)), _TWO, 0.0, 0.5, _LIMIT, _PRICES),
    Change("ratio .75 from half the range, limit .8, q .3", bell(0.25, 0.1), bell(0.5, 0.1), 0.0, 0.3, _LIMIT, _HALF),
)
