"""The charts of a report as SVG text: lines with bands, strips of states, bars; no scripts, nothing external."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from math import ceil, floor, log10
from typing import NamedTuple

from stream_app.render.escaping import escape

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 64, 12, 10, 26
_N_STEPS = 4  # approximate number of steps between the lines of the grid
# Distinguishable with every kind of color vision; states have the colors of the dashboards. Okabe and Ito, Color
# Universal Design, 2008; the seventh and eighth are darker colors of the same kind: yellow is too faint for a line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#404040", "#882255")
_DASHES = ("", "6 3", "2 2", "9 3 2 3", "12 4", "4 2 1 2", "1 3", "14 3 3 3")  # so that lines differ without colors
_RATE = "#E69F00"
_OUTLINED = 'fill="#ffffff" stroke="#0072B2" stroke-width="1.5"'  # the mix part; the rate part is filled
STATE_COLORS = {  # by the words for a state (``pipeline.disclosure.wording``)
    "no alarm": "#0072B2",
    "insufficient data": "#d0d7de",
    "limit exceeded, insufficient data": "#8c959f",
    "limit exceeded, not proven": "#56B4E9",
    "warning": "#F0E442",
    "breach": "#D55E00",
}


_STATE_HEIGHTS = {  # of the bar in its strip, so that states differ without colors: the worse, the higher
    "no alarm": 4,
    "insufficient data": 2,
    "limit exceeded, insufficient data": 6,
    "limit exceeded, not proven": 9,
    "warning": 13,
    "breach": 17,
}
_STRIP = 17
Key = tuple[str, str]  # name, and its sign as SVG


class Point(NamedTuple):
    """A value at a time; without an end it has no band."""

    time_s: int
    value: float
    lower: float | None = None
    upper: float | None = None


class Line(NamedTuple):
    """A named line."""

    name: str
    points: Sequence[Point]


class Limit(NamedTuple):
    """A horizontal limit with its name."""

    name: str
    value: float


class _Frame(NamedTuple):
    """The positions of times and values in the chart."""

    first_s: float
    last_s: float
    grid: Sequence[float]
    height: int

    def x(self, time_s: float) -> float:
        span = (self.last_s - self.first_s) or 1.0
        return round(_LEFT + (time_s - self.first_s) / span * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        inside = self.height - _TOP - _BOTTOM
        low, high = self.grid[0], self.grid[-1]
        share = (min(max(value, low), high) - low) / (high - low)
        return round(self.height - _BOTTOM - share * inside, 1)


def line_chart(title: str, lines: Sequence[Line], limits: Sequence[Limit] = (), *, height: int = 220) -> str:
    """Draw lines over event time with their bands, and limits; empty without any point."""
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    values = [value for p in points for value in (p.value, p.lower, p.upper) if value is not None]
    values += [limit.value for limit in limits]
    times_s = [point.time_s for point in points]
    frame = _Frame(min(times_s), max(times_s), round_values(min(values), max(values)), height)
    parts = [_axes(frame)]
    for limit in limits:
        y = frame.y(limit.value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" class="limit"/>'
            f'<text x="{_WIDTH - _RIGHT}" y="{y - 4}" text-anchor="end" class="note">{escape(limit.name)}</text>'
        )
    for number, line in enumerate(lines):
        color, dash = _COLORS[number % len(_COLORS)], _DASHES[number % len(_DASHES)]
        parts += [_band(frame, line.points, color), _polyline(frame, line.points, color, dash)]
    legend = [
        (line.name, _line_key(_COLORS[number % len(_COLORS)], _DASHES[number % len(_DASHES)]))
        for number, line in enumerate(lines)
        if line.points
    ]
    return _figure(title, "".join(parts), height, legend)


def state_strips(title: str, rows: Sequence[tuple[str, Sequence[tuple[int, int, str]]]]) -> str:
    """Draw one strip for each row: ranges of event time (start, end, state) in the color of their state."""
    time_ranges = [time_range for _, strip in rows for time_range in strip]
    if not time_ranges:
        return ""
    drawn = {state for _, _, state in time_ranges}
    height = 22 * len(rows) + _BOTTOM + 4
    left = 270
    first_s, last_s = min(s for s, _, _ in time_ranges), max(e for _, e, _ in time_ranges)
    scale = (_WIDTH - left - _RIGHT) / max(1, last_s - first_s)
    parts = []
    for number, (name, strip) in enumerate(rows):
        y = 22 * number + 2
        parts.append(f'<text x="{left - 6}" y="{y + 13}" text-anchor="end">{escape(_short(name, 38))}</text>')
        parts += [
            f'<rect x="{left + (s - first_s) * scale:.1f}" y="{y + _STRIP - _STATE_HEIGHTS.get(state, 0)}" '
            f'width="{max(1.0, (e - s) * scale - 0.4):.1f}" height="{_STATE_HEIGHTS.get(state, 0)}" '
            f'fill="{STATE_COLORS.get(state, "#ffffff")}"><title>{escape(name)}: {escape(state)}, '
            f"{time_label(s)} to {time_label(e)}</title></rect>"
            for s, e, state in strip
        ]
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x, time_s = left + share * (_WIDTH - left - _RIGHT), first_s + share * (last_s - first_s)
        parts.append(
            f'<text x="{x:.0f}" y="{height - 6}" text-anchor="{anchor}" class="note">{time_label(int(time_s))}</text>'
        )
    legend = [
        (state, _bar_key(color, _STATE_HEIGHTS[state])) for state, color in STATE_COLORS.items() if state in drawn
    ]
    return _figure(title, "".join(parts), height, legend)


def split_bars(
    title: str,
    bars: Sequence[tuple[str, float, float]],
    *,
    parts_named: tuple[str, str] = ("mix", "rate"),
    text: Callable[[float], str] = "{:+.4f}".format,
) -> str:
    """Draw the mix part and the rate part of each row from a common zero line; negative is to the left.

    Args:
        title: Title of the chart.
        bars: Name and both parts of each row.
        parts_named: What the parts are called.
        text: Writes the sum of a row.
    """
    if not bars:
        return ""
    height, left = 30 * len(bars) + _BOTTOM, 200
    reach = max(max(abs(mix), abs(rest), abs(mix + rest)) for _, mix, rest in bars) or 1.0
    middle, scale = left + (_WIDTH - left - 90) / 2, (_WIDTH - left - 90) / 2 / reach
    parts = [f'<line x1="{middle}" x2="{middle}" y1="2" y2="{height - _BOTTOM}" class="axis"/>']
    for number, (name, mix, rest) in enumerate(bars):
        y = 30 * number + 4
        parts.append(f'<text x="{left - 6}" y="{y + 15}" text-anchor="end">{escape(_short(name, 30))}</text>')
        for shift, value, fill in ((0, mix, _OUTLINED), (11, rest, f'fill="{_RATE}"')):
            x = middle + min(0.0, value) * scale
            parts.append(f'<rect x="{x:.1f}" y="{y + shift}" width="{abs(value) * scale:.1f}" height="10" {fill}/>')
        parts.append(f'<text x="{_WIDTH - 4}" y="{y + 15}" text-anchor="end" class="note">{text(mix + rest)}</text>')
    keys = (f'<rect x="1" y="1" width="10" height="10" {_OUTLINED}/>', f'<rect width="12" height="12" fill="{_RATE}"/>')
    return _figure(
        title, "".join(parts), height, [(name, _key(key)) for name, key in zip(parts_named, keys, strict=True)]
    )


def round_values(low: float, high: float) -> list[float]:
    """Return round values from at most ``low`` to at least ``high``, evenly spaced, for the lines of a grid.

    >>> round_values(0.42, 0.97), round_values(-3.0, 128.0)
    ([0.4, 0.6, 0.8, 1.0], [-50.0, 0.0, 50.0, 100.0, 150.0])
    >>> round_values(0.5, 0.5)
    [0.45, 0.5, 0.55]
    """
    if high <= low:
        margin = abs(low) * 0.1 or 0.1
        low, high = low - margin, high + margin
    unit = 10.0 ** floor(log10((high - low) / _N_STEPS))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit * _N_STEPS >= (high - low) * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def time_label(time_s: int) -> str:
    """Return event time as text, UTC.

    >>> time_label(0)
    '1970-01-01 00:00:00Z'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _axes(frame: _Frame) -> str:
    parts = []
    for value in frame.grid:
        y = frame.y(value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" class="grid"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end" class="note">{value:g}</text>'
        )
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        time_s = frame.first_s + share * (frame.last_s - frame.first_s)
        parts.append(
            f'<text x="{frame.x(time_s)}" y="{frame.height - 8}" text-anchor="{anchor}" class="note">'
            f"{time_label(int(time_s))}</text>"
        )
    return "".join(parts)


