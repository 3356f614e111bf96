"""Reports on paper, printed by a real browser on A4 and on Letter: nothing is cut, lost, divided or left alone."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_app.programs.report.packs import pack_names
from stream_app.render.html_table import write_table
from stream_app.render.paper.commands import write_command
from stream_app.render.paper.page import write_document
from tests.support.bundles import page_of
from tests.support.tiers import skip_or_fail

try:
    from playwright.sync_api import sync_playwright

    from tests.programs.web_check.stage import find_browser
except ImportError:  # a developer's environment without the browser's client
    find_browser = None  # type: ignore[assignment]

pytestmark = pytest.mark.timeout(900)

MARGINS_MM = 28.0  # left and right, of the style sheet
WIDTHS_MM = {"A4": 210.0, "Letter": 215.9}
_CUT = """[...document.querySelectorAll('table, td, th, pre, code, p, li, div, svg')].filter(e =>
  getComputedStyle(e).display != 'inline' && (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
  || e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  ).map(e => e.textContent.slice(0, 80))"""
LONG = (
    "fairstream replay count --policy /srv/lender/policies/2026/personal-loans-and-cards.toml --model 'loans of 2026'"
)
LONG += " --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --published --by gender --by gender+race --json"


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """Yield a page of a browser that is set to print, and dark."""
    if find_browser is None:
        skip_or_fail("playwright is not installed (group test)")
    if (browser_path := find_browser()) is None:
        skip_or_fail("Chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path)
        page = browser.new_page(color_scheme="dark")
        page.emulate_media(media="print", color_scheme="dark")
        yield page
        browser.close()


def show(page: Any, folder: Path, text: str, paper: str = "A4") -> None:
    """Load a report at the width that the paper leaves between its margins."""
    page.set_viewport_size({"width": int((WIDTHS_MM[paper] - MARGINS_MM) / 25.4 * 96), "height": 1000})
    file = folder / "report.html"
    file.write_text(text, "utf-8")
    page.goto(file.as_uri())


def pages_of(page: Any, folder: Path, paper: str = "A4") -> list[list[str]]:
    """Print the loaded report; return the lines of each page as a reader of the PDF copies them."""
    if (program := shutil.which("pdftotext")) is None:
        skip_or_fail("pdftotext is not installed: apt install poppler-utils")
    pdf = folder / "report.pdf"
    page.pdf(path=str(pdf), format=paper)
    done = subprocess.run([program, "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.removesuffix("\f").split("\f")
    return [[line.strip() for line in text.split("\n") if line.strip()] for text in pages]


@pytest.mark.parametrize("paper", WIDTHS_MM)
def test_nothing_of_any_pack_is_cut_off_and_the_paper_is_light(page: Any, tmp_path: Path, paper: str) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    for name in pack_names():
        show(page, tmp_path, page_of(name), paper)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
        assert page.evaluate(_CUT) == [], name
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert {url.partition("://")[0] for url in loaded} == {"file"}


@pytest.mark.parametrize("paper", WIDTHS_MM)
def test_each_page_says_what_it_is_of_and_the_first_says_the_result(page: Any, tmp_path: Path, paper: str) -> None:
    for name in pack_names():
        show(page, tmp_path, page_of(name), paper)
        pages = pages_of(page, tmp_path, paper)
        first = "\n".join(pages[0])
        assert re.search(r"Result of \d+ checks?: ", first), name
        for word in ("no legal advice", "no lawyer has reviewed it", "policy hash", "decisions counted"):
            assert word in re.sub(r"\s+", " ", first), (name, word)
        for number, lines in enumerate(pages, start=1):
            foot = " ".join(lines[-3:])
            assert f"Page {number} of {len(pages)}" in foot, (name, number)
            assert "Model loans<script>" in foot, (name, number)
            assert "policy h" in foot, (name, number)
            assert "decisions from" in foot, (name, number)


def test_a_long_table_has_its_headings_on_each_page_and_no_row_alone(page: Any, tmp_path: Path) -> None:
    for n_before in range(36, 46):  # the table begins at different heights
        text = "".join(f"<p>Line {number}.</p>" for number in range(n_before - 20))
        rows = [(f"row {number}", f"{number:,}") for number in range(60)]
        table = write_table(("name of the row", "n:number"), rows)
        show(page, tmp_path, write_document("Long", f"{text}<h2>A heading</h2>{table}<p>The end.</p>", ["x"]))
        pages = pages_of(page, tmp_path)
        with_rows = [lines for lines in pages if any(re.match(r"row \d", line) for line in lines)]
        assert len(with_rows) >= 2
        for lines in with_rows:
            assert any(line.startswith("name of the row") for line in lines), n_before
            assert sum(bool(re.match(r"row \d", line)) for line in lines) >= 2, n_before
        for lines in pages:  # the last two lines are the foot of the page
            assert not lines[-2].startswith(("A heading", "name of the row")), n_before


def test_a_small_table_and_its_heading_are_on_one_page(page: Any, tmp_path: Path) -> None:
    for n_before in range(20, 44, 3):
        text = "".join(f"<p>Line {number}.</p>" for number in range(n_before))
        table = write_table(("group", "n:number"), [(f"row {number}", "1") for number in range(8)])
        show(page, tmp_path, write_document("Small", f"{text}<h3>Groups</h3>{table}", ["x"]))
        found = [lines for lines in pages_of(page, tmp_path) if any(line.startswith("row") for line in lines)]
        assert len(found) == 1
        assert "Groups" in found[0]
        assert sum(line.startswith("row") for line in found[0]) == 8


@pytest.mark.parametrize("paper", WIDTHS_MM)
def test_a_command_is_copied_from_the_paper_as_it_was(page: Any, tmp_path: Path, paper: str) -> None:
    show(page, tmp_path, write_document("Command", write_command(LONG), ["x"]), paper)
    [lines] = pages_of(page, tmp_path, paper)
    first = next(number for number, line in enumerate(lines) if line.startswith("fairstream"))
    copied = "\n".join(lines[first:-1])
    assert "\\\n" in copied
    assert shlex.split(copied.replace("\\\n", " ")) == shlex.split(LONG)


def test_words_are_whole_and_only_a_word_longer_than_a_column_is_broken(page: Any, tmp_path: Path) -> None:
    rows = [("Development, implementation and use", "attention", "What was found. " * 12, "What to do. " * 8)] * 3
    rows.append(("x" * 200, "unknown", "y" * 200, "z"))
    show(page, tmp_path, write_document("Words", write_table(("part", "state", "found", "what to do"), rows), ["x"]))
    assert page.evaluate(_CUT) == []
    words = " ".join(line for lines in pages_of(page, tmp_path) for line in lines).split()
    assert {"Development,", "implementation", "attention", "unknown"} <= set(words)


def test_what_is_folded_on_a_screen_is_on_the_paper(page: Any, tmp_path: Path) -> None:
    body = "<details><summary>An alert</summary><p>Its numbers.</p></details>"
    body += (
        "<details class='fold'><summary>1 more</summary><details><summary>B</summary><p>Inside.</p></details></details>"
    )
    show(page, tmp_path, write_document("Folded", body, ["x"]))
    [lines] = pages_of(page, tmp_path)
    assert {"An alert", "Its numbers.", "B", "Inside."} <= set(lines)
    assert "1 more" not in lines


def test_a_hostile_name_in_the_margin_is_text(page: Any, tmp_path: Path) -> None:
    name = "a\"}</style><script>document.title='x'</script>\\22 é"
    show(page, tmp_path, write_document("Title", "<p>Body</p>", [name]))
    assert page.title() == "Title"
    [lines] = pages_of(page, tmp_path)
    assert "</style><script>" in " ".join(lines[-2:])
