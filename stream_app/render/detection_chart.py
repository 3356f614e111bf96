"""The chart of a table of counts: rates, ratio and gap with intervals, the evidence, alarms and recoveries.

Colors are distinguishable with any kind of color vision, and none is used alone: lines differ in their dashes, points
in their shape, and every mark has a label. Source: Okabe and Ito 2008, "Color Universal Design".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from stream_app.core.detection.bank import LOG_RECOVERY_THRESHOLD
from stream_app.core.detection.rules import RuleKind
from stream_app.offline.detection import DetectionRun
from stream_app.offline.plan import Detector, Direction
from stream_app.offline.plot_history import Bins, PlotHistory
from stream_app.render.chart_marks import draw_marks
from stream_app.render.chart_panel import HEIGHT, LEFT, WIDTH, Panel, legend
from stream_app.render.svg import FAINT, Drawing

Floats = NDArray[np.float64]

MAX_PAIRS = 12
GROUP, REFERENCE = "#D55E00", "#0072B2"
RULE_COLORS = ("#1a1a1a", "#AA4499", "#009E73")  # of the first three rules; others are gray
RECOVERY_DASH = "1 3"
DASHES = {Direction.LOW: "", Direction.HIGH: "5 4"}

_GAP_BETWEEN = 46  # room for a frame's title
_BELOW = 34  # room for the names of panes
_HIGHEST_RATIO = 2.0
_HEADROOM = 1.12  # above the highest evidence
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw_chart(run: DetectionRun, history: PlotHistory) -> str:
    """Return the chart as SVG: for each pair the rates, the ratio or the gap or both, and the evidence.

    Of more than 12 pairs those with the most evidence are drawn, and the chart says so.
    """
    n_pairs = len(run.table.pairs)
    chosen = sorted(_by_evidence(run, history)[:MAX_PAIRS])
    drawing = Drawing(WIDTH, "Rates, fairness and evidence by pane", _description(run))
    drawing.text((LEFT, 30), "Rates, fairness and evidence by pane", size=18, is_bold=True)
    drawing.text((LEFT, 50), _false_alarm_note(run), color=FAINT)
    if n_pairs > len(chosen):
        drawing.text((LEFT, 68), f"{len(chosen)} of {n_pairs} pairs, those with the most evidence", color=FAINT)
    top = 88.0
    for pair in chosen:
        top = _PairChart(drawing, run, history, pair).draw(top)
    return drawing.as_svg(math.ceil(top))


class _PairChart:
    """The frames of one pair, one below the other."""

    def __init__(self, drawing: Drawing, run: DetectionRun, history: PlotHistory, pair: int) -> None:
        self._drawing = drawing
        self._run = run
        self._history = history
        self._names = run.table.pairs[pair]
        self._n_panes = run.table.n_panes
        self._bins = Bins(run.table, pair, run.plan.design_effect)
        self._rows = [row for row, detector in enumerate(run.plan.detectors) if detector.pair == pair]
        self._detectors = [run.plan.detectors[row] for row in self._rows]

    def draw(self, top: float) -> float:
        """Draw all frames below ``top`` and return the bottom of the last one."""
        self._drawing.text((LEFT, top), f"{self._names.group} vs. {self._names.reference}", size=15, is_bold=True)
        changes = [change for change in self._run.changes if change.detector in self._rows]
        kinds = {detector.rule.kind for detector in self._detectors}
        n_frames = 2 + len(kinds)
        first = draw_marks(
            self._drawing, self._run, changes, top + 12, n_frames * (HEIGHT + _GAP_BETWEEN) - _GAP_BETWEEN
        )
        at = first
        self._rates(at)
        for kind in RuleKind:
            if kind in kinds:
                at += HEIGHT + _GAP_BETWEEN
                self._difference(at, kind)
        at += HEIGHT + _GAP_BETWEEN
        last = self._evidence(at)
        last.pane_names(self._drawing, self._run.table.labels)
        return last.bottom + _BELOW + 30

    def _rates(self, top: float) -> None:
        panel = Panel(top, self._n_panes, 0.0, 1.0)
        panel.frame(self._drawing, f"Rate, with 95% intervals{self._bin_note()}", _QUARTERS, ".2f")
        for (values, ends), color in zip(self._bins.rates, (GROUP, REFERENCE), strict=True):
            self._band(panel, ends, color)
            self._line(panel, values, color)
        for run in panel.points(self._bins.centers, self._bins.rates[0][0]):
            for point in run:
                self._drawing.disc(point, color=GROUP)
        for run in panel.points(self._bins.centers, self._bins.rates[1][0]):
            for point in run:
                self._drawing.square(point, color=REFERENCE)
        legend(
            self._drawing, top, [(f"● {self._names.group}", GROUP, ""), (f"□ {self._names.reference}", REFERENCE, "")]
        )

    def _difference(self, top: float, kind: RuleKind) -> None:
        is_ratio = kind is RuleKind.RATIO
        values, ends = self._bins.ratio if is_ratio else self._bins.gap
        panel = Panel(top, self._n_panes, *((0.0, _HIGHEST_RATIO) if is_ratio else (-1.0, 1.0)))
        name = "Disparate impact ratio" if is_ratio else "Rate difference"
        ticks = (0.0, 0.5, 1.0, 1.5, 2.0) if is_ratio else (-1.0, -0.5, 0.0, 0.5, 1.0)
        panel.frame(
            self._drawing, f"{name}, with 95% intervals{self._bin_note()}", ticks, ".1f" if is_ratio else "+.1f"
        )
        self._band(panel, ends, GROUP)
        self._line(panel, values, GROUP)
        detectors = [detector for detector in self._detectors if detector.rule.kind is kind]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(detector.name for detector in detectors))}
        for detector in detectors:
            limit, is_low = _limit(detector), detector.direction is Direction.LOW
            panel.limit(self._drawing, limit, f"limit {limit:.3g}", number=numbers[detector.name], is_below=is_low)

    def _evidence(self, top: float) -> Panel:
        log_c = max(self._run.plan.log_thresholds[row] for row in self._rows) / math.log(10)
        alarm, recovery = self._history.alarm[:, self._rows], self._history.recovery[:, self._rows]
        highest = max(log_c, float(np.fmax(np.nanmax(alarm, initial=0.0), np.nanmax(recovery, initial=0.0))))
        panel = Panel(top, self._n_panes, 0.0, highest * _HEADROOM)
        step = max(1, round(highest / 5))
        panel.frame(self._drawing, "Evidence (log10)", range(0, int(panel.high) + 1, step), "d")
        rules = dict.fromkeys(detector.name for detector in self._detectors)
        colors = dict(zip(rules, RULE_COLORS, strict=False))
        panes = self._history.centers(self._n_panes)
        entries = []
        for number, detector in enumerate(self._detectors):
            color, dash = colors.get(detector.name, FAINT), DASHES[detector.direction]
            for run in panel.points(panes, alarm[:, number]):
                self._drawing.path(run, color=color, width=2.0, dash=dash)
            for run in panel.points(panes, recovery[:, number]):
                self._drawing.path(run, color=color, width=1.6, dash=RECOVERY_DASH)
            entries.append((f"{detector.name} {detector.direction}", color, dash))
        panel.limit(self._drawing, log_c, f"alarm at 1e{log_c:.3g}")
        if not np.isnan(recovery).all():
            entries.append(("recovery", FAINT, RECOVERY_DASH))
            log_recovery = LOG_RECOVERY_THRESHOLD / math.log(10)
            panel.limit(self._drawing, log_recovery, f"recovery at 1e{log_recovery:.3g}", number=1, is_below=True)
        legend(self._drawing, top, entries)
        return panel

    def _band(self, panel: Panel, ends: Floats, color: str) -> None:
        lows = panel.points(self._bins.centers, ends[0])
        highs = panel.points(self._bins.centers, ends[1])
        for low, high in zip(lows, highs, strict=True):
            self._drawing.area([*low, *reversed(high)], color=color, opacity=0.18)

    def _line(self, panel: Panel, values: Floats, color: str) -> None:
        for run in panel.points(self._bins.centers, values):
            self._drawing.path(run, color=color)

    def _bin_note(self) -> str:
        n_panes = self._bins.n_panes_per_bin
        return f" (points of {n_panes:,} panes)" if n_panes > 1 else ""


def _limit(detector: Detector) -> float:
    """Return the limit on the scale of the chart, where disadvantage of the reference is above."""
    limit = detector.rule.limit
    is_low = detector.direction is Direction.LOW
    if detector.rule.kind is RuleKind.RATIO:
        return limit if is_low else 1 / limit
    return -limit if is_low else limit


def _by_evidence(run: DetectionRun, history: PlotHistory) -> list[int]:
    """Return the pairs, those with the highest evidence first."""
    pairs = range(len(run.table.pairs))
    highest = dict.fromkeys(pairs, 0.0)
    for row, detector in enumerate(run.plan.detectors):
        reached = float(np.nanmax(history.alarm[:, row], initial=0.0))
        highest[detector.pair] = max(highest[detector.pair], reached)
    return sorted(pairs, key=lambda pair: -highest[pair])


def _false_alarm_note(run: DetectionRun) -> str:
    return (
        f"{run.table.n_panes:,} panes; at most {run.plan.false_alarms_per_million:.3g} false alarms"
        " expected per million decisions"
    )


def _description(run: DetectionRun) -> str:
    alarms = [run.change(change) for change in run.changes if change.is_alarm]
    if not alarms:
        return "No alarm."
    return "; ".join(
        f"alarm in pane {alarm.label}: {alarm.group} vs. {alarm.reference}, {alarm.rule}, {alarm.direction},"
        f" estimated onset pane {alarm.onset_label}"
        for alarm in alarms[:MAX_PAIRS]
    )
