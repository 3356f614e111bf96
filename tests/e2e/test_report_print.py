"""A compliance bundle on paper: nothing is cut off, and headings of tables are repeated on each page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stream_app.programs.report.packs import pack_names
from tests.support.bundles import page_of
from tests.support.tiers import skip_or_fail

try:
    from playwright.sync_api import sync_playwright

    from tests.programs.web_check.stage import find_browser
except ImportError:  # a developer's environment without the browser's client
    find_browser = None  # type: ignore[assignment]

A4_WIDTH = 794  # CSS pixels at 96 for an inch
_CUT = "[...document.querySelectorAll('td, th, code, p')].filter(e => e.scrollWidth > e.clientWidth + 1 && "
_CUT += "getComputedStyle(e).display != 'inline').map(e => e.textContent)"


@pytest.mark.timeout(900)
def test_every_pack_prints_to_pdf_without_a_text_that_is_cut_off(tmp_path: Path) -> None:
    if find_browser is None:
        skip_or_fail("playwright is not installed (group test)")
    if (browser_path := find_browser()) is None:
        skip_or_fail("Chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path)
        page = browser.new_page(viewport={"width": A4_WIDTH, "height": 1123})
        page.emulate_media(media="print")
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        for name in pack_names():
            file = tmp_path / f"{name}.html"
            file.write_text(page_of(name), "utf-8")
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH, name
            assert page.evaluate(_CUT) == [], name
            pdf = page.pdf(prefer_css_page_size=True, print_background=True)
            assert pdf.startswith(b"%PDF")
            assert 2 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 20, name
        assert {url.partition("://")[0] for url in loaded} == {"file"}
        assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
        browser.close()
