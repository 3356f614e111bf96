"""``fairstream detect``: the sequential detectors over a file of counts, without a broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import track

from stream_app.cli import app
from stream_app.cli.detect.options import (
    CarryHours,
    Columns,
    Delimiter,
    DesignEffect,
    DetectFlags,
    DirectionFlag,
    FalseAlarms,
    KeepAlarming,
    PlanFlags,
    Plot,
    Reference,
    Rules,
    Source,
    Threshold,
    parse_columns,
)
from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, notes, print_json
from stream_app.errors import ConfigError

if TYPE_CHECKING:
    from stream_app.offline.findings import Findings
    from stream_app.offline.run import PaneStep

_LONG_RUN = 20_000  # panes from which on progress is shown


@app.command("detect")
def detect(  # noqa: PLR0913, PLR0917 - one for each flag
    source: Source,
    reference: Reference = None,
    columns: Columns = None,
    delimiter: Delimiter = ",",
    rules: Rules = None,
    direction: DirectionFlag = DetectFlags.BOTH,
    threshold: Threshold = None,
    false_alarms_per_million: FalseAlarms = None,
    design_effect: DesignEffect = 1.0,
    carry_hours: CarryHours = 24.0,
    keep_alarming: KeepAlarming = False,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Find out from a file of counts whether a rule was broken, since when, and how large it is.

    A row is a stretch of time (a pane), in order: favorable decisions and decisions of group a, the same of the
    reference b (k_a, n_a, k_b, n_b; start is optional). With --reference a row is one group in one period. Exit code
    0: no alarm; 1: alarm; 2: the file or a flag was refused.

    Example: fairstream detect counts.csv --rule dir:0.9 --plot counts.svg
    """
    from stream_app.cli.detect.text import print_findings  # noqa: PLC0415
    from stream_app.edges.files.count_file import read_rows  # noqa: PLC0415
    from stream_app.offline.findings import Findings  # noqa: PLC0415
    from stream_app.offline.plot_history import PlotHistory  # noqa: PLC0415
    from stream_app.offline.rows import read_long, read_wide  # noqa: PLC0415
    from stream_app.offline.run import run_detectors  # noqa: PLC0415
    from stream_app.render.detection_chart import draw_chart  # noqa: PLC0415

    if plot is not None and plot.suffix.lower() != ".svg":
        raise ConfigError("--plot: expected a name that ends in .svg")
    flags = PlanFlags(rules or (), direction, threshold, false_alarms_per_million)
    names = parse_columns(columns or ())
    with closing(read_rows(source, delimiter=delimiter)) as rows:
        table = read_wide(rows, names) if reference is None else read_long(rows, names, reference)
    plan = flags.plan(
        len(table.pairs), design_effect=design_effect, carry_hours=carry_hours, has_lifecycle=not keep_alarming
    )
    findings, trail = Findings(table, plan), PlotHistory(table.n_panes, len(plan.detectors))
    if as_json:
        print_json(findings.setup())
    for step in _with_progress(run_detectors(table, plan), table.n_panes):
        findings.take(step)
        trail.take(step)
        if as_json:
            _print_step(findings, step)
    if plot is not None:
        _write(plot, draw_chart(findings, trail))
    if as_json:
        for pair in findings.pairs():
            print_json(pair)
    else:
        print_findings(findings)
    if findings.has_alarm:
        raise typer.Exit(Exit.FAILED)


def _print_step(findings: Findings, step: PaneStep) -> None:
    print_json(findings.pane(step))
    for change in step.changes:
        print_json(findings.change(change))


def _with_progress(steps: Iterator[PaneStep], n_panes: int) -> Iterator[PaneStep]:
    if n_panes < _LONG_RUN or not notes.is_terminal:
        return steps
    return iter(track(steps, "Panes", total=n_panes, console=notes, transient=True))


def _write(path: Path, picture: str) -> None:
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot write {str(path)!r}: {type(error).__name__}") from None
