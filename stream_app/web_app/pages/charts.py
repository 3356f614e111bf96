"""Charts as SVG: one attribute over time (states, rates and ratios or means, evidence), and the cause of an alert."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.utils.safestring import SafeString, mark_safe

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.amounts.words import shown_amount
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.policy import ModelPolicy
from stream_app.render.charts import split_bars
from stream_app.render.report.amounts import PARTS, amount_bars, draw_amounts
from stream_app.render.report.charts import draw_evidence, draw_rates, draw_states, segment_name

_CAUSE = "Contribution to the gap by segment: mix (where people apply) and rate (how they are decided)"
_AMOUNT_CAUSE = "Contribution to the difference by segment: mix (where people are) and within (what they get there)"


def attribute_charts(results: Sequence[DisclosedResult], model: ModelPolicy) -> list[SafeString]:
    """Draw the results of one attribute and window, oldest first; every text in them is escaped by ``render``."""
    window = results[-1].window if results else ""
    title = f"State by window of {window}; blank: suppressed or no decisions"
    draw_values = draw_amounts if model.kind == "amounts" else draw_rates
    drawings = (draw_states(title, results, model.rules), draw_values(results, model), draw_evidence(results))
    return [as_markup(drawing) for drawing in drawings if drawing]


def cause_charts(alert: DisclosedAlert, model: ModelPolicy) -> list[SafeString]:
    """Draw which segments a gap, or a difference of means, comes from; nothing where it was not split."""
    if isinstance(alert.amounts, DisclosedAlertAmounts):
        return _amount_cause_charts(alert.amounts, model)
    segments = () if alert.cause is None else alert.cause.segments
    bars = [(segment_name(part.segment, model), part.mix, part.rate) for part in segments]
    return [as_markup(split_bars(_CAUSE, bars))] if bars else []


def _amount_cause_charts(amounts: DisclosedAlertAmounts, model: ModelPolicy) -> list[SafeString]:
    bars = [] if amounts.cause is None else amount_bars(amounts.cause, model)
    text = partial(shown_amount, limit=amounts.limit, is_signed=True)
    return [as_markup(split_bars(_AMOUNT_CAUSE, bars, parts_named=PARTS, text=text))] if bars else []


def as_markup(drawing: str) -> SafeString:
    """Return a drawing of ``render`` as what a template shows unchanged; keys scroll what is wider than the screen."""
    reachable = drawing.replace("<figure>", '<figure tabindex="0">')
    return mark_safe(reachable)  # noqa: S308  # made by ``render``
