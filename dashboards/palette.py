"""Colors that are distinguishable with any kind of color vision, and a word for every state.

Color is never the only distinction: each state has its word, each line its name.

Source: Okabe and Ito, 2008, Color Universal Design (the four hues).
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId, ValueMap, ValueMappingResult

OK, INSUFFICIENT, WARNING, BREACH = "#0072B2", "#999999", "#F0E442", "#D55E00"
VALUE, LIMIT = "#0072B2", "#D55E00"
MIX, RATE = "#56B4E9", "#E69F00"

STATES = {0: ("ok", OK), 1: ("insufficient data", INSUFFICIENT), 2: ("warning", WARNING), 3: ("breach", BREACH)}


def state_mapping() -> ValueMap:
    """Map the numbers of ``fairstream_alert_level`` to words."""
    return ValueMap({str(level): ValueMappingResult(text=text, color=color) for level, (text, color) in STATES.items()})


def by_name() -> FieldColor:
    """Give a series the color of its name, so that a group has the same color on every panel."""
    return FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME)


def fixed(color: str) -> FieldColor:
    """Give every series one color."""
    return FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)


def colored(color: str) -> DynamicConfigValue:
    """Give the series of an override one color."""
    return DynamicConfigValue("color", {"mode": FieldColorModeId.FIXED.value, "fixedColor": color})
