"""Hours per capita by level, as cells of a listing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from stream_app.cli.layout.listing import Cell, Column
from stream_app.pipeline.records.hours.allocation_results import HoursRatio

_RESIDENTS = 1000
_REASONS = {
    "no_areas": "no areas",
    "no_reference_areas": "no reference areas",
    "no_population": "no residents",
    "no_reference_population": "no residents in the reference",
    "no_hours": "no hours",
    "reference_zero": "reference has no hours",
}


def level_columns(limit: float) -> list[Column]:
    """Return the columns of ``level_cells``."""
    return [
        Column("level", is_head=True),
        Column("per 1,000", is_number=True),
        Column("ratio of means", is_number=True),
        Column("95 % interval", is_number=True),
        Column("ratio of totals", is_number=True),
        Column("interval", is_number=True),
        Column(f"limit {limit:g}"),
    ]


def level_cells(
    level: str, total_per_capita: float | None, of_means: HoursRatio | None, of_totals: HoursRatio | None
) -> Iterator[Cell]:
    """Yield the cells of a level; of the reference without ratios."""
    yield level
    yield "" if total_per_capita is None else f"{total_per_capita * _RESIDENTS:.1f}"
    for ratio in (of_means, of_totals):
        yield "" if ratio is None or ratio.value is None else f"{ratio.value:.2f}"
        yield "" if ratio is None else _interval(ratio)
    yield Text("") if of_means is None or of_totals is None else _verdict(of_means, of_totals)


def level_captions(reference: str, ratios: Sequence[HoursRatio | None]) -> list[str]:
    """Return what a reader must know to understand the ratios."""
    captions = [
        f"Hours per resident of a level / those of {reference}. Means: each area counts alike.",
        "Totals: each resident does. per 1,000: hours per 1,000 residents of all its areas.",
    ]
    if any(ratio is not None and ratio.interval_reason == "open" for ratio in ratios):
        captions.append("An interval without an end: this few areas rule out no larger ratio.")
    return captions


def _interval(ratio: HoursRatio) -> str:
    if ratio.lower is None:
        return ""
    return f"{ratio.lower:.2f}-" + ("" if ratio.upper is None else f"{ratio.upper:.2f}")


def _verdict(of_means: HoursRatio, of_totals: HoursRatio) -> Text:
    if not (of_means.is_over or of_totals.is_over):
        return Text("within" if of_means.value is not None else _REASONS[of_means.reason or ""])
    over = of_means if of_means.is_over else of_totals
    if over.value is None:
        return Text("above: " + _REASONS[over.reason or ""], style="red")
    return Text("above" if over.value > 1 else "below", style="red")
