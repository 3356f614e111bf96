"""Panels with an axis: lines, states and buckets over time, and bars to either side of 0."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.boards.board_checks import STEP_S, Source
from tests.support.boards.pictures.fields import escape, in_unit, show, text_on
from tests.support.boards.pictures.frames import Drawn, Table

_LEFT, _BOTTOM, _TOP = 64, 22, 8
Marks = Sequence[tuple[float, str]]


class Plot:
    """A rectangle of time and value in pixels.

    Args:
        source: Its time range is the axis.
        width: In pixels.
        height: In pixels.
        low: Lowest value.
        high: Highest value.
    """

    def __init__(self, source: Source, width: float, height: float, low: float, high: float) -> None:
        self.width, self.height, self._low, self._high = width, height, low, high
        self._start_s, self._end_s = source.start_s, source.end_s
        self.parts: list[str] = []

    def x(self, time_s: float) -> float:
        """Return the place of a time."""
        return _LEFT + (time_s - self._start_s) / (self._end_s - self._start_s) * (self.width - _LEFT - 8)

    def y(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self._low) / (self._high - self._low)
        return self.height - _BOTTOM - share * (self.height - _BOTTOM - _TOP)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """Draw a line."""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>')

    def word(self, x: float, y: float, text: str, anchor: str = "end", style: str = 'class="axis"') -> None:
        """Write a word."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {style}>{escape(text)}</text>')

    def draw_axes(self, config: Mapping[str, Any], *, has_values: bool = True) -> None:
        """Draw the grid with times and values."""
        for step in range(5):
            if has_values:
                value = self._low + (self._high - self._low) * step / 4
                self.line(_LEFT, self.y(value), self.width - 8, self.y(value), 'class="grid"')
                self.word(_LEFT - 6, self.y(value) + 4, in_unit(value, _axis_digits(config, self._high - self._low)))
            time_s = self._start_s + (self._end_s - self._start_s) * step / 4
            minutes = int(time_s // 60)
            self.word(self.x(time_s), self.height - 6, f"{minutes // 60 % 24:02}:{minutes % 60:02}", "middle")

    def draw_marks(self, marks: Marks) -> None:
        """Draw annotations as thin lines."""
        for time_s, color in marks:
            if self._start_s <= time_s <= self._end_s:
                place = self.x(time_s)
                self.line(place, _TOP, place, self.height - _BOTTOM, f'stroke="{color}" stroke-dasharray="4 3"')

    def svg(self) -> str:
        """Return the picture."""
        return f'<svg width="{self.width:.0f}" height="{self.height:.0f}">{"".join(self.parts)}</svg>'


def draw_lines(
    panel: Mapping[str, Any], drawn: Sequence[Drawn], marks: Marks, source: Source, size: tuple[float, float]
) -> str:
    """Draw lines, bands and bars over time, with the legend below."""
    shown = [one for one in drawn if not one.field.config.get("custom.hideFrom", {}).get("legend")]
    legend = _legend([(one.field.name, one.field.color or "currentColor") for one in shown])
    height = size[1] - 22 * math.ceil(sum(8 * len(one.field.name) + 34 for one in shown) / size[0])
    stacks = _stacks(drawn)
    values = [value for one in drawn for _, value in one.points] + [value for pair in stacks.values() for value in pair]
    custom = panel["fieldConfig"]["defaults"].get("custom", {})
    values += [custom[key] for key in ("axisSoftMin", "axisSoftMax") if key in custom]
    low, high = min(values), max(values)
    pad = (high - low) * 0.05 or abs(high) * 0.1 or 1.0
    plot = Plot(source, size[0], height, low if low == 0 else low - pad, high + pad)
    plot.draw_axes(drawn[0].field.config)
    by_name = {one.field.name: one for one in drawn}
    below: dict[tuple[float, bool], float] = {}
    for one in drawn:
        if under := one.field.config.get("custom.fillBelowTo"):
            _fill_between(plot, one, by_name[under])
        elif one.field.config.get("custom.drawStyle") == "bars":
            _bars_over_time(plot, one, below)
        elif one.field.config.get("custom.showPoints") == "always":
            for time_s, value in one.points:
                plot.parts.append(f'<circle cx="{plot.x(time_s):.1f}" cy="{plot.y(value):.1f}" r="2.5" {_fill(one)}/>')
        elif one.field.config.get("custom.lineWidth", 2):
            _line(plot, one)
    plot.draw_marks(marks)
    return plot.svg() + legend


def draw_states(drawn: Sequence[Drawn], marks: Marks, source: Source, size: tuple[float, float]) -> str:
    """Draw states over time, each with its word."""
    plot = Plot(source, size[0], size[1], 0, len(drawn))
    names = 8 + 7 * max(len(one.field.name) for one in drawn)
    shift = names / size[0]
    plot.parts.append(f'<g transform="translate({names - _LEFT + 8:.0f} 0) scale({1 - shift:.3f} 1)">')
    words = []
    for row, one in enumerate(drawn):
        top, bottom = plot.y(len(drawn) - row - 0.1), plot.y(len(drawn) - row - 0.9)
        for start_s, end_s, value in _runs(one.points):
            text, color = show(value, one.field)
            left, right = plot.x(start_s), plot.x(min(end_s, source.end_s))
            plot.parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(1, right - left):.1f}" height="{bottom - top:.1f}" '
                f'fill="{color or one.field.color or "#999999"}"/>'
            )
            if (right - left) * (1 - shift) > 6 * len(text):
                words.append(((left + right) / 2, (top + bottom) / 2 + 4, text, color))
    plot.draw_marks(marks)
    plot.parts.append("</g>")
    for row, one in enumerate(drawn):
        plot.word(names, plot.y(len(drawn) - row - 0.5) + 4, one.field.name)
    for x, y, text, color in words:
        style = f'class="axis" style="fill:{text_on(color) if color else "currentColor"}"'
        plot.word(names - _LEFT + 8 + x * (1 - shift), y, text, "middle", style)
    return plot.svg()


