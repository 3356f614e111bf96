"""Streams of counts: what the cameras send, what is kept, and what is dropped or suppressed."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board, Variable
from dashboards.panels import HALF, About, Query, lines, number
from dashboards.promql import JOB_LIVE, MODEL, OF_WORKER, OF_WORKER_MODEL, OF_WORKER_TOPIC, grown, series, speed
from dashboards.selections import POLICY_CHANGES

_CELL, _EVENT = 'attribute="cell"', 'outcome="event"'
_COUNTED = Variable(
    "model",
    f"label_values({series('decisions_total', *OF_WORKER, _EVENT)}, model)",
    "stream",
    all_value=None,  # "All" means these streams only; decisions have their own dashboards
)
_TOPIC = Variable(
    "topic",
    f"label_values({series('fields_dropped_total', *OF_WORKER)}, topic)",
    "camera topic",
    is_multi=False,
)
_OF_CELLS = (*OF_WORKER_MODEL, _CELL)

NOW = (
    number(
        About("Events per second", "Counted tracks of all cameras.", "cps"),
        f"sum({speed('decisions_total', 'model', *OF_WORKER_MODEL, _EVENT)})",
        width=6,
    ),
    number(
        About("Dropped fields", "Fields of camera records that were not kept, in the selected time range.", "short"),
        f"sum({grown('fields_dropped_total', 'topic', *OF_WORKER_TOPIC)})",
        width=6,
        decimals=0,
    ),
    number(
        About("Suppressed cells", "Cells of closed windows with fewer than k persons, in the time range.", "short"),
        f"sum({grown('cells_suppressed_total', 'model', *_OF_CELLS)})",
        width=6,
        decimals=0,
    ),
    number(
        About("Watermark delay", "Time since the watermark: everything before it is closed.", "s"),
        f"time() - min(max by (model) ({series('watermark_timestamp_seconds', *JOB_LIVE, MODEL)}))",
        width=6,
    ),
)

FLOW = (
    lines(
        About("Events by stream", "Counted tracks per second.", "cps"),
        [Query(speed("decisions_total", "model", *OF_WORKER_MODEL, _EVENT), "{{model}}")],
    ),
    lines(
        About(
            "Late and duplicate events",
            "Late: the pane had closed, so the event was dropped. Duplicate: the event had already been counted.",
            "cps",
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
            "cps",
        ),
        [Query(speed("fields_dropped_total", "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
    ),
    lines(
        About(
            "Suppressed cells by reason",
            "small_cell: fewer than k persons. complementary: suppressed as well, so that the small cell is not the "
            "total minus the rest.",
            "cps",
        ),
        [Query(speed("cells_suppressed_total", "model, reason", *_OF_CELLS), "{{model}} {{reason}}")],
        width=HALF,
    ),
    lines(
        About("Closed windows by result", "suppressed: nothing of the window could be published.", "cps"),
        [
            Query(
                speed("windows_closed_total", "model, window, result", *OF_WORKER_MODEL),
                "{{model}} {{window}} {{result}}",
            )
        ],
        width=HALF,
    ),
    lines(
        About("Undeclared values", "Events with a site, zone or class that the policy does not list.", "cps"),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
        width=HALF,
    ),
)

BOARD = Board(
    uid=links.CAMERA,
    folder="privacy",
    title="Privacy: cameras",
    description="What do the cameras send, and what is kept of it?",
    variables=(INSTANCE, _COUNTED, _TOPIC),
    rows=(("Now", NOW), ("Events", FLOW), ("Dropped and suppressed", SUPPRESSED)),
    annotations=(POLICY_CHANGES,),
)
