"""The charts of amounts: means and their differences over time. Only disclosed values are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.results import Bounds
from stream_app.policy import Decision, ModelPolicy
from stream_app.render.charts import Limit, line_chart
from stream_app.render.report.charts import lines_of

_Values = Callable[[DisclosedAmounts], Measured | None]


def draw_amounts(windows: Sequence[DisclosedResult], model: ModelPolicy) -> str:
    """Draw the means of each attribute, and by how much they differ from that of the reference.

    Args:
        windows: Results of windows of one size, oldest first.
        model: Their policy, of kind ``amounts``.
    """
    parts, limit = [], model.rules.max_mean_difference or 0.0
    name = model.decision.name if isinstance(model.decision, Decision) else "amount"
    limits = [Limit(f"limit +{limit:g}", limit), Limit(f"limit -{limit:g}", -limit)]
    for attribute in model.attributes:
        results = [result for result in windows if result.attribute == attribute.name]
        means = lines_of(attribute.groups, results, *_measured(lambda amounts: amounts.mean))
        differences = lines_of(attribute.groups, results, *_measured(lambda amounts: amounts.difference))
        window = results[-1].window if results else ""
        title = f"{attribute.name}: mean {name} by window of {window}, with 95% intervals"
        parts.append(line_chart(title, means))
        title = f"{attribute.name}: mean {name} less that of {attribute.reference}, with 95% intervals"
        parts.append(line_chart(title, differences, limits))
    return "".join(parts)


def _measured(
    select: _Values,
) -> tuple[Callable[[DisclosedGroup], float | None], Callable[[DisclosedGroup], Bounds | None]]:
    """Return what gives one value of the amounts of a group, and what gives its interval."""

    def find(group: DisclosedGroup) -> Measured:
        amounts = group.amounts if isinstance(group.amounts, DisclosedAmounts) else None
        return (None if amounts is None else select(amounts)) or Measured(None)

    def bounds(group: DisclosedGroup) -> Bounds | None:
        found = find(group)
        return None if found.lower is None else Bounds(found.lower, found.upper)

    return lambda group: find(group).value, bounds
