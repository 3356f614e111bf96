"""Every panel of every dashboard is drawn in three states, by the rules of Grafana, and looked at by a browser."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.edges.servers.process import find_program
from stream_app.errors import DependencyMissingError
from tests.support.boards.board_checks import Source
from tests.support.boards.board_queries import BOARDS, panels
from tests.support.boards.metric_scenario import LENGTH_S, as_openmetrics, scenario
from tests.support.boards.pictures.page import CHROMIUM, View, draw, find_cut_texts, join, photograph
from tests.support.boards.series import BREACH_S
from tests.support.servers.recorded_prometheus import RecordedPrometheus
from tests.support.tiers import skip_or_fail

STARTED, FAIR, BREACH = "just started", "fair", "breach"
END_S = {STARTED: 45, FAIR: BREACH_S - 60, BREACH: LENGTH_S}  # seconds after the start
FAIRNESS, EXPLANATION, INTERSECTIONS = "fairstream-fairness", "fairstream-explanation", "fairstream-intersections"
NARROW = 900  # pixels
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Source]]:
    """Return the same Prometheus at three times."""
    start_s = (int(time.time()) - LENGTH_S) // 60 * 60
    server = RecordedPrometheus(tmp_path_factory.mktemp("prometheus"))
    try:
        server.record(as_openmetrics(scenario(start_s), start_s))
        with server:
            yield {state: Source(server.api, start_s - 300, start_s + end_s) for state, end_s in END_S.items()}
    except DependencyMissingError as missing:
        skip_or_fail(str(missing))


def test_every_panel_of_every_dashboard_is_drawn_and_readable_at_900_pixels(
    sources: dict[str, Source], tmp_path: Path
) -> None:
    if find_program(CHROMIUM) is None:
        skip_or_fail("chromium is not installed")
    titles = {panel["title"] for board in BOARDS.values() for panel in panels(board)}
    pages: dict[str, str] = {}
    for state, source in sources.items():
        theme = "light" if state == FAIR else "dark"
        pages[state] = join([draw(source, View(uid, NARROW, theme)) for uid in BOARDS])
        assert set(re.findall(r'data-title="([^"]*)"', pages[state])) == titles
        page = tmp_path / f"{state}.html"
        page.write_text(pages[state], "utf-8")
        assert photograph(page, NARROW, scale=0.5).stat().st_size > 100_000
    page = tmp_path / "all.html"
    page.write_text(join(list(pages.values())), "utf-8")
    assert find_cut_texts(page, NARROW) == []


def test_a_text_that_does_not_fit_would_be_noticed(sources: dict[str, Source], tmp_path: Path) -> None:
    if find_program(CHROMIUM) is None:
        skip_or_fail("chromium is not installed")
    page = tmp_path / "narrow.html"
    page.write_text(draw(sources[BREACH], View(FAIRNESS, 420, rows=("Groups",))), "utf-8")
    assert "Groups, worst first: Ratio" in find_cut_texts(page, 420)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            STARTED,
            ("No verdict yet: no window has closed", "Not known yet", "no verdict yet", "none detected", "none yet"),
        ),
        (
            FAIR,
            ("No limit is violated", "No gap to explain", "within limit", "reference", "not tested", "not in breach"),
        ),
        (BREACH, ("female approved 60% as often as male; limit 80%", "breach", "23.9")),
    ],
)
def test_the_overview_says_in_words_what_is_known(
    sources: dict[str, Source], state: str, words: tuple[str, ...]
) -> None:
    page = draw(sources[state], View(FAIRNESS))
    shown = {text.strip() for text in re.findall(r">([^<>]+)<", page)}
    assert set(words) <= shown
    assert state == BREACH or "breach" not in shown


def test_the_worst_group_is_the_first_row(sources: dict[str, Source]) -> None:
    for uid, row, first in ((FAIRNESS, "Groups", "female"), (INTERSECTIONS, "Worst", "female & black")):
        page = draw(sources[BREACH], View(uid, rows=(row,)))
        cells = re.findall(r'<span class="fits">(?:<a>)?([^<]*)', page.partition("</tr>")[2])
        assert html.unescape(cells[1]) == first


def test_bars_have_the_length_of_their_values_on_both_sides_of_zero(sources: dict[str, Source]) -> None:
    page = draw(sources[BREACH], View(EXPLANATION, rows=("Open breaches, since their onset",)))
    svg = page.partition("Segments since the onset")[2].partition("</svg>")[0]
    zero = float(re.findall(r'<line x1="([\d.]+)"', svg)[0])
    pattern = r'data-value="([^"]+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"'
    bars = [tuple(map(float, found)) for found in re.findall(pattern, svg)]
    assert {value > 0 for value, _, _ in bars} == {True, False}
    scale = {round(width / abs(value), 0) for value, _, width in bars if abs(value) > 0.01}
    assert max(scale) - min(scale) <= 20  # pixels are rounded
    assert all((x >= zero - 0.2) if value > 0 else (x + width <= zero + 0.2) for value, x, width in bars)
