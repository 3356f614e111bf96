"""One frame of a chart: panes from left to right, a quantity from bottom to top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream_app.render.svg import FAINT, GRID, INK, Drawing, Point

Floats = NDArray[np.float64]

LEFT, RIGHT, WIDTH = 64, 24, 960
HEIGHT = 150
LONGEST_TICK_LABEL = 120  # pixels
CHARACTER = 7.0  # maximum width of a letter of size 12, in pixels
_NARROW_CHARACTER = 6.3  # typical width of a lower-case letter
_LIMIT_NAME = 90  # pixels of the name of a limit


@dataclass(frozen=True)
class Panel:
    """A frame.

    Attributes:
        top: Its top edge, in pixels from the top of the chart.
        n_panes: Panes from left to right.
        low: Quantity at the bottom.
        high: Quantity at the top; values beyond it are drawn at the edge.
    """

    top: float
    n_panes: int
    low: float
    high: float

    @property
    def bottom(self) -> float:
        """Its bottom edge."""
        return self.top + HEIGHT

    def x(self, pane: float) -> float:
        """Return the position of a pane; the first and last are half a step inside the frame."""
        return LEFT + (pane + 0.5) / self.n_panes * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the height of a value, kept inside the frame."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * HEIGHT

    def points(self, panes: Floats, values: Floats) -> list[list[Point]]:
        """Return runs of points; a NaN separates two runs."""
        runs: list[list[Point]] = [[]]
        for pane, value in zip(panes.tolist(), values.tolist(), strict=True):
            if math.isnan(value):
                runs.append([])
            else:
                runs[-1].append((self.x(pane), self.y(value)))
        return [run for run in runs if run]

    def frame(self, drawing: Drawing, title: str, ticks: Sequence[float], form: str) -> None:
        """Draw title, grid and the scale at the left."""
        drawing.text((LEFT, self.top - 9), title, is_bold=True)
        for tick in ticks:
            y = self.y(tick)
            drawing.line((LEFT, y), (WIDTH - RIGHT, y), color=GRID)
            drawing.text((LEFT - 8, y + 4), format(tick, form), size=12, color=FAINT, anchor="end")
        drawing.line((LEFT, self.bottom), (WIDTH - RIGHT, self.bottom), color=FAINT)

    def limit(self, drawing: Drawing, value: float, label: str, *, number: int = 0, is_below: bool = False) -> None:
        """Draw a limit across the frame, its name above or below it; names of other numbers are side by side."""
        x, y = WIDTH - RIGHT - 4 - number * _LIMIT_NAME, self.y(value)
        drawing.line((LEFT, y), (WIDTH - RIGHT, y), color=INK, width=1.4, dash="7 4")
        drawing.text((x, y + (14 if is_below else -5)), label, size=12, anchor="end")

    def pane_names(self, drawing: Drawing, labels: Sequence[str]) -> None:
        """Write the names of some panes below the frame."""
        longest = max(map(len, labels[:: max(1, len(labels) // 50)])) * CHARACTER
        room = (WIDTH - LEFT - RIGHT) / (min(longest, LONGEST_TICK_LABEL) + 24)
        step = nice_step(self.n_panes / max(2.0, min(room, 12.0)))
        for pane in range(0, self.n_panes, step):
            x = self.x(pane)
            drawing.line((x, self.bottom), (x, self.bottom + 4), color=FAINT)
            drawing.text((x, self.bottom + 18), short(labels[pane]), size=12, color=FAINT, anchor="middle")


def legend(drawing: Drawing, top: float, entries: Sequence[tuple[str, str, str]]) -> None:
    """Write the names of lines to the right of a frame's title: text, color, dash."""
    x = float(WIDTH - RIGHT)
    for text, color, dash in reversed(entries):
        x -= len(text) * _NARROW_CHARACTER + 4
        drawing.text((x, top - 9), text, size=12)
        drawing.line((x - 32, top - 13), (x - 6, top - 13), color=color, width=2.4, dash=dash)
        x -= 44


def nice_step(step: float) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, ... that is not smaller than a step.

    >>> [nice_step(step) for step in (0.3, 1.2, 5.0, 6.0, 34.0)]
    [1, 2, 5, 10, 50]
    """
    magnitude: int = 10 ** max(0, math.floor(math.log10(max(step, 1))))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= step)


def short(label: str) -> str:
    """Remove the zero parts of a time, and truncate a long name.

    >>> short("2026-01-05T00:00:00Z"), short("2026-01-05T06:30:00Z"), short("the first quarter of 2026")
    ('2026-01-05', '2026-01-05 06:30', 'the first quart…')
    """
    label = label.removesuffix("Z").removesuffix(":00").removesuffix("T00:00").replace("T", " ")
    return label if len(label) * CHARACTER <= LONGEST_TICK_LABEL else label[:15] + "…"
