"""Shows how far a replay is: a bar, or JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stream_app.cli.output import notes
from stream_app.printed_text import json_line

_REPORT_EVERY_S = 0.5


@contextmanager
def progress_bar(title: str, *, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield what takes the number of records done and their total; shows the time left, all on stderr."""
    if as_json:
        yield _json_progress(title)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Nothing is drawn without a terminal: the end of a bar would be an empty line before an error.
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(title, total=None)
        yield lambda n_done, n_total: bar.update(task, completed=n_done, total=n_total)


def _json_progress(title: str) -> Callable[[int, int], None]:
    started_s = last_s = time.monotonic()

    def report(n_done: int, n_total: int) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s < _REPORT_EVERY_S and n_done < n_total:
            return
        last_s = now_s
        left_s = (now_s - started_s) / n_done * (n_total - n_done) if n_done else 0.0
        progress = {"progress": title, "n_done": n_done, "n_total": n_total, "left_s": round(left_s, 1)}
        sys.stderr.write(json_line(progress) + "\n")

    return report
