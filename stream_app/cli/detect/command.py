"""``fairstream detect``: read counts, run the detectors, print alarms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from stream_app.cli.detect.options import CountFlags, PlanFlags
from stream_app.cli.detect.text import print_run
from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json
from stream_app.cli.output import notes, print_json
from stream_app.edges.files.count_file import read_rows
from stream_app.edges.files.writing import write_file
from stream_app.errors import ConfigError
from stream_app.offline.detection import DetectionRun
from stream_app.offline.plot_history import PlotHistory
from stream_app.offline.rows import read_long, read_wide
from stream_app.offline.run import PaneStep, run_detectors
from stream_app.render.detection_chart import draw_chart

_LONG_RUN = 20_000  # number of panes from which on progress is shown


@with_flags
def detect(
    source: Annotated[str, typer.Argument(metavar="FILE", help="CSV, JSON list or JSON lines; - for standard input.")],
    counts: CountFlags,
    plan_flags: PlanFlags,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw rates, ratio or gap, and evidence.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the sequential detectors over a file of counts.

    Says whether a rule was violated, the estimated onset, and how large the difference is. A row is one pane of time:
    favorable decisions and decisions of group a, then of reference b (k_a, n_a, k_b, n_b; start is optional). With
    --reference, a row is one group in one period. Rows are in order of time.

    Ends with 0 if there is no alarm, with 1 if there is one, with 2 if the file or a flag is invalid, with 74 if the
    output cannot be written.

    Example: fairstream detect counts.csv --rule dir:0.9 --plot counts.svg
    """
    if plot is not None and plot.suffix.lower() != ".svg":
        raise ConfigError("--plot: expected a name that ends in .svg")
    names = counts.column_names()
    with closing(read_rows(source, delimiter=counts.delimiter)) as rows:
        read = read_long(rows, names, counts.reference) if counts.reference is not None else read_wide(rows, names)
    table = read.in_periods_of(counts.period)
    plan = plan_flags.plan(len(table.pairs))
    run, history = DetectionRun(table, plan, read), PlotHistory(table.n_panes, len(plan.detectors))
    if as_json:
        print_json(run.setup())
    for step in _with_progress(run_detectors(table, plan), table.n_panes):
        run.take(step)
        history.take(step)
        if as_json:
            _print_step(run, step)
    if plot is not None:
        write_file(plot, draw_chart(run, history))
    if as_json:
        for pair in run.pairs():
            print_json(pair)
    else:
        print_run(run)
    if run.has_alarm:
        raise typer.Exit(Exit.FAILED)


def _print_step(run: DetectionRun, step: PaneStep) -> None:
    print_json(run.pane(step))
    for change in step.changes:
        print_json(run.change(change))


def _with_progress(steps: Iterator[PaneStep], n_panes: int) -> Iterator[PaneStep]:
    if n_panes < _LONG_RUN or not notes.is_terminal:
        return steps
    return iter(track(steps, "Panes", total=n_panes, console=notes, transient=True))
