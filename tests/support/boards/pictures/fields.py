"""What Grafana makes of a value: its name, unit, digits, word and color."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

PALETTE = (
    *("#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9", "#705DA0", "#37872D", "#FADE2A"),
    *("#447EBC", "#C15C17", "#890F02", "#0A437C", "#6D1F62", "#584477", "#B7DBAB", "#F4D598", "#70DBED", "#F9BA8F"),
)
_RATES = {"eps": " events/s", "recps": " records/s", "ops": " ops/s"}
_TURNS = ((1e-3, 1e-6, "µs"), (1, 1e-3, "ms"), (60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "hour"))


@dataclass(frozen=True)
class Field:
    """A series or a column.

    Attributes:
        name: As it is shown.
        config: Unit, decimals, mappings and ``custom.`` settings, after overrides.
        color: Its color; empty: that of text.
        ref: Letter of its query.
    """

    name: str
    config: Mapping[str, Any]
    color: str
    ref: str = ""


def field_of(panel: Mapping[str, Any], name: str, labels: Mapping[str, str], place: int, ref: str = "") -> Field:
    """Return a field after the overrides that match its name."""
    defaults = panel["fieldConfig"]["defaults"]
    config = {key: value for key, value in defaults.items() if key != "custom"}
    config |= {f"custom.{key}": value for key, value in defaults.get("custom", {}).items()}
    for override in panel["fieldConfig"].get("overrides", []):
        matcher = override["matcher"]
        if matcher["id"] == "byName" and matcher["options"] != name:
            continue
        if matcher["id"] == "byRegexp" and not re.search(matcher["options"].strip("/"), name):
            continue
        config |= {one["id"]: one["value"] for one in override["properties"]}
    if "displayName" in config:
        name = re.sub(r"\${__field\.labels\.(\w+)}", lambda match: labels.get(match[1], ""), config["displayName"])
    color = config.get("color", {})
    if color.get("mode") == "fixed":
        drawn = "" if color["fixedColor"] == "text" else color["fixedColor"]
    else:
        drawn = PALETTE[place % len(PALETTE)]
    return Field(name, config, drawn, ref)


def show(value: float | str | None, field: Field) -> tuple[str, str]:
    """Return the text of a value and, if a mapping has one, its color."""
    if value is None or value != value:  # noqa: PLR0124  # not a number
        return str(field.config.get("noValue", "-")), ""
    key = f"{value:g}" if isinstance(value, float) else value
    for mapping in field.config.get("mappings", []):
        if key in mapping["options"]:
            return mapping["options"][key]["text"], mapping["options"][key].get("color", "")
    return (value, "") if isinstance(value, str) else (in_unit(value, field.config), "")


def in_unit(value: float, config: Mapping[str, Any]) -> str:
    """Write a number in its unit.

    >>> in_unit(0.4812, {"unit": "percentunit", "decimals": 1}), in_unit(12_500.0, {"unit": "locale", "decimals": 3})
    ('48.1%', '12,500')
    """
    unit, decimals = config.get("unit", "none"), config.get("decimals")
    if unit == "dateTimeAsIso":
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    if unit == "percentunit":
        return f"{_digits(100 * value, decimals)}%"
    if unit == "locale":  # of these the decimals are the most that are shown
        text = f"{value:,.{decimals or 0}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if unit == "s":
        limit, size, name = next((turn for turn in _TURNS if abs(value) < turn[0]), (0, 86_400, "day"))
        return f"{_digits(value / size, 0 if decimals is None and size == 1 else decimals)} {name}" if limit else "long"
    if unit.startswith("suffix:"):
        return f"{_digits(value, decimals)}{unit.removeprefix('suffix:')}"
    return f"{_digits(value, decimals)}{_RATES.get(unit, '')}"


def text_on(color: str) -> str:
    """Return the color of text on a background, by the rule of Grafana: white on what is dark."""
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "#FFFFFF" if (299 * red + 587 * green + 114 * blue) / 1000 < 128 else "#202226"


def escape(text: str) -> str:
    """Return a text for HTML."""
    return html.escape(str(text))


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
