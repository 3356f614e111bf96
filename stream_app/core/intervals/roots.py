"""Where many increasing functions cross zero, all at once: the solver of intervals and confidence sequences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stream_app.core.arrays import Floats

_TOLERANCE = 1e-14  # width of the last bracket, relative to the root where that is beyond 1
_HALF = 0.5
_MAX_STEPS = 200  # bisection alone needs about 60; this ends the search in a curve that is not finite


def find_roots(increasing: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Solve ``increasing(x) = 0`` elementwise for x in ``[low, high]``.

    Inverse quadratic interpolation where three points suggest a smooth curve, else bisection. All elements are stepped
    together until the last one is solved: 10 to 20 steps for smooth curves, about 60 for jumps.

    Args:
        increasing: Takes and returns float64 of the shape of ``low``; non-decreasing in each element, finite.
        low: Lower ends, float64 of any shape.
        high: Upper ends, of the same shape, each >= ``low``.

    Returns:
        The roots, to 1e-14 of their size. Where the function is positive throughout the lower end, where it is
        negative throughout the upper end. An empty array for empty ones.

    Source: Chandrupatla 1997, Advances in Engineering Software 28(3), 145-149.

    >>> find_roots(lambda x: x**3 - np.array([8.0, -1.0, 1e9]), np.zeros(3), np.full(3, 100.0)).tolist()
    [2.0, 0.0, 100.0]
    """
    newest, f_newest = low, increasing(low)
    across, f_across = high, increasing(high)
    is_low, is_high = f_newest >= 0, f_across <= 0
    step = np.full_like(low, _HALF)
    is_solved = is_low | is_high
    best = low
    for _ in range(_MAX_STEPS):
        if is_solved.all():
            break
        x = newest + step * (across - newest)
        f_x = increasing(x)
        is_same_side = (f_x > 0) == (f_newest > 0)
        former, f_former = np.where(is_same_side, newest, across), np.where(is_same_side, f_newest, f_across)
        across, f_across = np.where(is_same_side, across, newest), np.where(is_same_side, f_across, f_newest)
        newest, f_newest = x, f_x
        best = np.where(is_solved, best, np.where(np.abs(f_newest) < np.abs(f_across), newest, across))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # only where a root is known already
            smallest_step = _TOLERANCE * np.maximum(np.abs(best), 1) / np.abs(across - newest)
            step = _next_step((newest, f_newest), (across, f_across), (former, f_former))
        is_solved = is_solved | (smallest_step > _HALF) | (f_newest == 0)
        margin = np.minimum(smallest_step, _HALF)
        step = np.clip(np.where(np.isfinite(step), step, _HALF), margin, 1 - margin)
    return np.where(is_low, low, np.where(is_high, high, best))


def _next_step(newest: tuple[Floats, Floats], across: tuple[Floats, Floats], former: tuple[Floats, Floats]) -> Floats:
    """Return how far to go from the newest point to the one across the root, as a share of the bracket."""
    (x0, f0), (x1, f1), (x2, f2) = newest, across, former
    place = (x0 - x1) / (x2 - x1)
    height = (f0 - f1) / (f2 - f1)
    is_smooth = (height**2 < place) & ((1 - height) ** 2 < 1 - place)
    interpolated = f0 / (f1 - f0) * f2 / (f1 - f2) + (x2 - x0) / (x1 - x0) * f0 / (f2 - f0) * f1 / (f2 - f1)
    return np.where(is_smooth, interpolated, _HALF)
