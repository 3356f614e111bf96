"""The picture of a trade-off: every rule by its ratio and by what it costs, the best ones connected.

From left to right is the ratio, from bottom to top accuracy or repayment, as a bar from its lower to its upper bound
where not all outcomes are known. Marks differ in shape, so that no color is needed to distinguish them. Source of the
colors: Okabe and Ito 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stream_app.pipeline.replay.mitigation.results import RuleKind, RuleValue, TradeOff
from stream_app.render.charts import round_values
from stream_app.render.mitigation.wording import KINDS, MEASURES
from stream_app.render.svg import FAINT, GRID, INK, Drawing, Point

COLORS: dict[RuleKind, str] = {
    "logged": "#D55E00",
    "cut": "#595959",
    "group_cuts": "#0072B2",
    "fitted": "#CC79A7",
    "weighted": "#009E73",
    "repaired": "#E69F00",
}
# Corners around the place of a rule; a kind without any is a disc.
_CORNERS: dict[RuleKind, tuple[Point, ...]] = {
    "logged": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "group_cuts": ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
    "fitted": ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
    "weighted": ((0, 1.3), (1.2, -0.9), (-1.2, -0.9)),
    "repaired": ((-1.5, -0.5), (1.5, -0.5), (1.5, 0.5), (-1.5, 0.5)),
}
_WIDTH, _HEIGHT = 760, 340
_LEFT, _RIGHT, _TOP = 64, 24, 146
_LARGE, _SMALL = 5.5, 3.2
_RATIOS = tuple(tenth / 10 for tenth in range(11))
_LEGEND_COLUMNS = 3


class _Frame(NamedTuple):
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def place(self, ratio: float, value: float) -> Point:
        (left, right), (low, high) = self
        x = _LEFT + (ratio - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        return x, _TOP + _HEIGHT - (value - low) / (high - low) * _HEIGHT


def draw_trade_off(trade_off: TradeOff, model: str, attribute: str, min_ratio: float) -> str:
    """Return the picture as SVG.

    Args:
        trade_off: The rules.
        model: Name of the model.
        attribute: Name of the attribute.
        min_ratio: The limit of the policy for the ratio.
    """
    title = f"What less disparity costs: {attribute}, {model}"
    n_best = sum(value.is_best for value in trade_off.rules)
    description = f"{trade_off.n:,} cases, {len(trade_off.rules)} rules; the {n_best} large ones are beaten by none"
    drawing = Drawing(_WIDTH, title, description)
    drawing.text((_LEFT, 30), title, size=18, is_bold=True)
    drawing.text((_LEFT, 52), description, color=FAINT)
    if not trade_off.rules:
        drawing.text((_LEFT, _TOP), "Nobody was approved.")
        return drawing.as_svg(_TOP + 40)
    frame = _frame_of(trade_off, min_ratio)
    _draw_legend(drawing, trade_off.rules)
    _draw_axes(drawing, frame, MEASURES[trade_off.against], min_ratio)
    _draw_front(drawing, frame, trade_off)
    for value in sorted(trade_off.rules, key=lambda value: (value.is_best, value.rule == "logged")):
        bounds = _bounds(trade_off, value)
        low, high = frame.place(value.ratio, bounds[0]), frame.place(value.ratio, bounds[1])
        if low != high:
            drawing.line(low, high, color=COLORS[value.rule], width=2.0 if value.is_best else 1.0)
        _draw_mark(drawing, value.rule, low, _LARGE if value.is_best else _SMALL)
    return drawing.as_svg(_TOP + _HEIGHT + 56)


def _bounds(trade_off: TradeOff, value: RuleValue) -> tuple[float, float]:
    bounds = value.accuracy if trade_off.against == "accuracy" else value.repayment
    return bounds.lower, bounds.upper


def _draw_front(drawing: Drawing, frame: _Frame, trade_off: TradeOff) -> None:
    """Connect the best rules, where each has one value."""
    best = sorted((value.ratio, *_bounds(trade_off, value)) for value in trade_off.rules if value.is_best)
    if all(lower == upper for _, lower, upper in best):
        drawing.path([frame.place(ratio, value) for ratio, value, _ in best], color=INK, width=1.2)


def _draw_axes(drawing: Drawing, frame: _Frame, measure: str, min_ratio: float) -> None:
    (left, right), (low, high) = frame
    bottom = _TOP + _HEIGHT
    drawing.text((_LEFT, _TOP - 14), measure, size=12, color=FAINT)
    for tick in round_values(low, high):
        if low <= tick <= high:
            y = frame.place(left, tick)[1]
            drawing.line((_LEFT, y), (_WIDTH - _RIGHT, y), color=GRID)
            drawing.text((_LEFT - 8, y + 4), f"{tick:.3g}", size=12, color=FAINT, anchor="end")
    drawing.line((_LEFT, bottom), (_WIDTH - _RIGHT, bottom), color=FAINT)
    for tick in _RATIOS:
        if left <= tick <= right:
            x = frame.place(tick, low)[0]
            drawing.line((x, bottom), (x, bottom + 4), color=FAINT)
            drawing.text((x, bottom + 18), f"{tick:.3g}", size=12, color=FAINT, anchor="middle")
    x = frame.place(min_ratio, low)[0]
    drawing.line((x, _TOP), (x, bottom), color=INK, width=1.2, dash="7 4")
    drawing.text((x + 4, bottom - 8), f"limit {min_ratio:.3g}", size=12)
    drawing.text((_WIDTH - _RIGHT, bottom + 38), "lowest rate of a group / highest", size=12, color=FAINT, anchor="end")


def _draw_legend(drawing: Drawing, rules: Sequence[RuleValue]) -> None:
    drawn = {value.rule for value in rules}
    for number, kind in enumerate(kind for kind in KINDS if kind in drawn):
        x, y = _LEFT + 6 + number % _LEGEND_COLUMNS * 200, 76 + number // _LEGEND_COLUMNS * 20
        _draw_mark(drawing, kind, (x, y), _LARGE)
        drawing.text((x + 14, y + 4), KINDS[kind], size=12)


def _draw_mark(drawing: Drawing, kind: RuleKind, place: Point, size: float) -> None:
    if kind not in _CORNERS:
        drawing.disc(place, color=COLORS[kind], radius=size * 0.8)
        return
    corners = [(place[0] + x * size, place[1] + y * size) for x, y in _CORNERS[kind]]
    drawing.area(corners, color=COLORS[kind], opacity=1.0)


def _frame_of(trade_off: TradeOff, min_ratio: float) -> _Frame:
    ratios = [value.ratio for value in trade_off.rules] + [min_ratio]
    values = [end for value in trade_off.rules for end in _bounds(trade_off, value)]
    return _Frame(_ends(ratios), _ends(values))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis: beyond all values, none of which is above 1."""
    low, high = min(values), max(values)
    room = max((high - low) * 0.05, 0.01)
    return max(0.0, low - room), high + room
