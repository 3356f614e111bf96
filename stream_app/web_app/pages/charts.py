"""Charts of one attribute over time, as SVG: states, rates, ratios, evidence."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.policy import ModelPolicy
from stream_app.render.report.charts import draw_evidence, draw_rates, draw_states


def attribute_charts(results: Sequence[DisclosedResult], model: ModelPolicy) -> list[SafeString]:
    """Draw the results of one attribute and window, oldest first; every text in them is escaped by ``render``."""
    window = results[-1].window if results else ""
    title = f"State by window of {window}; white: suppressed or no decisions"
    drawings = (draw_states(title, results, model.rules), draw_rates(results, model), draw_evidence(results))
    return [as_markup(drawing) for drawing in drawings if drawing]


def as_markup(drawing: str) -> SafeString:
    """Return a drawing of ``render`` as what a template shows unchanged; keys scroll what is wider than the screen."""
    reachable = drawing.replace("<figure>", '<figure tabindex="0">')
    return mark_safe(reachable)  # noqa: S308  # made by ``render``