def draw_split_bars(table: Table, name: str, size: tuple[float, float]) -> str:
    """Draw horizontal bars to either side of 0, made of stacked parts."""
    parts = [field for field in table.fields if field.name != name]
    totals = [abs(float(row.get(part.name) or 0)) for row in table.rows for part in parts]
    sums = [
        sum(max(0.0, sign * float(row.get(part.name) or 0)) for part in parts) for row in table.rows for sign in (1, -1)
    ]
    high = max([*totals, *sums]) * 1.1 or 1.0
    left, height = 190, size[1] - 50
    width = size[0] - left - 60
    step = height / len(table.rows)
    drawn = [f'<line x1="{left + width / 2}" y1="0" x2="{left + width / 2}" y2="{height}" class="zero"/>']
    for place, row in enumerate(table.rows):
        y = place * step + step * 0.15
        label = escape(str(row[name]))
        drawn.append(f'<text x="{left - 8}" y="{y + step * 0.4:.1f}" text-anchor="end" class="axis">{label}</text>')
        ends = {1: 0.0, -1: 0.0}
        for part in parts:
            value = row.get(part.name)
            if not isinstance(value, float) or not value:
                continue
            sign = 1 if value > 0 else -1
            start, ends[sign] = ends[sign], ends[sign] + value
            x1, x2 = (left + width / 2 + one / high * width / 2 for one in sorted((start, ends[sign])))
            drawn.append(
                f'<rect class="bar" data-value="{value!r}" x="{x1:.1f}" y="{y:.1f}" width="{x2 - x1:.1f}" '
                f'height="{step * 0.7:.1f}" fill="{part.color}"/>'
            )
    for share in (-1, -0.5, 0, 0.5, 1):
        x = left + width / 2 * (1 + share)
        text = in_unit(share * high, parts[0].config)
        drawn.append(f'<text x="{x:.0f}" y="{height + 16:.0f}" text-anchor="middle" class="axis">{text}</text>')
    legend = _legend([(part.name, part.color) for part in parts]) if len(parts) > 1 else ""
    return f'<svg width="{size[0]:.0f}" height="{height + 22:.0f}">{"".join(drawn)}</svg>{legend}'


