"""A page with the panels of a dashboard, and its picture."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_app.edges.servers.process import find_program
from stream_app.errors import DependencyMissingError
from tests.support.boards.board_checks import STEP_S, Source, choices, escaped, options
from tests.support.boards.board_queries import BOARDS, fill
from tests.support.boards.pictures.axes import Marks, draw_buckets, draw_lines, draw_split_bars, draw_states
from tests.support.boards.pictures.fields import escape
from tests.support.boards.pictures.frames import Drawn, series_of, table_of
from tests.support.boards.pictures.tiles import draw_bars, draw_table, draw_text, draw_tiles

CHROMIUM = "chromium"
THEMES = {"dark": ("#111217", "#181B1F", "#CCCCDC"), "light": ("#F4F5F5", "#FFFFFF", "#24292E")}
_CELL, _GAP, _MARGIN = 30, 8, 12
_MAX_REPEATED = 3  # of a repeated panel, beside each other
_STYLE = """
body{margin:0;padding:12px;font:13px Arial,sans-serif;background:%s;color:%s}
.board{position:relative}.panel{position:absolute;background:%s;overflow:hidden;box-sizing:border-box;border-radius:2px}
.panel h3,.heading{font-size:14px;font-weight:600;margin:0;padding:7px 10px;white-space:nowrap;overflow:hidden}
.heading{position:absolute}.axis{font-size:11px;fill:currentColor}.grid{stroke:currentColor;stroke-opacity:.12}
.zero{stroke:currentColor;stroke-opacity:.5}.empty{text-align:center;padding-top:6%%;font-size:15px;opacity:.75}
.legend{padding:0 10px;line-height:20px}.legend span{margin-right:14px;white-space:nowrap}
.legend i{display:inline-block;width:14px;height:4px;margin-right:5px;vertical-align:middle}
.tile{display:flex;align-items:center;justify-content:center;margin:0 6px 4px;overflow:hidden;white-space:nowrap}
table{border-collapse:collapse;width:100%%;font-size:13px;table-layout:fixed}
td,th{padding:5px 6px;text-align:left;border-bottom:1px solid #8884;overflow:hidden;white-space:nowrap}
td.number{text-align:right}td.wrapped{white-space:normal}th{opacity:.8}a{color:#6E9FFF}
.row{display:flex;align-items:center;height:26px;padding:0 10px}
.row .name{text-align:right;margin-right:8px;overflow:hidden}
.row .bar{height:18px;margin-right:6px;display:inline-block}pre,p{margin:6px 12px;white-space:pre-wrap;font-size:12px}
"""
# Texts that do not fit are what a reader cannot read: their number is written where a test finds it.
_CHECK = """<script>
const cut=[...document.querySelectorAll('.fits,h3')].filter(e=>e.parentElement.scrollWidth>e.parentElement.clientWidth+1
||e.scrollWidth>e.clientWidth+1&&e.tagName==='H3').map(e=>e.closest('.panel').dataset.title+': '+e.textContent);
const s=document.createElement('script');s.type='application/json';s.id='cut';s.textContent=JSON.stringify(cut);
document.body.append(s)</script>"""


@dataclass(frozen=True)
class View:
    """How a person looks at a dashboard.

    Attributes:
        uid: The dashboard.
        width: Of the page in pixels.
        theme: ``dark`` or ``light``.
        selected: Values of variables.
        rows: Headings of the rows that are drawn; all if empty.
    """

    uid: str
    width: int = 1600
    theme: str = "dark"
    selected: Mapping[str, str] | None = None
    rows: Sequence[str] = ()


def draw(source: Source, view: View) -> str:
    """Return the page of a dashboard."""
    board = BOARDS[view.uid]
    values, offered = choices(source, view.uid, view.selected or {}), options(source, view.uid, view.selected or {})
    marks = list(_marks(source, board, values))
    unit = (view.width - 2 * _MARGIN) / 24
    parts, shift, height = [], 0, 0.0
    for heading, panels in _rows(board):
        if view.rows and heading["title"] not in view.rows:
            shift += (
                1
                + max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
                - (heading["gridPos"]["y"] + 1)
            )
            continue
        for panel in (heading, *panels):
            for one, chosen in _repeated(panel, offered):
                grid = one["gridPos"]
                left, top = grid["x"] * unit, (grid["y"] - shift) * (_CELL + _GAP)
                width, tall = grid["w"] * unit - _GAP, grid["h"] * (_CELL + _GAP) - _GAP
                place = f"left:{left:.0f}px;top:{top:.0f}px;width:{width:.0f}px;height:{tall:.0f}px"
                if one["type"] == "row":
                    parts.append(f'<div class="heading" style="{place}">{escape(one["title"])}</div>')
                    continue
                body = _body(source, one, values | chosen, marks, (width, tall - 34))
                title = _titled(one["title"], chosen)
                parts.append(
                    f'<div class="panel" data-title="{escape(one["title"])}" style="{place}"><h3>{escape(title)}</h3>'
                    f"{body}</div>"
                )
                height = max(height, top + tall)
    ground, face, ink = THEMES[view.theme]
    board_html = f'<div class="board" style="height:{height:.0f}px">{"".join(parts)}</div>'
    style = _STYLE % (ground, ink, face)
    return f"<!doctype html><meta charset=utf-8><style>{style}</style><body>{board_html}{_CHECK}</body>"


def join(pages: Sequence[str]) -> str:
    """Put pages below each other."""
    bodies = [page.partition("<body>")[2].partition("<script>")[0] for page in pages]
    return f"{pages[0].partition('<body>')[0]}<body>{''.join(bodies)}{_CHECK}</body>"


def height_of(page: str) -> int:
    """Return the height of a page in pixels."""
    return sum(map(int, re.findall(r'class="board" style="height:(\d+)px', page))) + 2 * _MARGIN


def photograph(page: Path, width: int, scale: float = 1.0) -> Path:
    """Make a PNG of a page, next to it.

    Args:
        page: The HTML.
        width: Of the page in pixels.
        scale: Pixels of the picture for each of the page.
    """
    picture = page.with_suffix(".png")
    size = f"--window-size={width},{height_of(page.read_text('utf-8'))}"
    _open(page, size, f"--force-device-scale-factor={scale}", f"--screenshot={picture}")
    return picture


def find_cut_texts(page: Path, width: int) -> list[str]:
    """Return the titles and cells that do not fit, with their panels."""
    dom = _open(page, f"--window-size={width},900", "--dump-dom")
    found = re.search(r'id="cut">(.*?)</script>', dom, re.DOTALL)
    assert found is not None
    cut: list[str] = json.loads(found[1])
    return cut


def _open(page: Path, *arguments: str) -> str:
    program = find_program(CHROMIUM)
    if program is None:
        raise DependencyMissingError("chromium is not installed", action="apt install chromium")
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *arguments]
    command.append(page.resolve().as_uri())
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout


def _titled(title: str, chosen: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: chosen[match[1]].replace("\\", ""), title)


def _rows(board: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    heading: Mapping[str, Any] | None = None
    panels: list[Mapping[str, Any]] = []
    for panel in board["panels"]:
        if panel["type"] == "row":
            if heading is not None:
                yield heading, panels
            heading, panels = panel, []
        else:
            panels.append(panel)
    assert heading is not None
    yield heading, panels


def _repeated(
    panel: Mapping[str, Any], offered: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Mapping[str, Any], dict[str, str]]]:
    if not panel.get("repeat"):
        yield panel, {}
        return
    values = list(offered[panel["repeat"]])[:_MAX_REPEATED] or ["nothing-is-offered"]
    grid = panel["gridPos"]
    width = grid["w"] // _MAX_REPEATED
    for place, value in enumerate(values):
        yield {**panel, "gridPos": {**grid, "x": place * width, "w": width}}, {panel["repeat"]: escaped(value)}


def _body(
    source: Source, panel: Mapping[str, Any], values: Mapping[str, str], marks: Marks, size: tuple[float, float]
) -> str:
    kind = panel["type"]
    body = ""
    if kind == "text":
        body = draw_text(panel["options"]["content"], values)
    elif kind in ("table", "barchart"):
        table = table_of(source, panel, values)
        if table.rows:
            body = draw_table(table) if kind == "table" else draw_split_bars(table, panel["options"]["xField"], size)
    else:
        body = _drawn(source, panel, series_of(source, panel, values), marks, size)
    return body or f'<div class="empty">{escape(panel["fieldConfig"]["defaults"]["noValue"])}</div>'


def _drawn(
    source: Source, panel: Mapping[str, Any], drawn: Sequence[Drawn], marks: Marks, size: tuple[float, float]
) -> str:
    kind = panel["type"]
    if kind == "stat":
        return draw_tiles(panel, drawn, size)
    if not drawn:
        return ""
    return {
        "timeseries": lambda: draw_lines(panel, drawn, marks, source, size),
        "state-timeline": lambda: draw_states(drawn, marks, source, size),
        "bargauge": lambda: draw_bars(panel, drawn, size),
        "heatmap": lambda: draw_buckets(drawn, source, size),
    }[kind]()


def _marks(source: Source, board: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[tuple[float, str]]:
    for mark in board["annotations"]["list"]:
        for series in source.api.over(fill(mark["expr"], values), source.start_s, source.end_s, STEP_S):
            for time_s, value in series["values"]:
                yield (float(value) / 1000 if mark["useValueForTime"] else float(time_s)), mark["iconColor"]
