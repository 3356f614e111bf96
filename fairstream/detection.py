"""Detect broken rules in a table of counts: the detectors of ``fairstream detect``, on a DataFrame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fairstream.frames.build import build_frame
from fairstream.frames.detection_columns import (
    ALARM_COLUMNS,
    ALL_PANES,
    DETECTOR_COLUMNS,
    PAIR_COLUMNS,
    SINCE_ALARM,
)
from fairstream.frames.read import column_names, read_rows
from stream_app.errors import ConfigError
from stream_app.offline.columns import COLUMNS, LONG_COLUMNS, PERIOD, START, WIDE_COLUMNS, ColumnNames
from stream_app.offline.detection import DetectionRun
from stream_app.offline.plan import DEFAULT_RULES, Plan, PlanSettings
from stream_app.offline.plot_history import PlotHistory
from stream_app.offline.rows import read_long, read_wide
from stream_app.offline.run import run_detectors
from stream_app.offline.table import PaneTable
from stream_app.render.detection_chart import draw_chart

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Detection", "detect"]


@dataclass(frozen=True, eq=False)
class Detection:
    """What the detectors report about a table of counts.

    Attributes:
        alarms: Alarms and recoveries, in order of time.
        pairs: Rates, ratio and gap of each pair, with intervals for one look and confidence sequences; over all panes
            with decisions of both groups, and for a pair with an open breach also over those after its alarm, because
            the panes that led to the alarm were selected by it and overstate the breach.
        detectors: Each rule about each pair in each direction, after the last pane.
        n_panes: Panes in the table.
        false_alarms_per_million: Expected false alarms in a million decisions over all detectors, at most.
    """

    alarms: pd.DataFrame
    pairs: pd.DataFrame
    detectors: pd.DataFrame
    n_panes: int
    false_alarms_per_million: float
    _run: DetectionRun
    _history: PlotHistory

    @property
    def has_alarm(self) -> bool:
        """Whether there was any alarm, also one that was followed by a recovery."""
        return self._run.has_alarm

    def to_svg(self) -> str:
        """Return the chart of ``fairstream detect --plot``: rates, ratio or gap, and evidence over the panes."""
        return draw_chart(self._run, self._history)

    def _repr_svg_(self) -> str:
        """Show the chart in a notebook."""
        return self.to_svg()

    def __repr__(self) -> str:
        n_alarms = int((self.alarms["type"] == "alarm").sum())
        return f"Detection({self.n_panes} panes, {len(self.detectors)} detectors, {n_alarms} alarms)"


def detect(  # noqa: PLR0913 - the options of the command, by name
    counts: pd.DataFrame,
    rules: Sequence[str] = DEFAULT_RULES,
    *,
    reference: str | None = None,
    columns: Mapping[str, str] | None = None,
    direction: Literal["low", "high", "both"] = "both",
    threshold: float | None = None,
    false_alarms_per_million: float | None = None,
    design_effect: float = 1.0,
    period: int = 1,
    reset_after_alarm: bool = False,
) -> Detection:
    """Test whether a rule was violated, from which pane on, and by how much, as ``fairstream detect`` does.

    A *wide* table has one row for each pane (a slice of time), in order of time: favorable decisions and decisions of
    group a and of the reference b in the columns ``k_a``, ``n_a``, ``k_b``, ``n_b``, and optionally ``start``. A *long*
    table has one row for each group and period, in the columns ``group``, ``n``, ``k`` and ``period`` or ``start``; it
    needs the name of the ``reference`` group. Named levels of the index count as columns.

    The evidence is the statistic of a Shiryaev-Roberts e-detector. While the rules are kept, at most
    ``false_alarms_per_million`` false alarms are expected in a million decisions, over all detectors together and
    however often you look.

    Args:
        counts: Counts in order of time. Counts are whole numbers from 0 to 1,000,000,000.
        rules: ``dir:LIMIT`` (lowest ratio) and ``gap:LIMIT`` (widest gap).
        reference: Group that all others are compared with; the table is then long.
        columns: What a column is called in the table, by its name here: ``{"k_a": "women_approved"}``.
        direction: ``low``: harm to the group; ``high``: harm to the reference; ``both``: either.
        threshold: Evidence at which to alarm, above 1; instead of ``false_alarms_per_million``.
        false_alarms_per_million: False-alarm budget, above 0 and below 1,000,000; None for 0.1.
        design_effect: Divide counts by this where decisions depend on each other, 1 to 1000.
        period: Rows (of a long table: periods) that are added up and compared at once, >= 1.
        reset_after_alarm: Reset after each alarm instead of waiting for recovery.

    Returns:
        Alarms, estimates and final states as DataFrames.

    Raises:
        ConfigError: An argument is invalid, a column is missing, or a cell does not fit; with the row and the column.
        DependencyMissingError: pandas is not installed.

    Source: Shin, Ramdas and Rinaldo 2024, "E-detectors: a nonparametric framework for sequential change detection".

    >>> import pandas as pd
    >>> counts = pd.DataFrame({"k_a": [35] * 5 + [15] * 20, "n_a": 50, "k_b": [35] * 25, "n_b": 50})
    >>> detection = detect(counts, ["dir:0.8"])
    >>> detection
    Detection(25 panes, 2 detectors, 1 alarms)
    >>> alarm = detection.alarms.iloc[0]
    >>> alarm.type, alarm.rule, alarm.direction, int(alarm.pane), int(alarm.onset_pane)
    ('alarm', 'dir:0.8', 'low', 8, 5)
    """
    settings = PlanSettings(
        rules=rules,
        direction=direction,
        threshold=threshold,
        false_alarms_per_million=false_alarms_per_million,
        design_effect=design_effect,
        has_lifecycle=not reset_after_alarm,
    )
    settings.validate()
    if period < 1:
        raise ConfigError("period: expected a whole number above 0")
    table = _read_table(counts, columns or {}, reference).in_periods_of(period)
    plan = settings.plan(len(table.pairs))
    run, history = DetectionRun(table, plan), PlotHistory(table.n_panes, len(plan.detectors))
    for step in run_detectors(table, plan):
        run.take(step)
        history.take(step)
    pairs = [msgspec.to_builtins(pair) for pair in run.pairs()]
    return Detection(
        alarms=build_frame(ALARM_COLUMNS, _alarm_records(run)),
        pairs=build_frame(PAIR_COLUMNS, _pair_records(pairs)),
        detectors=build_frame(DETECTOR_COLUMNS, _detector_records(pairs, plan)),
        n_panes=table.n_panes,
        false_alarms_per_million=plan.false_alarms_per_million,
        _run=run,
        _history=history,
    )


def _read_table(counts: pd.DataFrame, columns: Mapping[str, str], reference: str | None) -> PaneTable:
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise ConfigError(f"columns: unknown name {unknown[0]!r}", action=f"Known: {', '.join(COLUMNS)}")
    rows, names = read_rows(counts), ColumnNames(columns)
    if not isinstance(reference, str | None):
        raise ConfigError(f"reference: expected the name of a group, got {type(reference).__name__}")
    present = column_names(counts) if hasattr(counts, "columns") else ()
    needed = list(WIDE_COLUMNS if reference is None else LONG_COLUMNS)
    if reference is not None and names.of(START) not in present:
        needed.append(PERIOD)
    if present and (missing := [names.of(column) for column in needed if names.of(column) not in present]):
        raise ConfigError(
            f"counts: there is no column {missing[0]!r}",
            action=f"Expected {', '.join(needed)}; map other names with columns={{...}}",
        )
    if reference is None:
        return read_wide(rows, names)
    try:
        return read_long(rows, names, reference)
    except ConfigError as error:  # where it speaks of an option of the command it means the argument
        raise ConfigError(error.message.removeprefix("--"), action=error.action) from None


def _alarm_records(run: DetectionRun) -> Iterator[Mapping[str, Any]]:
    table = run.table
    for change in run.changes:
        facts = msgspec.to_builtins(run.change(change))
        facts["start_s"] = int(table.starts_s[change.pane]) if table.has_times else None
        for name, pane in (
            ("onset_s", change.onset),
            ("onset_earliest_s", change.onset_earliest),
            ("onset_latest_s", change.onset_latest),
        ):
            facts[name] = int(table.starts_s[pane]) if table.has_times else None
        yield {"change": facts}


def _pair_records(pairs: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for pair in pairs:
        yield {"pair": pair, "over": ALL_PANES, "estimate": pair["overall"]}
        if pair["since_alarm"] is not None:
            yield {"pair": pair, "over": SINCE_ALARM, "estimate": pair["since_alarm"]}


def _detector_records(pairs: Iterable[Mapping[str, Any]], plan: Plan) -> Iterator[Mapping[str, Any]]:
    for pair in pairs:
        for rule in pair["rules"]:
            log_values = {
                "log10_sr": rule["log_sr"],
                "log10_highest": rule["highest_log_sr"],
                "log10_threshold": plan.log_thresholds[rule["detector"]],
            }
            tens = {name: None if value is None else value / math.log(10) for name, value in log_values.items()}
            yield {"pair": pair, "rule": {**rule, **tens}}