def draw_buckets(drawn: Sequence[Drawn], source: Source, size: tuple[float, float]) -> str:
    """Draw the buckets of a histogram over time: what is in a bucket is what the next smaller one does not have."""
    ordered = sorted(drawn, key=lambda one: math.inf if one.labels["le"] == "+Inf" else float(one.labels["le"]))
    plot = Plot(source, size[0], size[1], 0, len(ordered))
    below: dict[float, float] = {}
    top = max(one.newest for one in ordered) or 1.0
    for row, one in enumerate(ordered):
        plot.word(_LEFT - 6, plot.y(row + 0.4), one.labels["le"])
        for time_s, value in one.points:
            share = max(0.0, value - below.get(time_s, 0.0)) / top
            below[time_s] = value
            width = plot.x(time_s + STEP_S) - plot.x(time_s)
            plot.parts.append(
                f'<rect x="{plot.x(time_s):.1f}" y="{plot.y(row + 1):.1f}" width="{width:.1f}" '
                f'height="{plot.y(row) - plot.y(row + 1) - 1:.1f}" fill="#0072B2" fill-opacity="{share:.2f}"/>'
            )
    plot.draw_axes({}, has_values=False)
    return plot.svg()


def _line(plot: Plot, one: Drawn) -> None:
    style = one.field.config.get("custom.lineStyle", {}).get("fill")
    dash = 'stroke-dasharray="8 6"' if style == "dash" else ""
    for start_s, end_s, value in _runs(one.points):
        plot.line(plot.x(start_s), plot.y(value), plot.x(end_s), plot.y(value), f"{_stroke(one)} {dash}")
    for (before_s, before), (after_s, after) in zip(one.points, one.points[1:], strict=False):
        if after != before and after_s - before_s <= STEP_S:
            plot.line(plot.x(after_s), plot.y(before), plot.x(after_s), plot.y(after), f"{_stroke(one)} {dash}")


def _fill_between(plot: Plot, upper: Drawn, lower: Drawn) -> None:
    share = upper.field.config["custom.fillOpacity"] / 100
    ends = dict(lower.points)
    for time_s, value in upper.points:
        x, width = plot.x(time_s), plot.x(time_s + STEP_S) - plot.x(time_s)
        height = plot.y(ends[time_s]) - plot.y(value)
        plot.parts.append(
            f'<rect x="{x:.1f}" y="{plot.y(value):.1f}" width="{width:.2f}" height="{height:.1f}" '
            f'fill="{upper.field.color}" fill-opacity="{share}"/>'
        )


def _bars_over_time(plot: Plot, one: Drawn, below: dict[tuple[float, bool], float]) -> None:
    for time_s, value in one.points:
        start = below.get((time_s, value < 0), 0.0)
        below[time_s, value < 0] = start + value
        y1, y2 = sorted((plot.y(start), plot.y(start + value)))
        width = max(1.0, (plot.x(time_s + STEP_S) - plot.x(time_s)) * 0.9)
        plot.parts.append(
            f'<rect x="{plot.x(time_s):.1f}" y="{y1:.1f}" width="{width:.1f}" height="{y2 - y1:.1f}" {_fill(one)} '
            'fill-opacity="0.7"/>'
        )


def _stacks(drawn: Sequence[Drawn]) -> dict[float, list[float]]:
    stacks: dict[float, list[float]] = {}
    for one in drawn:
        if one.field.config.get("custom.drawStyle") == "bars":
            for time_s, value in one.points:
                pair = stacks.setdefault(time_s, [0.0, 0.0])
                pair[value < 0] += value
    return stacks


def _runs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Return start, end and value of each time range of one value without a gap."""
    runs: list[tuple[float, float, float]] = []
    for time_s, value in points:
        if runs and runs[-1][2] == value and time_s <= runs[-1][1]:
            runs[-1] = (runs[-1][0], time_s + STEP_S, value)
        else:
            runs.append((time_s, time_s + STEP_S, value))
    return runs


def _axis_digits(config: Mapping[str, Any], span: float) -> dict[str, Any]:
    scaled = span * 100 if config.get("unit") == "percentunit" else span
    decimals = 0 if scaled >= 8 else 1 if scaled >= 0.8 else 2 if scaled >= 0.08 else 3
    return {"unit": config.get("unit", "none"), "decimals": None if config.get("unit") == "s" else decimals}


def _stroke(one: Drawn) -> str:
    return f'stroke="{one.field.color or "currentColor"}" stroke-width="2"'


def _fill(one: Drawn) -> str:
    return f'fill="{one.field.color or "currentColor"}"'


def _legend(names: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<span><i style="background:{color}"></i>{escape(name)}</span>' for name, color in names)
    return f'<div class="legend">{items}</div>'
