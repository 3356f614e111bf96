"""A run as OpenMetrics text with event times, for ``promtool tsdb create-blocks-from openmetrics``.

Live ``/metrics`` never carries the past: samples with own timestamps would linger and be refused as out of order.
Blocks made from this file stand beside the live series under the label ``run``, so that a dashboard can lay one over
the other. Only disclosed values go in.

Source: OpenMetrics 1.0 (exposition format); Prometheus, storage, "Backfilling from OpenMetrics format".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stream_app.pipeline.disclosed import DisclosedResult
from stream_app.pipeline.replay.deltas import Said
from stream_app.pipeline.results import TOTAL_WINDOW

_FAMILIES = {  # metric -> field of a group, help; names and labels are those of /metrics
    "fairstream_approval_ratio": ("rate", "Approval rate of a group."),
    "fairstream_disparate_impact_ratio": ("disparate_impact_ratio", "Approval rate over that of the reference."),
    "fairstream_approval_gap_ratio": ("gap", "Approval rate minus that of the reference."),
    "fairstream_window_decisions": ("n", "Decisions of a group."),
}
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def open_metrics_of(run: str, said: Iterable[Said]) -> Iterator[str]:
    """Yield the lines of a run.

    A window shows from its end on, as it does live; the newest revision counts.

    Args:
        run: Id of the run; variants after the first get their name behind it.
        said: What each variant says.
    """
    said = list(said)
    newest = {
        (number, own.window, own.attribute, own.end_s): own
        for number, each in enumerate(said)
        for own in each.results
        if own.window != TOTAL_WINDOW  # running totals are not exported live either
    }
    ordered = sorted(newest.items(), key=lambda item: (item[0][3], item[0]))
    names = [run if not number else f"{run}:{own.name}" for number, own in enumerate(said)]
    for metric, (field, help_text) in _FAMILIES.items():
        yield f"# HELP {metric} {help_text}\n# TYPE {metric} gauge\n"
        for (number, *_), result in ordered:
            yield from _samples(metric, field, names[number], result)
    yield "# EOF\n"


def _samples(metric: str, field: str, run: str, result: DisclosedResult) -> Iterator[str]:
    for group in result.groups:
        value = getattr(group, field)
        if value is not None:
            labels = {
                "model": result.model,
                "attribute": result.attribute,
                "group": group.group,
                "window": result.window,
                "run": run,
            }
            yield f"{metric}{{{_written(labels)}}} {value!r} {result.end_s}\n"


def _written(labels: Mapping[str, Any]) -> str:
    return ",".join(f'{name}="{str(value).translate(_ESCAPES)}"' for name, value in labels.items())
