"""Streams of counts: what the cameras send, what is kept, and what is dropped or suppressed."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board, Variable
from dashboards.panels import HALF, QUARTER, About, Column, Label, Query, grid, lines, number, time_column
from dashboards.promql import (
    JOB_LIVE,
    MODEL,
    OF_WORKER,
    OF_WORKER_MODEL,
    OF_WORKER_TOPIC,
    grown,
    owned,
    per_minute,
    series,
    speed,
)
from dashboards.selections import POLICY_CHANGES

_CELL, _EVENT = 'attribute="cell"', 'outcome="event"'
_COUNTED = Variable(
    "model",
    f"query_result(group by (model) ({series('decisions_total', *OF_WORKER, _EVENT)}) "
    f"unless group by (model) ({series('amount_info', *OF_WORKER)}))",  # amounts have a dashboard of their own
    "stream",
    regex='/model="([^"]+)"/',
    all_value=None,  # "All" means these streams only; decisions have their own dashboards
)
_TOPIC = Variable(
    "topic",
    f"label_values({series('fields_dropped_total', *OF_WORKER)}, topic)",
    "camera topic",
    is_multi=False,
)
_OF_CELLS = (*OF_WORKER_MODEL, _CELL)
_LEVEL = "model, attribute, group, window"
_RATIO = f"{_LEVEL}, of"


def _newest(metric: str, by: str) -> str:
    """Return the values of hours of areas, of the worker that exports them."""
    return f"max by ({by}) ({series(metric, *JOB_LIVE, MODEL)})"


NOW = (
    number(
        About("Events per second", "Counted tracks of all cameras.", "eps", decimals=1),
        f"sum({speed('decisions_total', 'model', *OF_WORKER_MODEL, _EVENT)})",
        width=QUARTER,
    ),
    number(
        About(
            "Dropped fields",
            "Fields of camera records that were not kept, in the selected time range.",
            "locale",
            decimals=0,
        ),
        f"sum({grown('fields_dropped_total', 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
    ),
    number(
        About(
            "Suppressed cells",
            "Cells of closed windows with fewer than k persons, in the time range.",
            "locale",
            decimals=0,
        ),
        f"sum({grown('cells_suppressed_total', 'model', *_OF_CELLS)})",
        width=QUARTER,
    ),
    number(
        About("Watermark delay", "Time since the watermark: everything before it is closed.", "s", decimals=0),
        f"time() - min(max by (model) ({series('watermark_timestamp_seconds', *JOB_LIVE, MODEL)}))",
        width=QUARTER,
    ),
)

FLOW = (
    lines(
        About("Events by stream", "Counted tracks per second.", "eps"),
        [Query(speed("decisions_total", "model", *OF_WORKER_MODEL, _EVENT), "{{model}}")],
    ),
    lines(
        About(
            "Late and duplicate events",
            "Late: the pane had closed, so the event was dropped. Duplicate: the event had already been counted.",
            "eps",
            alert="LateEventsDropped",
        ),
        [
            Query(speed("late_events_total", "model", *OF_WORKER_MODEL), "{{model}} late"),
            Query(speed("duplicates_total", "model", *OF_WORKER_MODEL), "{{model}} duplicate"),
        ],
    ),
)

SUPPRESSED = (
    lines(
        About(
            "Dropped fields by path",
            "By declared path, or undeclared. Persons, positions and boxes are dropped here and never stored.",
            "recps",
        ),
        [Query(speed("fields_dropped_total", "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
        bars=True,
        stacked=True,
    ),
    lines(
        About(
            "Suppressed cells per minute",
            "small_cell: fewer than k persons. complementary: suppressed as well, so that the small cell is not the "
            "total minus the rest.",
        ),
        [Query(per_minute("cells_suppressed_total", "model, reason", *_OF_CELLS), "{{model}} {{reason}}")],
        width=HALF,
        bars=True,
        stacked=True,
        soft_max=1,
    ),
    lines(
        About("Closed windows per minute", "suppressed: nothing of the window could be published."),
        [
            Query(
                per_minute("windows_closed_total", "model, window, result", *OF_WORKER_MODEL),
                "{{model}} {{window}} {{result}}",
            )
        ],
        width=HALF,
        bars=True,
        stacked=True,
        soft_max=1,
    ),
    lines(
        About("Undeclared values", "Events with a site, zone or class that the policy does not list.", "eps"),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
        width=HALF,
    ),
)

HOURS = (
    lines(
        About(
            "Ratio of hours per resident",
            "Newest window: hours per resident of a level / those of the reference, as the mean of its areas (means) "
            "or of all residents (totals). Above the limit or below its inverse an area is over- or underserved.",
            decimals=2,
            alert="HoursDisparity",
        ),
        [
            Query(_newest("hours_ratio", _RATIO), "{{group}} {{window}} {{of}}"),
            Query(_newest("hours_limit_ratio", "model"), "limit"),
            Query(f"1 / {_newest('hours_limit_ratio', 'model')}", "inverse limit"),
        ],
        soft_max=2,
    ),
    lines(
        About(
            "Hours per 1,000 residents",
            "Newest window: mean of the areas of a level (means), or all hours by all residents (totals).",
            decimals=1,
        ),
        [
            Query(
                f"1000 * {_newest('hours_per_capita', _RATIO)}",
                "{{group}} {{window}} {{of}}",
            )
        ],
    ),
    grid(
        About(
            "Ratios of the newest windows",
            "95 % interval: how much the ratio depends on which areas there are. Without an upper end, this few areas "
            "rule out no larger ratio.",
        ),
        [
            Column("Ratio", _newest("hours_ratio", _RATIO), "none", 2, width=80),
            Column("Lower end", _newest("hours_ratio_lower", _RATIO), "none", 2, width=100),
            Column("Upper end", _newest("hours_ratio_upper", _RATIO), "none", 2, width=100),
        ],
        [Label(name, width=110) for name in ("group", "window", "of")],
    ),
    lines(
        About("Levels beyond the limit", "Levels of the newest window that are above the limit or below its inverse."),
        [Query(f"sum by (model, window) ({_newest('hours_over', _LEVEL)})", "{{model}} {{window}}")],
        soft_max=1,
    ),
    lines(
        About("Age of the hours", "Time since the end of the newest window of each size.", "s", decimals=0),
        [
            Query(
                f"time() - {_newest('hours_window_end_timestamp_seconds', 'model, window')}",
                "{{model}} {{window}}",
            )
        ],
    ),
)

PUBLISHED = (
    grid(
        About(
            "Published counts",
            "Noise none: exact counts above k. With noise: epsilon is the cost of a day, and what is left of it. "
            "Over budget: windows of which nothing was published, as it is spent. Bounded: events of tracks that had "
            "counted in as many cells of the day as they may.",
        ),
        [
            Column(
                "Workers",
                f"count by (model, noise, epsilon) ({series('publication_info', *OF_WORKER_MODEL)})",
                width=90,
            ),
            Column("Budget left", owned("epsilon_left_ratio", "model", *OF_WORKER_MODEL), "percentunit", 0, width=100),
            time_column("Budget renews", owned("epsilon_renewal_timestamp_seconds", "model", *OF_WORKER_MODEL)),
            Column(
                "Over budget", grown("windows_over_budget_total", "model", *OF_WORKER_MODEL), "locale", 0, width=110
            ),
            Column("Bounded", grown("bounded_events_total", "model", *OF_WORKER_MODEL), "locale", 0, width=90),
        ],
        ["model", Label("noise", width=150), Label("epsilon", width=90)],
    ),
)

BOARD = Board(
    uid=links.CAMERA,
    folder="privacy",
    title="Privacy: cameras",
    description="What do the cameras send, and what is kept of it?",
    variables=(INSTANCE, _COUNTED, _TOPIC),
    rows=(
        ("Now", NOW),
        ("Events", FLOW),
        ("Dropped and suppressed", SUPPRESSED),
        ("Published", PUBLISHED),
        ("Hours of areas", HOURS),
    ),
    annotations=(POLICY_CHANGES,),
)
