"""A replay compared with the live results of the same windows.

A replay writes its values with the times of the events and the label ``run``; ``promtool tsdb create-blocks-from
openmetrics`` adds them to the live ones. A live value appears when its window has been closed and scraped, up to half a
minute later: values are compared only while both belong to the same window.
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
from dashboards.promql import OF_WINDOW as LIVE_WINDOW
from dashboards.promql import REPLAYED, in_words, owned, series
from dashboards.promql import WINDOW as OF_WINDOW
from dashboards.selections import ATTRIBUTE, BREACHES, GROUP, MODEL, POLICY_CHANGES, WINDOW

_PAIR = "attribute, group"
_REPLAY = (REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW, OF_GROUP)
_RATIO, _RATE, _LEVEL, _N = "disparate_impact_ratio", "approval_ratio", "alert_level", "window_decisions"
_END = "window_end_timestamp_seconds"
_SOME_RUN = 'run!=""'
_RUN = Variable("run", f"label_values({series(_RATIO, _SOME_RUN, OF_MODEL)}, run)", "replay")
_NONE = "no replay of this time"
_SAME_WINDOW = (
    f"{owned(_END, 'run, attribute', REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW)} "
    f"== on (attribute) group_left () {owned(_END, 'attribute', *LIVE_WINDOW)}"
)


def _both(title: str, description: str, metric: str, unit: str, decimals: int) -> tuple[About, list[Query]]:
    return About(title, description, unit, missing=_NONE, decimals=decimals), [
        Query(owned(metric, _PAIR, *LIVE), "{{attribute}} {{group}} live"),
        Query(owned(metric, f"run, {_PAIR}", *_REPLAY), "{{attribute}} {{group}} replay {{run}}"),
    ]


def _difference(metric: str) -> str:
    """Return replay − live, of the same windows."""
    replay, live = owned(metric, f"run, {_PAIR}", *_REPLAY), owned(metric, _PAIR, *LIVE)
    return f"{replay} - on ({_PAIR}) group_left () {live} and on (run, attribute) ({_SAME_WINDOW})"


def _largest(metric: str) -> str:
    """Return the largest difference of any window in the selected time range."""
    return f"max(max_over_time(abs({_difference(metric)})[$__range:15s]))"


NOW = (
    number(
        About(
            "Replays loaded",
            "Replays of the selected model, attribute and window whose values are in this Prometheus for the selected "
            "time range.",
            missing=_NONE,
            decimals=0,
        ),
        f"count(count by (run) (last_over_time({series(_RATIO, *_REPLAY)}[$__range])))",
    ),
    number(
        About(
            "Largest ratio difference",
            "Between replay and live results of the same window, in the selected time range. 0: the ratios are equal. "
            "A replay under the same policy has 0.",
            missing="no window in both",
        ),
        _largest(_RATIO),
    ),
    number(
        About(
            "Newest replayed window",
            "Latest event time that a replay has reached in the selected time range.",
            "dateTimeAsIso",
            missing=_NONE,
        ),
        f"1000 * max(max_over_time({series(_END, REPLAYED, OF_MODEL, OF_ATTRIBUTE, OF_WINDOW)}[$__range]))",
    ),
)

OVERLAY = (
    dashed(
        lines(
            *_both(
                "Disparate impact ratio",
                "Dashed: the replay. It is ahead of the live line by the time that a window takes to close.",
                _RATIO,
                "none",
                3,
            ),
            soft_min=None,
        ),
        ".*replay.*",
        None,
    ),
    dashed(
        lines(*_both("Approval rate", "Dashed: the replay.", _RATE, "percentunit", 1), soft_min=None),
        ".*replay.*",
        None,
    ),
    states(
        About(
            "States",
            "Live and each replay. Where the bars differ, the other policy gives another state.",
            missing=_NONE,
        ),
        [
            Query(in_words(owned(_LEVEL, "attribute, kind", *LIVE_ATTRIBUTE)), "{{attribute}}, {{kind}}, live"),
            Query(
                in_words(owned(_LEVEL, "run, attribute, kind", REPLAYED, OF_MODEL, OF_ATTRIBUTE)),
                "{{attribute}}, {{kind}}, {{run}}",
            ),
        ],
        height=12,
    ),
)


DIFFERENCES = (
    *(
        lines(
            About(title, f"{text} Only while both belong to the same window.", unit, missing="no window in both"),
            [Query(_difference(metric), "{{attribute}} {{group}} {{run}}")],
            width=THIRD,
            soft_min=soft_min,
            soft_max=soft_max,
            points=True,
        )
        for title, text, metric, unit, soft_min, soft_max in (
            ("Difference in ratio", "Replay − live; 0: identical.", _RATIO, "none", -0.01, 0.01),
            ("Difference in rate", "Approval rate, replay − live.", _RATE, "percentunit", -0.01, 0.01),
            (
                "Difference in decisions",
                "Decisions per window, replay − live. Not 0: different events.",
                _N,
                "locale",
                -1,
                1,
            ),
        )
    ),
    grid(
        About(
            "Latest window by replay",
            "Values of the latest window of each replay in the selected time range.",
            missing=_NONE,
        ),
        [
            Column(title, f"max by (run, {_PAIR}) (last_over_time({series(metric, *_REPLAY)}[$__range]))", unit, digits)
            for title, metric, unit, digits in (
                ("Ratio", _RATIO, "none", 3),
                ("Rate", _RATE, "percentunit", 1),
                ("Decisions", _N, "locale", 0),
            )
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
    annotations=(BREACHES, POLICY_CHANGES),
)
