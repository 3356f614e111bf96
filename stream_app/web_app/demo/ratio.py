"""How the group fares against which the demo drifts: the newest ratio, those before it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.safestring import SafeString

from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits, state_words
from stream_app.policy import Attribute, ModelPolicy
from stream_app.render.charts import Limit, Line, Point, line_chart
from stream_app.web_app.pages.charts import as_markup
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.verdict_rows import css_of, decode_body, interval_text
from stream_app.web_app.projection.models import WindowRow

_PATH = "gender"  # where the simulated loans have what they drift about
_N_WINDOWS = 60
_NOT_COMPUTABLE = "not computable"


class Badge(NamedTuple):
    """The newest ratio.

    Attributes:
        ratio: The number, or why there is none.
        words: The state.
        css: The class that colors it.
        about: Groups, interval, number of decisions and window.
        explanation: What it means.
    """

    ratio: str
    words: str
    css: str
    about: str
    explanation: str


def drifting_attribute(model: ModelPolicy) -> Attribute:
    """Return the attribute that the drift is about; the first one if a policy has it elsewhere."""
    return next((attribute for attribute in model.attributes if attribute.path == _PATH), model.attributes[0])


def recent_results(model: ModelPolicy) -> list[DisclosedResult]:
    """Return the newest results in the smallest window, oldest first."""
    window = min(model.windows, key=lambda window: window.size_s)
    rows = WindowRow.objects.filter(
        model=model.name, attribute=drifting_attribute(model).name, window=window.name
    ).order_by("-end_s")[:_N_WINDOWS]
    return [decode_body(row.body) for row in reversed(rows)]


def badge_of(result: DisclosedResult, model: ModelPolicy) -> Badge:
    """Return the badge of a result."""
    group = _compared(result)
    about = f"{group.group} compared with {result.reference}, window of {result.window} to {utc_text(result.end_s)}"
    if group.hidden is not None or group.state is None:
        few = f"Fewer than {result.k} decisions of {group.group} or {result.reference} in this window."
        return Badge("suppressed", "too few decisions", "insufficient", about, few)
    exceeded = exceeded_limits(group, model.rules)
    ratio = group.disparate_impact_ratio
    if ratio is not None:
        about = f"{about}; 95% interval {_interval(group)}"
    return Badge(
        ratio=_NOT_COMPUTABLE if ratio is None else f"{ratio:.2f}",
        words=state_words(group.state, exceeded),
        css=css_of(group.state, is_beyond=bool(exceeded)),
        about=about,
        explanation=_explanation(group, result, model),
    )


def ratio_chart(results: Sequence[DisclosedResult], model: ModelPolicy) -> SafeString:
    """Draw the ratios of the windows; empty without any."""
    points = []
    for result in results:
        group = _compared(result)
        if group.disparate_impact_ratio is not None:
            bounds = group.ratio_bounds
            ends = (None, None) if bounds is None else (bounds.lower, bounds.upper)
            points.append(Point(result.end_s, group.disparate_impact_ratio, *ends))
    name = _compared(results[-1]).group if results else ""
    title = "Disparate impact ratio by window, with 95% intervals"
    return as_markup(line_chart(title, [Line(name, points)], [Limit("limit", model.rules.min_disparate_impact_ratio)]))


def _compared(result: DisclosedResult) -> DisclosedGroup:
    return next(group for group in result.groups if group.group != result.reference)


def _interval(group: DisclosedGroup) -> str:
    return interval_text(group.disparate_impact_ratio, group.ratio_bounds).partition("(")[2].rstrip(")")


def _explanation(group: DisclosedGroup, result: DisclosedResult, model: ModelPolicy) -> str:
    if group.sentence:
        return group.sentence
    if group.disparate_impact_ratio is None:
        return f"DIR {_NOT_COMPUTABLE}: nobody in the reference group {result.reference} was approved."
    limit = model.rules.min_disparate_impact_ratio
    name = group.group[:1].upper() + group.group[1:]
    share = f"{name} applicants are approved {group.disparate_impact_ratio:.0%} as often as {result.reference} ones"
    if exceeded_limits(group, model.rules):
        return f"{share}, beyond a limit. There is not enough evidence for an alarm yet."
    return f"{share}; the limit is {limit:.0%}. No alarm, which is not evidence of fairness."
