"""What was kept from leaving: fields, records, small groups."""

from __future__ import annotations

from dashboards import links
from dashboards.board import INSTANCE, Board
from dashboards.panels import QUARTER, About, Column, Query, bars, grid, lines, number
from dashboards.promql import JOB, OF_WORKER_MODEL, OF_WORKER_TOPIC, grown, owned, speed
from dashboards.selections import ANY_MODEL, POLICY_CHANGES, TOPIC, VERSIONS

_DROPPED, _REFUSED, _HIDDEN = "fields_dropped_total", "dead_letters_total", "cells_suppressed_total"
_SUPPRESSED = grown("windows_closed_total", "model", *OF_WORKER_MODEL, 'result="suppressed"')
_CLOSED = grown("windows_closed_total", "model", *OF_WORKER_MODEL)

NOW = (
    number(
        About("Fields dropped", "Fields of records that the policy does not let pass, in the time above.", "short"),
        f"sum({grown(_DROPPED, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About("Records refused", "Records that went to dead-letters, in the time above.", "short", alert="DeadLetters"),
        f"sum({grown(_REFUSED, 'topic', *OF_WORKER_TOPIC)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About("Groups and cells hidden", "Hidden in closed windows, in the time above.", "short"),
        f"sum({grown(_HIDDEN, 'model', *OF_WORKER_MODEL)})",
        width=QUARTER,
        decimals=0,
    ),
    number(
        About(
            "Windows fully hidden",
            "Share of the windows closed in the time above of which nothing could be shown.",
            "percentunit",
        ),
        f"sum({_SUPPRESSED}) / sum({_CLOSED})",
        width=QUARTER,
    ),
)

LEFT_OUT = (
    lines(
        About(
            "Fields dropped by path", "A declared path, or undeclared; never a value.", "cps", alert="UndeclaredFields"
        ),
        [Query(speed(_DROPPED, "topic, path", *OF_WORKER_TOPIC), "{{topic}} {{path}}")],
    ),
    lines(
        About(
            "Records refused by reason",
            "Of a refused record only reason, place, size and a keyed digest are kept.",
            "cps",
            alert="DeadLetters",
        ),
        [Query(f"{speed(_REFUSED, 'topic, reason', *OF_WORKER_TOPIC)} > 0", "{{topic}} {{reason}}")],
    ),
    bars(
        About("Fields dropped, in all", "In the time above.", "short"),
        [Query(f"sort_desc({grown(_DROPPED, 'topic, path', *OF_WORKER_TOPIC)})", "{{topic}} {{path}}")],
    ),
    bars(
        About("Records refused, in all", "In the time above.", "short", alert="DeadLetters"),
        [Query(f"sort_desc({grown(_REFUSED, 'topic, reason', *OF_WORKER_TOPIC)} > 0)", "{{topic}} {{reason}}")],
    ),
)

HIDDEN = (
    lines(
        About(
            "Groups and cells hidden",
            "small_cell: fewer than k. complementary: hidden too, so that a small one is not the total minus the rest.",
            "cps",
            alert="GroupSuppressed",
        ),
        [Query(speed(_HIDDEN, "model, attribute, reason", *OF_WORKER_MODEL), "{{model}} {{attribute}} {{reason}}")],
    ),
    lines(
        About(
            "Windows by what became of them",
            "published, suppressed (all groups below k), insufficient, empty.",
            "cps",
        ),
        [Query(speed("windows_closed_total", "model, result", *OF_WORKER_MODEL), "{{model}} {{result}}")],
    ),
    lines(
        About(
            "Values that are not declared",
            "They are counted as __other__. Many: the policy misses a value, or a source has changed.",
            "cps",
            alert="LabelOverflow",
        ),
        [Query(speed("label_overflow_total", "model, label", *OF_WORKER_MODEL), "{{model}} {{label}}")],
    ),
    grid(
        About("Policy in force", "The hash of the policy of each worker; more than one: a change is under way."),
        [Column("Workers", f"count by (policy_hash) ({owned('policy_info', 'instance, policy_hash', JOB)})")],
        ["policy_hash"],
        width=12,
    ).height(8),
)

BOARD = Board(
    uid=links.PRIVACY,
    folder="privacy",
    title="Privacy: what was held back",
    description="What was dropped, refused or hidden, by class and never by value?",
    variables=(INSTANCE, ANY_MODEL, TOPIC),
    rows=(("Now", NOW), ("Dropped and refused", LEFT_OUT), ("Hidden", HIDDEN)),
    marks=(POLICY_CHANGES, VERSIONS),
)
