"""A replay compared with the live results.

A replay writes its values with the times of the events and the label ``run``; ``promtool tsdb create-blocks-from
openmetrics`` adds them to the live ones.
"""

from __future__ import annotations

from dashboards import links
from dashboards.board import Board, Variable
from dashboards.panels import FULL, THIRD, About, Column, Query, dashed, grid, lines, note, number, states
from dashboards.promql import ATTRIBUTE as OF_ATTRIBUTE
from dashboards.promql import GROUP as OF_GROUP
from dashboards.promql import MODEL as OF_MODEL
from dashboards.promql import OF_ATTRIBUTE as LIVE_ATTRIBUTE
from dashboards.promql import OF_GROUP as LIVE
from dashboards.promql import REPLAYED, owned, series
from dashboards.promql import WINDOW as OF_WINDOW
from dashboards.selections import ALERTS, ATTRIBUTE, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_REPLAY = (REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW, OF_GROUP)
_RATIO, _RATE, _LEVEL, _N = "disparate_impact_ratio", "approval_ratio", "alert_level", "window_decisions"
_SOME_RUN = 'run!=""'
_RUN = Variable("run", f"label_values({series(_RATIO, _SOME_RUN, OF_MODEL)}, run)", "replay")


def _both(title: str, description: str, metric: str, unit: str) -> tuple[About, list[Query]]:
    return About(title, description, unit), [
        Query(owned(metric, _PAIR, *LIVE), "{{attribute}} {{group}} live"),
        Query(owned(metric, f"run, {_PAIR}", *_REPLAY), "{{attribute}} {{group}} replay {{run}}"),
    ]


def _difference(metric: str) -> str:
    replay, live = owned(metric, f"run, {_PAIR}", *_REPLAY), owned(metric, _PAIR, *LIVE)
    return f"{replay} - on ({_PAIR}) group_left () {live}"


NOW = (
    number(
        About("Replays loaded", "Replays of the selected model whose values are in this Prometheus."),
        f"count(count by (run) ({series(_RATIO, *_REPLAY)}))",
        width=8,
        missing="no replay",
    ),
    number(
        About(
            "Largest ratio difference",
            "Between replay and live results, in the latest window. A replay under the same policy has 0.",
        ),
        f"max(abs({_difference(_RATIO)}))",
        width=8,
        missing="no replay",
    ),
    number(
        About("Newest replayed window", "Latest event time that a replay has reached.", "dateTimeAsIso"),
        f"1000 * max({series('window_end_timestamp_seconds', REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW)})",
        width=8,
        missing="no replay",
    ),
)

OVERLAY = (
    dashed(lines(*_both("Disparate impact ratio", "Dashed: the replay.", _RATIO, "none")), ".*replay.*", None),
    dashed(lines(*_both("Approval rate", "Dashed: the replay.", _RATE, "percentunit")), ".*replay.*", None),
    states(
        About("States", "Live first, then each replay. Where the bars differ, the other policy gives another state."),
        [
            Query(
                owned(_LEVEL, "attribute, kind", *LIVE_ATTRIBUTE),
                "{{attribute}} {{kind}} live",
            ),
            Query(
                owned(_LEVEL, "run, attribute, kind", REPLAYED, OF_MODEL, OF_ATTRIBUTE),
                "{{attribute}} {{kind}} replay {{run}}",
            ),
        ],
        height=9,
    ),
)

DIFFERENCES = (
    lines(
        About("Difference in ratio", "Replay − live; 0: identical."),
        [Query(_difference(_RATIO), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    lines(
        About("Difference in rate", "Approval rate, replay − live.", "percentunit"),
        [Query(_difference(_RATE), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    lines(
        About("Difference in decisions", "Decisions per window, replay − live. Not 0: different events.", "short"),
        [Query(_difference(_N), "{{attribute}} {{group}} {{run}}")],
        width=THIRD,
        soft_min=None,
    ),
    grid(
        About("Latest window by replay", "Values of the latest window of each replay."),
        [
            Column("Rate", owned(_RATE, f"run, {_PAIR}", *_REPLAY), "percentunit"),
            Column("Ratio", owned(_RATIO, f"run, {_PAIR}", *_REPLAY)),
            Column("Decisions", owned(_N, f"run, {_PAIR}", *_REPLAY), "short"),
        ],
        ["run", "attribute", "group"],
        width=FULL,
    ),
)

BOARD = Board(
    uid=links.REPLAY,
    folder="replay",
    title="Replay",
    description="How does a replay differ from the live results?",
    variables=(MODEL, ATTRIBUTE, WINDOW, GROUP, _RUN),
    rows=(
        ("Run a replay", (note("Replay commands", "For the selected model and time range.", links.REPLAY_COMMANDS),)),
        ("Now", NOW),
        ("Live and replay", OVERLAY),
        ("Differences", DIFFERENCES),
    ),
    annotations=(ALERTS, POLICY_CHANGES),
)
