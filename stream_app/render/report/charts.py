"""The charts of a report: states, rates and evidence over time. Only disclosed values are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from stream_app.core.cause.cause import OTHER_SEGMENTS
from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits, state_name
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, Bounds
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Attribute, ModelPolicy, Proxy, Rules
from stream_app.render.charts import Limit, Line, Point, line_chart, state_strips

_MAX_STRIPS = 24
_MIN_POINTS = 3


def draw_timeline(scenarios: Sequence[ScenarioResults], rules: Rules) -> str:
    """Draw the state of each pair over time, for each scenario; the limits are those of the original."""
    parts = []
    for scenario in scenarios:
        window = charted_window(scenario.results, _is_judged)
        title = f"{scenario.name}: windows of {window}; blank: suppressed or no decisions"
        parts.append(draw_states(title, newest_of(scenario.results, window), rules))
    return "".join(parts)


def draw_states(title: str, results: Iterable[DisclosedResult], rules: Rules) -> str:
    """Draw the state of each pair over time, those with most breaches first.

    Args:
        title: Title of the chart.
        results: Results of windows of one size, oldest first.
        rules: Limits of the policy.
    """
    strips: dict[str, list[tuple[int, int, str]]] = {}
    for result in results:
        for group in result.groups:
            if group.hidden is None and group.state is not None:
                name = f"{result.attribute}: {group.group}"
                state = state_name(group.state, is_beyond=bool(exceeded_limits(group, rules)))
                strips.setdefault(name, []).append((result.start_s, result.end_s, state))
    ranked = sorted(
        strips.items(), key=lambda item: (-_n_of(item[1], "breach"), -_n_of(item[1], "warning"), CROSS in item[0])
    )
    return state_strips(title, ranked[:_MAX_STRIPS])


def draw_rates(windows: Sequence[DisclosedResult], model: ModelPolicy) -> str:
    """Draw the approval rates and ratios of each attribute."""
    window, parts = charted_window(windows, lambda group: group.rate is not None, is_longest=True), []
    limit = Limit("limit", model.rules.min_disparate_impact_ratio)
    attributes: list[Attribute | Proxy] = [*model.attributes, *model.proxies]
    for attribute in attributes:
        groups, mark = tuple(attribute.groups), ", estimated from probabilities" * isinstance(attribute, Proxy)
        results = [result for result in newest_of(windows, window) if result.attribute == attribute.name]
        rates = lines_of(groups, results, lambda group: group.rate, lambda group: group.rate_bounds)
        ratios = lines_of(groups, results, lambda group: group.disparate_impact_ratio, lambda group: group.ratio_bounds)
        title = f"{attribute.name}: approval rate by window of {window}{mark}, with 95% intervals"
        parts.append(line_chart(title, rates))
        title = f"{attribute.name}: disparate impact ratio vs. {attribute.reference}{mark}, with 95% intervals"
        parts.append(line_chart(title, ratios, [limit]))
    return "".join(parts)


def draw_evidence(windows: Sequence[DisclosedResult]) -> str:
    """Draw the evidence of the strongest tests."""
    window = charted_window(windows, _has_evidence)
    points: dict[str, list[Point]] = {}
    thresholds: list[float] = []
    for result in newest_of(windows, window):
        for group in result.groups:
            for test in group.evidence:
                if test.log10_e is not None and group.hidden is None and test.state is not State.BREACH:
                    name = f"{result.attribute} {group.group} {test.test}"
                    points.setdefault(name, []).append(Point(result.end_s, test.log10_e))
                    thresholds.append(test.log10_threshold)
    strongest = sorted(points.items(), key=lambda item: -max(point.value for point in item[1]))[:6]
    limits = [Limit("alarm", min(thresholds))] if thresholds else []
    title = "Evidence of a violation (log10 e-value), the six strongest tests. A line ends where its alarm was raised"
    return line_chart(title, [Line(name, line) for name, line in strongest], limits)


def lines_of(
    groups: Sequence[str],
    results: Iterable[DisclosedResult],
    value_of: Callable[[DisclosedGroup], float | None],
    bounds_of: Callable[[DisclosedGroup], Bounds | None],
) -> list[Line]:
    """Return a line for each declared group, in the order of the policy, so that its color is the same everywhere."""
    lines: dict[str, list[Point]] = {name: [] for name in groups}
    for result in results:
        for group in result.groups:
            if group.group in lines and (value := value_of(group)) is not None:
                bounds = bounds_of(group)
                ends = (None, None) if bounds is None else (bounds.lower, bounds.upper)
                lines[group.group].append(Point(result.end_s, value, *ends))
    return [Line(name, points) for name, points in lines.items()]


def newest_of(results: Iterable[DisclosedResult], window: str) -> list[DisclosedResult]:
    """Return the newest revision of each window of a size, oldest window first."""
    newest = {(result.attribute, result.end_s): result for result in results if result.window == window}
    return sorted(newest.values(), key=lambda result: result.end_s)


def charted_window(
    results: Iterable[DisclosedResult], has_value: Callable[[DisclosedGroup], bool], *, is_longest: bool = False
) -> str:
    """Return the window whose chart shows something: the shortest, or the longest, of which half is not suppressed.

    Where that is so for none, the one with most values; the empty string without results.

    Args:
        results: Results of windows and totals, revised ones too.
        has_value: Whether a group has what is drawn.
        is_longest: Prefer the longest window that has enough points for a line.
    """
    newest = {(result.attribute, result.window, result.end_s): result for result in results}.values()
    by_window: dict[tuple[int, str], list[DisclosedResult]] = {}
    for result in newest:
        if result.window != TOTAL_WINDOW:
            by_window.setdefault((result.size_s, result.window), []).append(result)
    values: dict[str, int] = {}
    for (_, window), group_of_window in sorted(by_window.items(), reverse=is_longest):
        singles = [result for result in group_of_window if CROSS not in result.attribute]
        shown = [[has_value(group) for group in result.groups] for result in singles]
        n_points = len({result.end_s for result, has in zip(singles, shown, strict=True) if any(has)})
        values[window] = sum(map(sum, shown))
        if n_points >= _MIN_POINTS and 2 * n_points >= len({result.end_s for result in singles}):
            return window
    return max(values, key=values.__getitem__, default="")


def _is_judged(group: DisclosedGroup) -> bool:
    return group.state not in (None, State.INSUFFICIENT)


def _has_evidence(group: DisclosedGroup) -> bool:
    return any(test.log10_e is not None for test in group.evidence)


def _n_of(time_ranges: Sequence[tuple[int, int, str]], state: str) -> int:
    return sum(other == state for _, _, other in time_ranges)


def segment_name(segment: str, model: ModelPolicy) -> str:
    """Return a segment with the name of its field; what stands for the others stays as it is."""
    if model.segment is None or segment == OTHER_SEGMENTS:
        return segment
    return f"{model.segment.name}={segment}"
