"""What was not published: dropped fields, rejected records, suppressed groups."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board
from dashboards.panels import HALF, QUARTER, About, Column, Query, bars, grid, lines, number
from dashboards.promql import JOB, OF_WORKER_MODEL, OF_WORKER_TOPIC, grown, owned, per_minute, speed
from dashboards.selections import ANY_MODEL, POLICY_CHANGES, TOPIC, VERSIONS

_FIELDS, _REJECTED, _CELLS = "fields_dropped_total", "dead_letters_total", "cells_suppressed_total"
_SUPPRESSED_WINDOWS = grown("windows_closed_total", "model", *OF_WORKER_MODEL, 'result="suppressed"')
_CLOSED_WINDOWS = grown("windows_closed_total", "model", *OF_WORKER_MODEL)

NOW = (
    number(
        About(
            "Dropped fields",
            "Fields of records that the policy does not keep, in the selected time range.",
            "locale",
            decimals=0,
        ),
        f"sum({grown(_FIELDS, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
    ),
    number(
        About("Rejected records", "Records that went to dead-letters, in the time range.", "locale", decimals=0),
        f"sum({grown(_REJECTED, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
    ),
    number(
        About("Suppressed cells", "Groups and cells of windows closed in the time range.", "locale", decimals=0),
        f"sum({grown(_CELLS, 'model', *OF_WORKER_MODEL)})",
        width=QUARTER,
    ),
    number(
        About(
            "Suppressed windows",
            "Share of the windows closed in the selected time range of which nothing could be shown.",
            "percentunit",
            missing="no window has closed",
            decimals=1,
        ),
        f"sum({_SUPPRESSED_WINDOWS}) / sum({_CLOSED_WINDOWS})",
        width=QUARTER,
    ),
)

DROPPED = (
    lines(
        About(
            "Dropped fields by path",
            "By declared path, or undeclared; never a value.",
            "recps",
            alert="UndeclaredFields",
        ),
        [Query(speed(_FIELDS, "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
        bars=True,
        stacked=True,
    ),
    lines(
        About(
            "Rejected records by reason",
            "Of a rejected record only reason, position, size and a keyed digest are kept.",
            "recps",
            alert="DeadLetters",
            missing="none rejected",
        ),
        [Query(f"{speed(_REJECTED, 'topic, reason', *OF_WORKER_TOPIC)} > 0", "{{topic}} {{reason}}")],
    ),
    bars(
        About("Total dropped fields", "In the selected time range.", "locale", decimals=0),
        [Query(f"sort_desc({grown(_FIELDS, 'topic, path', *OF_WORKER_TOPIC)})", "{{topic}} {{path}}")],
    ),
    bars(
        About(
            "Total rejected records",
            "In the selected time range.",
            "locale",
            alert="DeadLetters",
            missing="none rejected",
            decimals=0,
        ),
        [Query(f"sort_desc({grown(_REJECTED, 'topic, reason', *OF_WORKER_TOPIC)} > 0)", "{{topic}} {{reason}}")],
    ),
)

SUPPRESSED = (
    lines(
        About(
            "Suppressed cells per minute",
            "small_cell: fewer than k decisions. complementary: suppressed as well, so that a small cell is not the "
            "total minus the rest.",
            alert="GroupSuppressed",
        ),
        [Query(per_minute(_CELLS, "model, attribute, reason", *OF_WORKER_MODEL), "{{model}} {{attribute}} {{reason}}")],
        bars=True,
        stacked=True,
        soft_max=1,
    ),
    lines(
        About(
            "Closed windows per minute",
            "published, suppressed (all groups below k), insufficient or empty.",
        ),
        [Query(per_minute("windows_closed_total", "model, result", *OF_WORKER_MODEL), "{{model}} {{result}}")],
        bars=True,
        stacked=True,
        soft_max=1,
    ),
    lines(
        About(
            "Undeclared values",
            "They are counted as __other__. Many of them: the policy lacks a value, or a source has changed.",
            "eps",
            alert="LabelOverflow",
        ),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
    ),
    grid(
        About("Policy in force", "Hash of the policy of each worker; more than one: a change is in progress."),
        [Column("Workers", f"count by (policy_hash) ({owned('policy_info', 'instance, policy_hash', JOB)})")],
        ["policy_hash"],
        width=HALF,
        height=8,
    ),
)

BOARD = Board(
    uid=links.PRIVACY,
    folder="privacy",
    title="Privacy: dropped and suppressed",
    description="What was dropped, rejected or suppressed, by class and never by value?",
    variables=(INSTANCE, ANY_MODEL, TOPIC),
    rows=(("Now", NOW), ("Dropped and rejected", DROPPED), ("Suppressed", SUPPRESSED)),
    annotations=(POLICY_CHANGES, VERSIONS),
)
