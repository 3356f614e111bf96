"""Amounts in a report: means, differences and quantiles of groups, their charts and causes; disclosed values only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream_app.pipeline.disclosure.amounts.values import (
    DisclosedAlertAmounts,
    DisclosedAmountCause,
    DisclosedAmounts,
)
from stream_app.pipeline.disclosure.amounts.words import shown_amount, shown_ratio
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.results import Bounds
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Decision, ModelPolicy, Rules
from stream_app.render.charts import Limit, line_chart, split_bars
from stream_app.render.escaping import escape
from stream_app.render.report.charts import charted_window, lines_of, newest_of, segment_name

AMOUNT_HEAD = ("n:mean", "w:95% interval", "n:difference", "w:95% interval", "n:median", "n:90% below")
PARTS = ("mix", "within segments")
_MAX_CAUSES = 6


def are_of_amounts(rules: Rules) -> bool:
    """Return whether the limits of a policy are about means, not about rates."""
    return rules.max_mean_difference is not None


def amount_cells(group: DisclosedGroup, limit: float, missing: str) -> tuple[str, ...]:
    """Return the cells of a group under ``AMOUNT_HEAD``.

    Args:
        group: A group.
        limit: The limit of the policy, which decides how many digits are shown.
        missing: What is said of a group without amounts.
    """
    amounts = group.amounts
    if not isinstance(amounts, DisclosedAmounts):
        return (missing, "", missing, "", missing, missing)
    mean, difference = amounts.mean, amounts.difference or Measured(None)
    quantiles = [_number(each.value, limit) for each in amounts.quantiles]
    return (
        _number(mean, limit),
        _interval(mean, limit),
        _number(difference, limit, is_signed=True),
        _interval(difference, limit),
        *quantiles,
    )


def means_of_alert(amounts: DisclosedAlertAmounts) -> str:
    """Return both means of an alert and their difference, with its interval."""
    limit, difference = amounts.limit, amounts.difference
    means = ", ".join(_number(Measured(mean), limit) or "undefined" for mean in (amounts.mean, amounts.mean_reference))
    shown = f"{means}, {_number(difference, limit, is_signed=True)} (95% CI {_interval(difference, limit) or 'none'})"
    ratio = amounts.ratio
    if not isinstance(ratio, Measured) or ratio.value is None:
        return shown
    return f"{shown}; ratio {shown_ratio(ratio.value, ratio.lower, ratio.upper, '95% CI ')}"


def rounded_difference(amounts: DisclosedAlertAmounts) -> str:
    """Return the difference of an alert with rounded numbers: its means and its interval are not shown."""
    return f"about {_number(amounts.difference, amounts.limit, is_signed=True)}"


def amount_bars(cause: DisclosedAmountCause, model: ModelPolicy) -> list[tuple[str, float, float]]:
    """Return the bars of a decomposition, each with the name of the segment's field and its value."""
    return [(segment_name(part.segment, model), part.mix, part.within) for part in cause.segments]


def draw_amounts(windows: Sequence[DisclosedResult], model: ModelPolicy) -> str:
    """Draw the means of each attribute, and the differences from the reference with the limit on both sides."""
    window = charted_window(windows, lambda group: isinstance(group.amounts, DisclosedAmounts), is_longest=True)
    limit, parts = model.rules.max_mean_difference or 0.0, []
    name = model.decision.name if isinstance(model.decision, Decision) else "amount"
    limits = [Limit(f"limit +{limit:g}", limit), Limit(f"limit -{limit:g}", -limit)]
    for attribute in model.attributes:
        results = [result for result in newest_of(windows, window) if result.attribute == attribute.name]
        groups = tuple(attribute.groups)
        means = lines_of(groups, results, *_parts(lambda amounts: amounts.mean))
        differences = lines_of(groups, results, *_parts(lambda amounts: amounts.difference))
        title = f"{attribute.name}: mean {name} by window of {window}, with 95% intervals"
        parts.append(line_chart(title, means))
        title = f"{attribute.name}: mean {name} less that of {attribute.reference}, with 95% intervals"
        parts.append(line_chart(title, differences, limits))
    return "".join(parts)


def write_amount_causes(scenario: ScenarioResults, model: ModelPolicy) -> str:
    """Write the decomposition of the differences of the running totals."""
    parts = []
    for result in scenario.newest_totals():
        for group in result.groups:
            if isinstance(group.amounts, DisclosedAmounts) and (cause := group.amounts.cause) is not None:
                title = f"{result.attribute} {group.group} vs. {result.reference}: difference of mean amounts"
                bars = split_bars(title, amount_bars(cause, model), parts_named=PARTS)
                parts.append(bars + f"<p>{escape(group.sentence or '')}</p>")
    return "".join(parts[:_MAX_CAUSES])


def _parts(
    read: Callable[[DisclosedAmounts], Measured | None],
) -> tuple[Callable[[DisclosedGroup], float | None], Callable[[DisclosedGroup], Bounds | None]]:
    """Return what reads a value of a group, and what reads its interval."""

    def measured(group: DisclosedGroup) -> Measured:
        return (read(group.amounts) if isinstance(group.amounts, DisclosedAmounts) else None) or Measured(None)

    def bounds(group: DisclosedGroup) -> Bounds | None:
        found = measured(group)
        return None if found.lower is None else Bounds(found.lower, found.upper)

    return lambda group: measured(group).value, bounds


def _number(value: Measured, limit: float, *, is_signed: bool = False) -> str:
    return "" if value.value is None else shown_amount(value.value, limit, is_signed=is_signed)


def _interval(value: Measured, limit: float) -> str:
    if value.lower is None or value.upper is None:
        return ""
    return f"{shown_amount(value.lower, limit)} to {shown_amount(value.upper, limit)}"
