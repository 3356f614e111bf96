"""A replay beside what was live.

A replay writes its values with the times of the events and the label ``run``; ``promtool tsdb create-blocks-from
openmetrics`` puts them beside the live ones.
"""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board, Variable
from dashboards.panels import FULL, THIRD, About, Column, Query, dashed, grid, lines, note, number, states
from dashboards.promql import ATTRIBUTE as OF_ATTRIBUTE
from dashboards.promql import GROUP as OF_GROUP
from dashboards.promql import MODEL as OF_MODEL
from dashboards.promql import OF_GROUP as LIVE
from dashboards.promql import REPLAYED, owned, series
from dashboards.promql import WINDOW as OF_WINDOW
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_AGAIN = (REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW, OF_GROUP)
_RATIO, _RATE, _LEVEL, _N = "disparate_impact_ratio", "approval_ratio", "alert_level", "window_decisions"
_SOME_RUN = 'run!=""'
_RUN = Variable("run", f"label_values({series(_RATIO, _SOME_RUN, OF_MODEL)}, run)", "replay")


def _both(title: str, description: str, metric: str, unit: str) -> tuple[About, list[Query]]:
    return About(title, description, unit), [
        Query(owned(metric, _PAIR, *LIVE), "{{attribute}} {{group}} live"),
        Query(owned(metric, f"run, {_PAIR}", *_AGAIN), "{{attribute}} {{group}} replay {{run}}"),
    ]


def _difference(metric: str) -> str:
    again, live = owned(metric, f"run, {_PAIR}", *_AGAIN), owned(metric, _PAIR, *LIVE)
    return f"{again} - on ({_PAIR}) group_left () {live}"


NOW = (
    number(
        About("Replays shown", "Replays whose values are in this Prometheus for the model above."),
        f"count(count by (run) ({series(_RATIO, *_AGAIN)}))",
        width=8,
        missing="no replay",
    ),
    number(
        About(
            "Largest difference of a ratio",
            "Between replay and live, in the newest window. A replay under the same policy has 0.",
        ),
        f"max(abs({_difference(_RATIO)}))",
        width=8,
        missing="no replay",
    ),
    number(
        About("Windows of replays", "Newest event time that a replay has reached.", "dateTimeAsIso"),
        f"1000 * max({series('window_end_timestamp_seconds', REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW)})",
        width=8,
        missing="no replay",
    ),
)

OVERLAY = (
    dashed(lines(*_both("Ratio", "Disparate impact ratio; dashed: the replay.", _RATIO, "none")), ".*replay.*", None),
    dashed(lines(*_both("Approval rate", "Dashed: the replay.", _RATE, "percentunit")), ".*replay.*", None),
    states(
        About("States", "Live first, then each replay: where the bars differ, another rule would have told otherwise."),
        [
            Query(
                owned(_LEVEL, "attribute, kind", *LIVE[:-1]),
                "{{attribute}} {{kind}} live",
            ),
            Query(
                owned(_LEVEL, "run, attribute, kind", *_AGAIN[:-1]),
                "{{attribute}} {{kind}} replay {{run}}",
            ),
        ],
        height=9,
    ),
)

DIFFERENCES = (
    lines(
        About("Difference of the ratio", "Replay − live. 0: the same."),
        [Query(_difference(_RATIO), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    lines(
        About("Difference of the rate", "Approval rate, replay − live.", "percentunit"),
        [Query(_difference(_RATE), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    lines(
        About("Difference of the numbers", "Decisions of the window, replay − live. Not 0: other events.", "short"),
        [Query(_difference(_N), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    grid(
        About("Replays, now", "Values of the newest window of each replay."),
        [
            Column("Rate", owned(_RATE, f"run, {_PAIR}", *_AGAIN), "percentunit"),
            Column("Ratio", owned(_RATIO, f"run, {_PAIR}", *_AGAIN)),
            Column("Decisions", owned(_N, f"run, {_PAIR}", *_AGAIN), "short"),
        ],
        ["run", "attribute", "group"],
        width=FULL,
    ),
)

BOARD = Board(
    uid=links.REPLAY,
    folder="replay",
    title="Replay",
    description="What does a replay say beside what was live?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP, _RUN),
    rows=(
        ("Start one", (note("Replay", "Commands for the model and time above.", links.REPLAY_COMMANDS),)),
        ("Now", NOW),
        ("Live and replay", OVERLAY),
        ("Differences", DIFFERENCES),
    ),
    marks=(ALERTS, POLICY_CHANGES),
)
