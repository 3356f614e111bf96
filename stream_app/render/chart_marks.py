"""Vertical lines across the frames of a pair: alarm, estimated onset, recovery; their labels do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stream_app.offline.detection import DetectionRun
from stream_app.offline.run import AlarmChange
from stream_app.render.chart_panel import CHARACTER, LEFT, RIGHT, WIDTH, Panel, short
from stream_app.render.svg import FAINT, INK, Drawing

MAX_CHANGES = 12
RECOVERY = "#007A5A"

_ROW = 17  # pixels from one row of labels to the next
_TITLE = 34  # room for the title of the first frame


class _Mark(NamedTuple):
    pane: int
    text: str
    color: str
    dash: str


def draw_marks(drawing: Drawing, run: DetectionRun, changes: Sequence[AlarmChange], top: float, height: float) -> float:
    """Draw the marks of one pair, with their labels above the first frame.

    Args:
        drawing: Where to draw.
        run: Where the names of panes and rules.
        changes: Alarms and recoveries of the pair; the first twelve are drawn.
        top: Where the labels may start.
        height: From the top of the first frame to the bottom of the last.

    Returns:
        Where the first frame starts.
    """
    scale = Panel(0.0, run.table.n_panes, 0.0, 1.0)
    placed = _place(scale, _marks_of(run, changes[:MAX_CHANGES]))
    n_rows = 1 + max((row for _, _, row in placed), default=-1)
    if len(changes) > MAX_CHANGES:
        drawing.text(
            (LEFT, top + _ROW - 4), f"The first {MAX_CHANGES} of {len(changes)} alarms and recoveries", color=FAINT
        )
        top += _ROW
    first = top + n_rows * _ROW + _TITLE
    for mark, x, row in placed:
        y = top + (row + 1) * _ROW
        line_x = scale.x(mark.pane)
        drawing.line((line_x, y - 12), (line_x, first + height), color=mark.color, width=1.5, dash=mark.dash)
        drawing.text((x + 4, y - 3), mark.text, size=12, color=mark.color)
    return first


def _marks_of(run: DetectionRun, changes: Sequence[AlarmChange]) -> list[_Mark]:
    marks = []
    for change in changes:
        facts = run.change(change)
        name = f"{facts.rule} {facts.direction}"
        if change.is_alarm:
            marks.append(_Mark(change.onset, f"estimated onset {short(facts.onset_label)}: {name}", INK, "2 3"))
            marks.append(_Mark(change.pane, f"▼ alarm {short(facts.label)}: {name}", INK, ""))
        else:
            marks.append(_Mark(change.pane, f"✓ recovery {short(facts.label)}: {name}", RECOVERY, "9 3"))
    return sorted(marks)


def _place(scale: Panel, marks: Sequence[_Mark]) -> list[tuple[_Mark, float, int]]:
    """Place each mark in the first row of labels with room for it, inside the chart."""
    ends: list[float] = []
    placed = []
    for mark in marks:
        width = len(mark.text) * CHARACTER + 10
        x = min(scale.x(mark.pane), max(float(LEFT), WIDTH - RIGHT - width))
        row = next((row for row, end in enumerate(ends) if end < x), len(ends))
        ends[row : row + 1] = [x + width]
        placed.append((mark, x, row))
    return placed
