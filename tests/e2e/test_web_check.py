"""The web application of a demo in a real browser: sliders, a breach in time, accessibility; the short form."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.policy import read_policy_text
from tests.support.tiers import skip_or_fail

try:
    from tests.programs.web_check.claims import SHORT, check
    from tests.programs.web_check.stage import find_browser, open_stage
    from tests.programs.web_check.visits import serious_findings
except ImportError:  # a developer's environment without the browser's client
    find_browser = None  # type: ignore[assignment]

FAULTY = '<!doctype html><html><body><img src="data:,"><p style="color:#999;background:#888">faint</p></body></html>'


@pytest.mark.timeout(900)
def test_every_claim_about_the_pages_beside_a_running_demo_holds(kafka: str, tmp_path: Path) -> None:
    if find_browser is None:
        skip_or_fail("playwright or axe-playwright-python is not installed (group test)")
    if (browser := find_browser()) is None:
        skip_or_fail("Chromium is not installed: apt install chromium")
    policy = tmp_path / "short.toml"  # windows of 5 s instead of 10
    text = read_policy_text("demo").replace("out_of_orderness_s = 5", "out_of_orderness_s = 1, pane_s = 5")
    policy.write_text(text.replace('{ name = "10s", size_s = 10 }', '{ name = "5s", size_s = 5 }'), "utf-8")
    arguments = ("--kafka", kafka, "--fair-s", "3600")
    with open_stage(tmp_path, browser, arguments, str(policy)) as stage:
        stage.goal_s = 120.0  # `make web-check` measures it, on a machine that does nothing else
        outcomes = check(stage, SHORT)
        page = stage.browser.new_page()  # what is wrong would be noticed
        page.set_content(FAULTY)
        found = " ".join(serious_findings(page))
    assert {outcome.text: outcome.failure for outcome in outcomes if outcome.failure} == {}
    assert "image-alt" in found
    assert "color-contrast" in found
