"""What was not published: dropped fields, rejected records, suppressed groups."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board
from dashboards.panels import QUARTER, About, Column, Query, bars, grid, lines, number
from dashboards.promql import JOB, OF_WORKER_MODEL, OF_WORKER_TOPIC, grown, owned, speed
from dashboards.selections import ANY_MODEL, POLICY_CHANGES, TOPIC, VERSIONS

_FIELDS, _REJECTED, _CELLS = "fields_dropped_total", "dead_letters_total", "cells_suppressed_total"
_SUPPRESSED_WINDOWS = grown("windows_closed_total", "model", *OF_WORKER_MODEL, 'result="suppressed"')
_CLOSED_WINDOWS = grown("windows_closed_total", "model", *OF_WORKER_MODEL)

NOW = (
    number(
        About(
            "Dropped fields", "Fields of records that the policy does not keep, in the selected time range.", "short"
        ),
        f"sum({grown(_FIELDS, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About(
            "Rejected records", "Records that went to dead-letters, in the time range.", "short", alert="DeadLetters"
        ),
        f"sum({grown(_REJECTED, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About("Suppressed groups and cells", "In windows closed in the selected time range.", "short"),
        f"sum({grown(_CELLS, 'model', *OF_WORKER_MODEL)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About(
            "Fully suppressed windows",
            "Share of the windows closed in the selected time range of which nothing could be shown.",
            "percentunit",
        ),
        f"sum({_SUPPRESSED_WINDOWS}) / sum({_CLOSED_WINDOWS})",
        width=QUARTER,
    ),
)

DROPPED = (
    lines(
        About(
            "Dropped fields by path", "By declared path, or undeclared; never a value.", "cps", alert="UndeclaredFields"
        ),
        [Query(speed(_FIELDS, "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
    ),
    lines(
        About(
            "Rejected records by reason",
            "Of a rejected record only reason, position, size and a keyed digest are kept.",
            "cps",
            alert="DeadLetters",
        ),
        [Query(f"{speed(_REJECTED, 'topic, reason', *OF_WORKER_TOPIC)} > 0", "{{topic}} {{reason}}")],
    ),
    bars(
        About("Total dropped fields", "In the selected time range.", "short"),
        [Query(f"sort_desc({grown(_FIELDS, 'topic, path', *OF_WORKER_TOPIC)})", "{{topic}} {{path}}")],
    ),
    bars(
        About("Total rejected records", "In the selected time range.", "short", alert="DeadLetters"),
        [Query(f"sort_desc({grown(_REJECTED, 'topic, reason', *OF_WORKER_TOPIC)} > 0)", "{{topic}} {{reason}}")],
    ),
)

SUPPRESSED = (
    lines(
        About(
            "Suppressed cells by reason",
            "small_cell: fewer than k decisions. complementary: suppressed as well, so that a small cell is not the "
            "total minus the rest.",
            "cps",
            alert="GroupSuppressed",
        ),
        [Query(speed(_CELLS, "model, attribute, reason", *OF_WORKER_MODEL), "{{model}} {{attribute}} {{reason}}")],
    ),
    lines(
        About(
            "Closed windows by result",
            "published, suppressed (all groups below k), insufficient or empty.",
            "cps",
        ),
        [Query(speed("windows_closed_total", "model, result", *OF_WORKER_MODEL), "{{model}} {{result}}")],
    ),
    lines(
        About(
            "Undeclared values",
            "They are counted as __other__. Many of them: the policy lacks a value, or a source has changed.",
            "cps",
            alert="LabelOverflow",
        ),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
    ),
    grid(
        About("Policy in force", "Hash of the policy of each worker; more than one: a change is in progress."),
        [Column("Workers", f"count by (policy_hash) ({owned('policy_info', 'instance, policy_hash', JOB)})")],
        ["policy_hash"],
        width=12,
    ).height(8),
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
