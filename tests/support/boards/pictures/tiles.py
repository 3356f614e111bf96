"""Panels without an axis: tiles, sentences, tables, bars and texts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.boards.pictures.fields import escape, show, text_on
from tests.support.boards.pictures.frames import Drawn, Table


def draw_tiles(panel: Mapping[str, Any], drawn: Sequence[Drawn], size: tuple[float, float]) -> str:
    """Draw the newest value of each series, or its name, on the color of its state."""
    missing = panel["fieldConfig"]["defaults"]["noValue"]
    tiles = []
    for one in drawn or [None]:
        text, color = (missing, "") if one is None else show(one.newest, one.field)
        if one is not None and panel["options"].get("textMode") == "name":
            text = one.field.name
        is_colored = panel["options"]["colorMode"] != "none"
        background = (color or "#6E6E6E") if is_colored else ""
        height = (size[1] - 8) / max(1, len(drawn)) - 6
        font = max(11.0, min(height * 0.55, 1.5 * size[0] / max(6, len(text)), 44))
        style = f"background:{background};color:{text_on(background)};" if background else ""
        tiles.append(
            f'<div class="tile" style="{style}height:{height:.0f}px;font-size:{font:.0f}px">'
            f'<span class="fits">{escape(text)}</span></div>'
        )
    return "".join(tiles)


def draw_bars(panel: Mapping[str, Any], drawn: Sequence[Drawn], size: tuple[float, float]) -> str:
    """Draw the newest values as bars from the lowest value of the panel on."""
    defaults = panel["fieldConfig"]["defaults"]
    values = [one.newest for one in drawn]
    low, high = defaults.get("min", min(values)), defaults.get("max", max(values))
    names = min(0.5 * size[0], 7.2 * max(len(one.field.name) for one in drawn))
    rows = []
    for one in drawn:
        text, _ = show(one.newest, one.field)
        width = max(0.0, min(1.0, (one.newest - low) / ((high - low) or 1.0))) * (size[0] - names - 110)
        rows.append(
            f'<div class="row"><span class="name" style="width:{names:.0f}px">{escape(one.field.name)}</span>'
            f'<span class="bar" data-value="{one.newest!r}" '
            f'style="width:{width:.0f}px;background:{one.field.color}"></span>'
            f"<b>{escape(text)}</b></div>"
        )
    return "".join(rows)


def draw_table(table: Table) -> str:
    """Draw a table whose cells have the colors of their mappings."""
    widths = {field.name: field.config.get("custom.width") for field in table.fields}
    columns = "".join(
        f'<col style="width:{widths[field.name]}px">' if widths[field.name] else "<col>" for field in table.fields
    )
    head = "".join(f'<th><span class="fits">{escape(field.name)}</span></th>' for field in table.fields)
    rows = []
    for row in table.rows:
        cells = []
        for field in table.fields:
            value = row.get(field.name)
            text, color = show(value, field)
            is_number = not isinstance(value, str) and not color
            style = f' style="background:{color};color:{text_on(color)}"' if color else ""
            is_wrapped = field.config.get("custom.cellOptions", {}).get("wrapText")
            kind = "number" if is_number else "wrapped" if is_wrapped else ""
            content = f"<a>{escape(text)}</a>" if field.config.get("links") else escape(text)
            cells.append(f'<td class="{kind}"{style}><span class="fits">{content}</span></td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table><colgroup>{columns}</colgroup><tr class="head">{head}</tr>{"".join(rows)}</table>'


def draw_text(content: str, values: Mapping[str, str]) -> str:
    """Draw Markdown: code blocks and paragraphs."""
    filled = re.sub(r"\${(\w+)(:[^}]*)?}", lambda match: values.get(match[1], match[1]), content)
    parts = re.split(r"```\n?(.*?)```", filled, flags=re.DOTALL)
    return "".join(
        f"<pre>{escape(part)}</pre>" if place % 2 else f"<p>{escape(part)}</p>" for place, part in enumerate(parts)
    )
