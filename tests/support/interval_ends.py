"""Ends of intervals, in a form that can be compared."""

from __future__ import annotations

import math

from stream_app.core.intervals.intervals import Interval


def ends(interval: Interval | list[float | None]) -> list[float]:
    """Return both ends, with infinity for a missing one, so that they can be compared."""
    lower, upper = interval[:2]
    assert lower is not None
    return [lower, math.inf if upper is None else upper]
