"""Is a model fair now, with what evidence, from which onset."""

from __future__ import annotations

from dashboards import links, palette
from dashboards.board import Board
from dashboards.boards.overview_groups import INTERVALS, OVER_TIME, WORST_FIRST
from dashboards.links import SHOW_MODEL
from dashboards.open_breaches import FACTS, STATES, verdict
from dashboards.panels import NO_RATES, About, Column, Label, grid, note, number, time_column
from dashboards.promql import JOB_LIVE, OF_MODEL, PLAIN, level, owned, series, smallest_window
from dashboards.selections import (
    ALERTS,
    ATTRIBUTE,
    BREACHES,
    GROUP,
    MODEL,
    POLICY_CHANGES,
    RECOVERIES,
    VERSIONS,
    WINDOW,
)
from dashboards.unknown_groups import UNKNOWN, VALUES

_BREACH = "model, attribute, kind, group"
_FIRST = f"(max by ({_BREACH}, verdict) ({series('breach_rank', *JOB_LIVE)}) == 1)"
_DISTANCE = owned("breach_distance_ratio", _BREACH, *JOB_LIVE)
_WORST = (
    f"max by (model, verdict) (topk by (model) (1, {_DISTANCE} * on ({_BREACH}) group_right () {_FIRST} "
    f"or on ({_BREACH}) {_FIRST} - 1))"
)

MODELS = (
    grid(
        About(
            "All models",
            "The state of every model, and its worst open breach in words. Independent of the selections above. Click "
            "a model to select it. Groups: those in breach. Beyond: distance of the worst from its "
            "limit, in the unit of the limit.",
            alert="FairnessBreach",
            missing="no model reports",
        ),
        [
            Column("State", level("model", *JOB_LIVE), mapping=palette.state_mapping(), width=115),
            Column("Beyond", _WORST, "locale", 3, width=75),
            Column(
                "Groups",
                f"sum by (model) ({owned('breach_groups', 'model, attribute', *JOB_LIVE, PLAIN)})",
                decimals=0,
                width=65,
            ),
            time_column("In breach since", f"min by (model) ({series('breach_onset_timestamp_seconds', *JOB_LIVE)})"),
            time_column(
                "Latest window",
                f"max by (model) ({series('window_end_timestamp_seconds', *JOB_LIVE)})",
                missing="none yet",
            ),
        ],
        [Label("model", link=SHOW_MODEL, width=120), Label("verdict", is_sentence=True)],
        height=6,
        sort=[("State", True)],
    ),
)

NOW = (
    number(
        About(
            "State",
            "Worst state of any attribute under any rule. The judge decides a state from counts, with a bounded false-"
            "alarm rate; it does not depend on this page.",
            missing="no model reports",
        ),
        f"max({level('model', *OF_MODEL)})",
        mapping=palette.state_mapping(),
    ),
    number(
        About(
            "Groups in breach",
            "Groups of single attributes that violate a limit. Intersections have their own dashboard.",
            missing="no verdict yet",
            decimals=0,
        ),
        f"sum({owned('breach_groups', 'attribute', *OF_MODEL, PLAIN)})",
    ),
    number(
        About(
            "In breach since",
            "Estimated onset of the oldest open breach, event time.",
            "dateTimeAsIso",
            missing="none detected",
        ),
        f"1000 * min({series('breach_onset_timestamp_seconds', *OF_MODEL)})",
    ),
    number(
        About(
            "Evidence (log10)",
            "The strongest with which an open breach was detected, log10 e-value: 6 is a million to one. The table "
            "below has the threshold of each.",
            missing="none detected",
            decimals=1,
        ),
        f"max({series('breach_evidence_log10', *OF_MODEL)})",
    ),
    number(
        About(
            "Lowest impact ratio",
            "Lowest disparate impact ratio of any group in the latest of the smallest windows: approval rate of the "
            "group / approval rate of the reference group.",
            missing=NO_RATES,
            decimals=3,
        ),
        f"min({smallest_window(owned('disparate_impact_ratio', 'attribute, group, window', *OF_MODEL, PLAIN))})",
    ),
    number(
        About(
            "Latest window",
            "End of the latest closed window of any size, event time. If it is old, nothing arrives or a partition is "
            "delayed.",
            "dateTimeAsIso",
            missing="none yet",
        ),
        f"1000 * max({series('window_end_timestamp_seconds', *OF_MODEL)})",
    ),
)

BOARD = Board(
    uid=links.OVERVIEW,
    folder="fairness",
    title="Fairness: overview",
    description="Is the model fair now, with what evidence, from which onset?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP),
    rows=(
        ("All models", MODELS),
        ("Verdict", (*verdict(), *NOW)),
        ("Groups", WORST_FIRST),
        ("Open breaches", FACTS),
        ("States", STATES),
        ("Over time", OVER_TIME),
        ("Intervals", INTERVALS),
        ("Unknown groups", UNKNOWN),
        ("Values", VALUES),
        ("Investigate", (note("Replay commands", "For the selected model and time range.", links.REPLAY_COMMANDS),)),
    ),
    annotations=(BREACHES, RECOVERIES, ALERTS, POLICY_CHANGES, VERSIONS),
)
