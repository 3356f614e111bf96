"""The picture of a search: for each pair, every alternative by its ratio and by what it costs.

From left to right is the ratio of the pair; from bottom to top the share of good outcomes, as a bar from its lower to
its upper bound where not all are known, or the approval rate where outcomes were not looked at. Marks differ in shape
and size, so that no color is needed to distinguish them. Source of the colors: Okabe and Ito 2008.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult
from stream_app.render.alternatives.wording import pair_name
from stream_app.render.charts import round_values
from stream_app.render.svg import FAINT, GRID, INK, Drawing

FOUND, LOGGED, OTHERS = "#0072B2", "#D55E00", "#8c8c8c"
FOUND_BAR, OTHER_BAR = "#0072B2", "#dcdcdc"
MAX_PAIRS = 8

_WIDTH, _HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BETWEEN = 64, 24, 110, 96
_LABEL = 120  # room for a label
_TITLE, _AXIS = 50.0, 46.0  # room above and below the frame of a pair
_HIGHEST_RATIO = 2.0
_PARITY = 1.0


class _Mark(NamedTuple):
    ratio: float
    low: float
    high: float
    is_found: bool


class _Frame(NamedTuple):
    top: float
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def x(self, ratio: float) -> float:
        low, high = self.x_ends
        return _LEFT + (min(max(ratio, low), high) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_ends
        return self.top + _HEIGHT - (value - low) / (high - low) * _HEIGHT


def draw_alternatives(result: SearchResult, min_ratio: float) -> str:
    """Return the picture as SVG; pairs that are withheld are left out, and of more than 8 the last ones.

    Args:
        result: The result of a search.
        min_ratio: The limit of the policy for the ratio.
    """
    pairs = _shown_pairs(result)
    title = f"Alternatives to the decisions of {result.model}"
    drawing = Drawing(_WIDTH, title, _description(result))
    drawing.text((_LEFT, 30), title, size=18, is_bold=True)
    drawing.text((_LEFT, 52), _description(result), color=FAINT)
    top = float(_TOP)
    for number in pairs[:MAX_PAIRS]:
        _draw_pair(drawing, result, number, top, min_ratio)
        top += _HEIGHT + _BETWEEN
    if not pairs:
        drawing.text((_LEFT, top), "Every pair is withheld, or has no ratio.")
    return drawing.as_svg(math.ceil(top))


def draw_each_pair(result: SearchResult, min_ratio: float) -> list[str]:
    """Return a picture of each pair as SVG, for a page that is printed: none is divided between pages.

    Args:
        result: The result of a search.
        min_ratio: The limit of the policy for the ratio.
    """
    pictures = []
    for number in _shown_pairs(result)[:MAX_PAIRS]:
        drawing = Drawing(_WIDTH, pair_name(result.logged.pairs[number]), _description(result))
        _draw_pair(drawing, result, number, _TITLE, min_ratio)
        pictures.append(drawing.as_svg(math.ceil(_TITLE + _HEIGHT + _AXIS)))
    return pictures or ["Every pair is withheld, or has no ratio."]


def _shown_pairs(result: SearchResult) -> list[int]:
    return [number for number, pair in enumerate(result.logged.pairs) if pair.disparate_impact_ratio is not None]


def _description(result: SearchResult) -> str:
    n_found = len({(each.score, each.rule) for each, _ in result.found})
    return f"{len(result.alternatives):,} alternatives, {n_found:,} found"


def _draw_pair(drawing: Drawing, result: SearchResult, number: int, top: float, min_ratio: float) -> None:
    has_outcomes = result.n_outcomes is not None
    logged = _mark(result.logged, result.logged.pairs[number], has_outcomes=has_outcomes)
    others = [_mark(each, each.pairs[number], has_outcomes=has_outcomes) for each in result.alternatives]
    marks = [mark for mark in others if mark is not None]
    everything = [*marks, *([logged] if logged is not None else [])]
    frame = _Frame(top, _ratio_ends(everything, min_ratio), _value_ends(everything))
    _draw_frame(drawing, frame, pair_name(result.logged.pairs[number]), has_outcomes=has_outcomes)
    for ratio, name in ((min_ratio, f"{min_ratio:.3g}"), (_PARITY, "parity")):
        drawing.line((frame.x(ratio), top), (frame.x(ratio), top + _HEIGHT), color=INK, width=1.2, dash="7 4")
        drawing.text((frame.x(ratio) + 4, top + 14), name, size=12)
    for mark in sorted(marks, key=lambda mark: mark.is_found):
        color, radius = (FOUND, 4.2) if mark.is_found else (OTHERS, 2.2)
        x = frame.x(mark.ratio)
        if mark.high > mark.low:
            bar = FOUND_BAR if mark.is_found else OTHER_BAR
            drawing.line((x, frame.y(mark.low)), (x, frame.y(mark.high)), color=bar, width=1.0)
        drawing.disc((x, frame.y(mark.low)), color=color, radius=radius)
    if logged is not None:
        place = frame.x(logged.ratio), frame.y(logged.low)
        drawing.square(place, color=LOGGED, side=10.0)
        is_left = place[0] < _WIDTH - _RIGHT - _LABEL
        side = (10, "start") if is_left else (-10, "end")
        drawing.text((place[0] + side[0], place[1] - 6), "logged decisions", size=12, anchor=side[1])
    _draw_legend(drawing, top)


def _draw_frame(drawing: Drawing, frame: _Frame, name: str, *, has_outcomes: bool) -> None:
    value = "share of good outcomes among the approved, from lower to upper bound" if has_outcomes else "approval rate"
    drawing.text((_LEFT, frame.top - 30), name, is_bold=True)
    drawing.text((_LEFT, frame.top - 10), value, size=12, color=FAINT)
    for tick in round_values(*frame.y_ends):
        if frame.y_ends[0] <= tick <= frame.y_ends[1]:
            drawing.line((_LEFT, frame.y(tick)), (_WIDTH - _RIGHT, frame.y(tick)), color=GRID)
            drawing.text((_LEFT - 8, frame.y(tick) + 4), f"{tick:.3g}", size=12, color=FAINT, anchor="end")
    bottom = frame.top + _HEIGHT
    drawing.line((_LEFT, bottom), (_WIDTH - _RIGHT, bottom), color=FAINT)
    for tick in round_values(*frame.x_ends):
        if frame.x_ends[0] <= tick <= frame.x_ends[1]:
            drawing.line((frame.x(tick), bottom), (frame.x(tick), bottom + 4), color=FAINT)
            drawing.text((frame.x(tick), bottom + 18), f"{tick:.3g}", size=12, color=FAINT, anchor="middle")
    drawing.text((_WIDTH - _RIGHT, bottom + 36), "disparate impact ratio", size=12, color=FAINT, anchor="end")


def _draw_legend(drawing: Drawing, top: float) -> None:
    drawing.disc((_WIDTH - 170, top - 34), color=FOUND, radius=4.2)
    drawing.text((_WIDTH - 160, top - 30), "found", size=12)
    drawing.disc((_WIDTH - 100, top - 34), color=OTHERS, radius=2.2)
    drawing.text((_WIDTH - 92, top - 30), "not found", size=12)


def _mark(alternative: AlternativeValues, pair: PairValues, *, has_outcomes: bool) -> _Mark | None:
    """Return where an alternative is drawn; None where a value is withheld or cannot be formed."""
    if pair.disparate_impact_ratio is None or alternative.rate is None:
        return None
    if not has_outcomes:
        return _Mark(pair.disparate_impact_ratio, alternative.rate, alternative.rate, bool(pair.is_found))
    if alternative.outcomes is None:
        return None
    outcomes = alternative.outcomes
    return _Mark(pair.disparate_impact_ratio, outcomes.lower, outcomes.upper, bool(pair.is_found))


def _ratio_ends(marks: Sequence[_Mark], min_ratio: float) -> tuple[float, float]:
    ratios = [min(mark.ratio, _HIGHEST_RATIO) for mark in marks]
    low, high = min([*ratios, min_ratio]), max([*ratios, _PARITY])
    room = max((high - low) * 0.06, 0.02)
    return max(0.0, low - room), high + room


def _value_ends(marks: Sequence[_Mark]) -> tuple[float, float]:
    low, high = min((mark.low for mark in marks), default=0.0), max((mark.high for mark in marks), default=1.0)
    room = max((high - low) * 0.06, 0.005)
    return max(0.0, low - room), min(1.0, high + room) if high < 1 else 1.0 + room
