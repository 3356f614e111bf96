"""Colors that are distinguishable with any kind of color vision, on light and dark, and a word for every state.

Color is never the only distinction: each state has its word, each line its name.

Source: Okabe and Ito, 2008, Color Universal Design (the hues); made darker or lighter until each can be read on white
and on Grafana's dark panels (WCAG 2.2: 3 to 1 for lines, 4.5 to 1 for the words on a state).
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId, ValueMap, ValueMappingResult

OK, INSUFFICIENT, WARNING, BREACH = "#0072B2", "#999999", "#F0E442", "#C24E00"
UNDECIDED = "#6E6E6E"
VALUE, LIMIT = "#0072B2", "#D55E00"
MIX, RATE = "#3A96C8", "#B87400"
REFERENCE = "#808080"
# Searched for: 15 or more apart (CIE L*a*b*) for any kind of color vision, 3 to 1 on white and on dark.
GROUPS = ("#0072B2", "#A08C00", "#B45050", "#8C8CB4", "#8C6414", "#F06450", "#64648C", "#B46478")
N_TURNS = 4  # times that the colors of groups are used again; further groups have Grafana's colors

STATES = {0: ("no alarm", OK), 1: ("insufficient data", INSUFFICIENT), 2: ("warning", WARNING), 3: ("breach", BREACH)}
NO_VERDICT = {-1: ("no verdict yet", UNDECIDED)}  # no window has closed
# What the table of groups says about the latest window and the open breaches.
GROUP_STATES = {
    3: ("breach", BREACH),
    2: ("beyond, not proven", WARNING),
    0: ("within limit", OK),
    -2: ("reference", "#8E8E8E"),
    -3: ("not tested", INSUFFICIENT),
}
KINDS = {
    "disparate_impact_ratio": "impact ratio",
    "gap": "approval gap",
    "equal_opportunity": "equal opportunity",
    "false_positive_rate": "false positive rate",
    "favorable_outcome": "good outcomes",
    "score": "scores",
    "mean_difference": "means",
    "mean_ratio": "ratio of means",
}


def state_mapping() -> ValueMap:
    """Map the numbers of ``fairstream_alert_level`` to words; -1 where there is none yet."""
    return _words(NO_VERDICT | STATES)


def group_state_mapping() -> ValueMap:
    """Map the numbers of the table of groups to words."""
    return _words(GROUP_STATES)


def kind_mapping() -> ValueMap:
    """Map the kinds of limits to words."""
    return ValueMap({kind: ValueMappingResult(text=words) for kind, words in KINDS.items()})


def group_mapping() -> ValueMap:
    """Map the names of groups that are not in the policy to words."""
    return ValueMap({"__other__": ValueMappingResult(text="other")})


def by_place() -> FieldColor:
    """Give each series of a panel the color of its place in the panel, so that no two have the same."""
    return FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC)


def fixed(color: str) -> FieldColor:
    """Give every series one color."""
    return FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)


def colored(color: str) -> DynamicConfigValue:
    """Give the series of an override one color."""
    return DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED.value, "fixedColor": color})


def _words(states: dict[int, tuple[str, str]]) -> ValueMap:
    return ValueMap({str(level): ValueMappingResult(text=text, color=color) for level, (text, color) in states.items()})
