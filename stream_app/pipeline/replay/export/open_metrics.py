"""A run as OpenMetrics text with event times, for ``promtool tsdb create-blocks-from openmetrics``.

Live ``/metrics`` never exposes the past: samples with their own timestamps would linger and be rejected as out of
order. Blocks made from this file are next to the live series under the label ``run``, so that a dashboard can show both
in one panel. Only disclosed values are written.

Source: OpenMetrics 1.0 (exposition format); Prometheus, storage, "Backfilling from OpenMetrics format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stream_app.core.groups.comparison import State, worst_of
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, values_by_name
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.evidence import LimitKind, state_under
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.scenarios.results import ScenarioResults

_Value = Callable[[DisclosedGroup], float | None]


def _lower(name: str) -> _Value:
    return lambda group: None if (bounds := getattr(group, name)) is None else bounds.lower


def _upper(name: str) -> _Value:
    return lambda group: None if (bounds := getattr(group, name)) is None else bounds.upper


def _worst_case(name: str, end: str) -> _Value:
    return lambda group: getattr(getattr(group.worst_case, name, None), end, None)


def _amount(name: str, end: str) -> _Value:
    def read(group: DisclosedGroup) -> float | None:
        values = values_by_name(group.amounts) if isinstance(group.amounts, DisclosedAmounts) else {}
        return getattr(values.get(name), end, None)

    return read


_AMOUNTS = {  # by the names of values; that of the ratio, which has no unit, is below
    "mean": "Mean amount",
    "mean_difference": "Mean amount less that of the reference",
    "p50": "Median amount",
    "p50_difference": "Median amount less that of the reference",
    "p90": "Amount that one in ten decisions exceeds",
    "p90_difference": "Amount that one in ten decisions exceeds less that of the reference",
}
# Names and labels are those of /metrics.
_OF_GROUPS: dict[str, tuple[str, _Value]] = {
    "fairstream_approval_ratio": ("Approval rate of a group.", lambda group: group.rate),
    "fairstream_approval_ratio_lower": ("Lower end of its interval.", _lower("rate_bounds")),
    "fairstream_approval_ratio_upper": ("Upper end of its interval.", _upper("rate_bounds")),
    "fairstream_mean_ratio": ("Mean amount over that of the reference.", _amount("mean_ratio", "value")),
    "fairstream_disparate_impact_ratio": (
        "Approval rate over that of the reference.",
        lambda group: group.disparate_impact_ratio,
    ),
    "fairstream_disparate_impact_ratio_lower": ("Lower end of its interval.", _lower("ratio_bounds")),
    "fairstream_disparate_impact_ratio_upper": ("Upper end of its interval.", _upper("ratio_bounds")),
    "fairstream_approval_gap_ratio": ("Approval rate minus that of the reference.", lambda group: group.gap),
    "fairstream_approval_gap_ratio_lower": ("Lower end of its interval.", _lower("gap_bounds")),
    "fairstream_approval_gap_ratio_upper": ("Upper end of its interval.", _upper("gap_bounds")),
    "fairstream_window_decisions": ("Decisions of a group.", lambda group: group.n),
    **{
        f"fairstream_{metric}_worst_case_ratio_{end}": (
            f"{'Lowest' if end == 'lower' else 'Highest'} one over every allocation of unknown groups.",
            _worst_case(name, end),
        )
        for metric, name in (
            ("approval", "rate"),
            ("disparate_impact", "ratio"),
            ("approval_gap", "gap"),
        )
        for end in ("lower", "upper")
    },
    **{
        f"fairstream_{name}_amount{suffix}": (f"{what}{words}.", _amount(name, end))
        for name, what in _AMOUNTS.items()
        for suffix, words, end in (
            ("", "", "value"),
            ("_lower", ", lower end of its interval", "lower"),
            ("_upper", ", upper end of its interval", "upper"),
        )
    },
    "fairstream_undeclared_ratio": ("Share of the decisions whose group is not listed.", lambda g: g.share),
}
_LEVELS = {State.OK: 0, State.INSUFFICIENT: 1, State.WARNING: 2, State.BREACH: 3}
_LEVEL_HELP = "State of the worst shown pair: 0 ok, 1 insufficient data, 2 warning, 3 breach."
_Sample = tuple[str, int, float]  # series, event time, value
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def open_metrics_of(run: str, scenarios: Iterable[ScenarioResults]) -> Iterator[str]:
    """Yield the lines of a run.

    A window is exposed from its end on, as it is live; the newest revision counts.

    Args:
        run: Id of the run; the name of a scenario after the first is appended to it.
        scenarios: Results of each scenario.
    """
    scenarios = list(scenarios)
    newest = {
        (number, result.window, result.attribute, result.end_s): result
        for number, scenario in enumerate(scenarios)
        for result in scenario.results
        if result.window != TOTAL_WINDOW  # running totals are not exported live either
    }
    ordered = sorted(newest.items(), key=lambda item: (item[0][3], item[0]))
    names = [f"{run}:{scenario.name}" if number else run for number, scenario in enumerate(scenarios)]
    results = [(names[number], result) for (number, *_), result in ordered]
    for metric, (help_text, value_of) in _OF_GROUPS.items():
        yield _head(metric, help_text)
        yield from _by_series(_of_groups(metric, value_of, run_name, result) for run_name, result in results)
    yield _head("fairstream_alert_level", _LEVEL_HELP)
    smallest_s = min((result.size_s for _, result in results), default=0)  # a state belongs to no window: one is enough
    yield from _by_series(_levels(run_name, result) for run_name, result in results if result.size_s == smallest_s)
    yield _head("fairstream_window_end_timestamp_seconds", "Event time at which the last closed window ended.")
    yield from _by_series(_ends(run_name, result) for run_name, result in results)
    yield "# EOF\n"


def _by_series(samples: Iterable[Iterable[_Sample]]) -> Iterator[str]:
    """Yield the lines of one metric: the samples of a series one after the other, as OpenMetrics demands."""
    for series, time_s, value in sorted((sample for one in samples for sample in one), key=lambda one: one[:2]):
        yield f"{series} {value!r} {time_s}\n"


def _of_groups(metric: str, value_of: _Value, run: str, result: DisclosedResult) -> Iterator[_Sample]:
    for group in result.groups:
        if (value := value_of(group)) is not None:
            yield _sample(metric, {"group": group.group}, value, run, result)


def _levels(run: str, result: DisclosedResult) -> Iterator[_Sample]:
    for kind in LimitKind:
        states = [state_under(group.evidence, kind) for group in result.groups]
        if any(states):  # else the model has no such limit
            labels = {"model": result.model, "attribute": result.attribute, "run": run, "kind": kind.value}
            level = _LEVELS[worst_of(states)]
            yield f"fairstream_alert_level{{{_write_labels(labels)}}}", result.end_s, level


def _ends(run: str, result: DisclosedResult) -> Iterator[_Sample]:
    yield _sample("fairstream_window_end_timestamp_seconds", {}, result.end_s, run, result)


def _head(metric: str, help_text: str) -> str:
    return f"# HELP {metric} {help_text}\n# TYPE {metric} gauge\n"


def _sample(metric: str, labels: Mapping[str, str], value: float, run: str, result: DisclosedResult) -> _Sample:
    shared = {"model": result.model, "attribute": result.attribute, "window": result.window, "run": run}
    return f"{metric}{{{_write_labels({**shared, **labels})}}}", result.end_s, value


def _write_labels(labels: Mapping[str, Any]) -> str:
    return ",".join(f'{name}="{str(value).translate(_ESCAPES)}"' for name, value in labels.items())
