"""The page of cameras: published counts by zone and class, window by window, with what was done to protect people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, exp, log, prod
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from stream_app.core.noise.pooling import ALL as ADDED_UP
from stream_app.pipeline.records.aggregates import EXACT, Aggregate
from stream_app.policy import ModelPolicy
from stream_app.render.charts import Line, Point, line_chart
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.history.names import models_in
from stream_app.web_app.pages.cameras.budget import budget_of
from stream_app.web_app.pages.charts import as_markup
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.parts.filters import FilterField, choice_of, choose
from stream_app.web_app.pages.watched import watched_models
from stream_app.web_app.projection.camera_windows import shown_aggregate
from stream_app.web_app.projection.models import CameraWindow
from stream_app.web_app.projection.store import CAMERA_TOPICS

_PER_PAGE, _N_DRAWN, _N_LINES = 6, 120, 8
_LEVEL = 0.05


class Label(NamedTuple):
    """The label of a cell in one dimension."""

    name: str
    value: str


class CellRow(NamedTuple):
    """One published count."""

    labels: list[Label]
    n: str


class WindowCounts(NamedTuple):
    """The published counts of one window."""

    id: int
    title: str
    notes: list[str]
    names: list[str]
    cells: list[CellRow]
    is_noisy: bool
    is_over_budget: bool


@page(EVERY_ROLE)
def show_cameras(request: HttpRequest) -> HttpResponse:
    """Show the counts of one model of cameras, in windows of one size."""
    models = {model.name: model for model in watched_models() if model.kind == "counts"}
    if not models:
        return show(request, "cameras.html", {})
    with_counts = models_in(CameraWindow)
    first = next((name for name in models if name in with_counts), next(iter(models)))
    chosen = choose(request, "model", "Model", {name: name for name in models}, first)
    model = models[chosen.value]
    names = published_windows(model)
    asked = choice_of(request, "window", {name for one in models.values() for name in published_windows(one)})
    window = FilterField("window", "Window", asked if asked in names else names[0], {name: name for name in names})
    rows = CameraWindow.objects.filter(model=model.name, window=window.value).order_by("-end_s")
    shown = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    content: dict[str, Any] = {
        "filter": [chosen, window],
        "model": model.name,
        "window": window.value,
        "k": model.privacy.k,
        "budget": budget_of(model),
        "windows": [window_counts(row, model) for row in shown],
        "shown": shown,
        "chart": _chart([shown_aggregate(row, model.privacy.k) for row in rows[:_N_DRAWN]], window.value),
    }
    return show(request, "cameras.html", content, topics=CAMERA_TOPICS)


def published_windows(model: ModelPolicy) -> list[str]:
    """Return the names of the windows of which counts are published: the first one, and those of the ladder."""
    ladder = () if model.publication is None else model.publication.ladder
    return [model.windows[0].name, *ladder]


def window_counts(row: CameraWindow, model: ModelPolicy) -> WindowCounts:
    """Return the counts of one window in words."""
    aggregate = shown_aggregate(row, model.privacy.k)
    names = list(dict.fromkeys(name for cell in aggregate.cells for name in cell.labels))
    is_noisy = isinstance(aggregate.noise, str) and aggregate.noise != EXACT
    mark = "≈ " if is_noisy else ""
    cells = [
        CellRow([Label(name, _label_text(cell.labels.get(name, ""))) for name in names], f"{mark}{cell.n:,}")
        for cell in aggregate.cells
    ]
    return WindowCounts(
        id=row.pk,
        title=f"{utc_text(aggregate.start_s)} to {utc_text(aggregate.end_s)}",
        notes=[*_notes(aggregate, model, is_noisy=is_noisy)],
        names=names,
        cells=cells,
        is_noisy=is_noisy,
        is_over_budget=row.is_over_budget,
    )


def spread_of(scale: str) -> int | None:
    """Return within which distance 95 % of discrete Laplace noise of a scale is; None where it is no scale.

    >>> spread_of("16"), spread_of("x"), spread_of("0")
    (48, None, None)
    """
    try:
        value = float(Fraction(scale))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    if not 0 < value < 1e9:  # noqa: PLR2004  # no policy has such noise
        return None
    return max(0, ceil(value * log(2 / (_LEVEL * (1 + exp(-1 / value))))) - 1)


def _label_text(label: str) -> str:
    return "all together" if label == ADDED_UP else label


def _notes(aggregate: Aggregate, model: ModelPolicy, *, is_noisy: bool) -> Iterable[str]:
    if isinstance(aggregate.renews_s, int):
        yield f"Nothing published: the budget of this day is spent. It renews at {utc_text(aggregate.renews_s)}."
        return
    if aggregate.is_rest is True:
        yield "Only what no shorter window has shown, added up."
    n_cells = prod(len(attribute.groups) for attribute in model.attributes)
    n_hidden = max(0, n_cells - len(aggregate.cells))
    if n_hidden:
        yield f"{n_hidden} of {n_cells} cells suppressed: fewer than {aggregate.k} tracks, maybe none."
    if is_noisy and aggregate.is_rest is not True and isinstance(aggregate.scale, str):
        spread = spread_of(aggregate.scale)
        if spread is not None:
            yield f"Counts with noise: in 95% of cells at most {spread:,} more or less than the true count."


def _chart(aggregates: Sequence[Aggregate], window: str) -> Any:
    """Draw the cells that are shown most often; empty without any."""
    points: dict[str, list[Point]] = {}
    for aggregate in reversed(aggregates):
        for cell in aggregate.cells:
            points.setdefault(", ".join(cell.labels.values()), []).append(Point(aggregate.end_s, cell.n))
    most = sorted(points.items(), key=lambda item: (-len(item[1]), item[0]))[:_N_LINES]
    title = f"Published counts by window of {window}, the cells that are shown most often"
    drawing = line_chart(title, [Line(name, line) for name, line in most])
    return as_markup(drawing) if drawing else ""
