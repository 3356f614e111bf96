"""Charts as SVG: one attribute over time (states, rates, ratios, evidence), and the cause of an alert."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe

from stream_app.core.cause.cause import OTHER_SEGMENTS
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.policy import ModelPolicy
from stream_app.render.charts import split_bars
from stream_app.render.report.charts import draw_evidence, draw_rates, draw_states

_CAUSE = "Contribution to the gap by segment: mix (where people apply) and rate (how they are decided)"


def attribute_charts(results: Sequence[DisclosedResult], model: ModelPolicy) -> list[SafeString]:
    """Draw the results of one attribute and window, oldest first; every text in them is escaped by ``render``."""
    window = results[-1].window if results else ""
    title = f"State by window of {window}; blank: suppressed or no decisions"
    drawings = (draw_states(title, results, model.rules), draw_rates(results, model), draw_evidence(results))
    return [as_markup(drawing) for drawing in drawings if drawing]


def cause_charts(cause: DisclosedCause | None, model: ModelPolicy) -> list[SafeString]:
    """Draw which segments a gap comes from; nothing where it was not split."""
    name = "" if model.segment is None else f"{model.segment.name}="
    bars = [
        (part.segment if part.segment == OTHER_SEGMENTS else f"{name}{part.segment}", part.mix, part.rate)
        for part in (() if cause is None else cause.segments)
    ]
    return [as_markup(split_bars(_CAUSE, bars))] if bars else []


def as_markup(drawing: str) -> SafeString:
    """Return a drawing of ``render`` as what a template shows unchanged; keys scroll what is wider than the screen."""
    reachable = drawing.replace("<figure>", '<figure tabindex="0">')
    return mark_safe(reachable)  # noqa: S308  # made by ``render``