def _band(frame: _Frame, points: Sequence[Point], color: str) -> str:
    ends = [(p.time_s, p.lower, p.upper) for p in points if p.lower is not None and p.upper is not None]
    if len(ends) < 2:  # noqa: PLR2004 - a band needs two ends
        return ""
    upper = [f"{frame.x(t)},{frame.y(high)}" for t, _, high in ends]
    lower = [f"{frame.x(t)},{frame.y(low)}" for t, low, _ in reversed(ends)]
    return f'<polygon points="{" ".join([*upper, *lower])}" fill="{color}" opacity="0.14"/>'


def _polyline(frame: _Frame, points: Sequence[Point], color: str, dash: str) -> str:
    places = " ".join(f"{frame.x(p.time_s)},{frame.y(p.value)}" for p in points)
    dots = "".join(f'<circle cx="{frame.x(p.time_s)}" cy="{frame.y(p.value)}" r="2.4" fill="{color}"/>' for p in points)
    return f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="1.6"{_dashed(dash)}/>{dots}'


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _line_key(color: str, dash: str) -> str:
    line = f'<line x1="0" x2="34" y1="6" y2="6" stroke="{color}" stroke-width="2.4"{_dashed(dash)}/>'
    return _key(line, width=34)


def _bar_key(color: str, bar_height: int) -> str:
    height = bar_height * 12 // _STRIP or 1
    return _key(f'<rect y="{12 - height}" width="12" height="{height}" fill="{color}"/>')


def _key(inside: str, *, width: int = 12) -> str:
    return f'<svg width="{width}" height="12" aria-hidden="true">{inside}</svg>'


def _figure(title: str, inside: str, height: int, legend: Iterable[Key]) -> str:
    keys = "".join(f"<span>{key} {escape(name)}</span>" for name, key in legend)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{inside}</svg><div class="legend">{keys}</div></figure>'
    )


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"
