"""Streams of counts: what the cameras send, what is let through, and what is held back."""

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
    all_value=None,  # of these streams; decisions have dashboards of their own
)
_TOPIC = Variable(
    "topic",
    f"label_values({series('fields_dropped_total', *OF_WORKER)}, topic)",
    "topic of the cameras",
    is_multi=False,
)
_OF_CELLS = (*OF_WORKER_MODEL, _CELL)

NOW = (
    number(
        About("Events a second", "Tracks counted now, over all cameras.", "cps"),
        f"sum({speed('decisions_total', 'model', *OF_WORKER_MODEL, _EVENT)})",
        width=6,
    ),
    number(
        About("Fields dropped", "Fields of camera records that were not let through, in the time above.", "short"),
        f"sum({grown('fields_dropped_total', 'topic', *OF_WORKER_TOPIC)})",
        width=6,
        decimals=0,
    ),
    number(
        About("Cells hidden", "Cells of closed windows with fewer than k persons, in the time above.", "short"),
        f"sum({grown('cells_suppressed_total', 'model', *_OF_CELLS)})",
        width=6,
        decimals=0,
    ),
    number(
        About("Behind real time", "Time since the event time up to which everything is closed.", "s"),
        f"time() - min(max by (model) ({series('watermark_timestamp_seconds', *JOB_LIVE, MODEL)}))",
        width=6,
    ),
)

FLOW = (
    lines(
        About("Events by stream", "Tracks that were counted, in event time.", "cps"),
        [Query(speed("decisions_total", "model", *OF_WORKER_MODEL, _EVENT), "{{model}}")],
    ),
    lines(
        About(
            "Late and repeated events",
            "Late: its window had closed, not counted. Repeated: sent again, counted once.",
            "cps",
            alert="LateEventsDropped",
        ),
        [
            Query(speed("late_events_total", "model", *OF_WORKER_MODEL), "{{model}} late"),
            Query(speed("duplicates_total", "model", *OF_WORKER_MODEL), "{{model}} repeated"),
        ],
    ),
)

HELD_BACK = (
    lines(
        About(
            "Fields not let through",
            "By the declared path, or undeclared. Persons, positions and boxes end here; nothing of them is stored.",
            "cps",
        ),
        [Query(speed("fields_dropped_total", "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
    ),
    lines(
        About(
            "Cells held back",
            "small_cell: fewer than k. complementary: hidden too, so that the small one is not the total minus the "
            "rest.",
            "cps",
        ),
        [Query(speed("cells_suppressed_total", "model, reason", *_OF_CELLS), "{{model}} {{reason}}")],
        width=HALF,
    ),
    lines(
        About("Windows", "What became of closed windows; suppressed: nothing in it could be shown.", "cps"),
        [
            Query(
                speed("windows_closed_total", "model, window, result", *OF_WORKER_MODEL),
                "{{model}} {{window}} {{result}}",
            )
        ],
        width=HALF,
    ),
    lines(
        About("Values that are not declared", "Events of a site, zone or class that the policy does not list.", "cps"),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
        width=HALF,
    ),
)

BOARD = Board(
    uid=links.CAMERA,
    folder="privacy",
    title="Privacy: cameras",
    description="What do the cameras send, and what of it is let through?",
    variables=(INSTANCE, _COUNTED, _TOPIC),
    rows=(("Now", NOW), ("Events", FLOW), ("Held back", HELD_BACK)),
    marks=(POLICY_CHANGES,),
)
