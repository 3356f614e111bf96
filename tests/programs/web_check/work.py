"""What two people do: a case goes from alert to closed, a draft is validated, compared and approved."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.programs.web_check.stage import Stage, wait_for
from tests.programs.web_check.visits import picture, serious_findings

_REPLAY_S = 300.0
_MINUTE_S = 150.0
_KEPT = 'keep = ["region"]'
_RULES = "rules = { min_disparate_impact_ratio = 0.3, max_gap = 0.9 }"  # under which the drift is no breach
_ENDED = ("done", "failed", "interrupted")


def acknowledges_case(stage: Stage) -> str:
    """Acknowledge the case of the breach; return what is wrong."""
    ada, _ = stage.people = [stage.page_of_new_user(name, "analyst") for name in ("ada", "grace")]
    ada.goto(f"{stage.address}/cases")
    ada.click("th a[href^='/cases/']")
    _press(ada, "Acknowledge")
    return "" if "Acknowledged; owner ada" in ada.inner_text("main") else ada.inner_text("main")[:300]


def replays_case(stage: Stage) -> str:
    """Verify the time of the case; return what is wrong."""
    ada, _ = stage.people
    path = ada.url
    ada.click("legend:text-is('Replay') ~ button")
    failure = _result(ada, "VERIFIED", "case-replay")
    ada.goto(path)
    return failure or ("" if "ended: verified" in ada.inner_text("main") else "the case does not say so")


def closes_case(stage: Stage) -> str:
    """Conclude the case, and close it by the other user; return what is wrong."""
    ada, grace = stage.people
    ada.check("#conclusion-confirmed")
    ada.fill("#reasons", "The slider was moved.")
    _press(ada, "Conclude")
    if ada.locator("button:text-is('Close the case')").count():
        return "who concluded can close"
    grace.goto(ada.url)
    _press(grace, "Close the case")
    picture(grace, "case")
    text = grace.inner_text("main")
    missing = [word for word in ("closed", "Closed: Confirmed") if word not in text]
    return "; ".join([*(f"not said: {word}" for word in missing), *serious_findings(grace)])


def works_on_draft(stage: Stage) -> str:
    """Validate, propose, compare and approve a draft, by two users; return what is wrong."""
    ada, grace = stage.people
    text = stage.policy_text.replace(_KEPT, f"{_KEPT}\n{_RULES}")
    ada.goto(f"{stage.address}/policies")
    ada.fill("#text", text)
    ada.fill("#reason", "A lower limit.")
    _press(ada, "Check")
    if "rules.min_disparate_impact_ratio" not in ada.inner_text("main"):
        return "the changed field is not shown"
    first_s = stage.results[0][1].end_s
    # The form offers a period that ends with the last whole minute: a minute of decisions must stand before it.
    if late := wait_for("a whole minute", lambda: time.time() // 60 * 60 >= first_s + 60, _MINUTE_S):
        return late
    _press(ada, "Propose")
    draft = ada.url
    ada.click("legend:text-is('Compare over a period') ~ button")
    if failure := _result(ada, "differ", "draft-comparison"):
        return failure
    grace.goto(f"{stage.address}/policies/comparison")
    if "UTC, in use here" not in grace.inner_text("main"):
        return "the policy that the worker has registered is not known"
    grace.goto(draft)
    _press(grace, "Approve")
    picture(grace, "draft")
    return "" if "approved, by grace" in grace.inner_text("main") else grace.inner_text("main")[:300]


def _press(page: Page, label: str) -> None:
    page.click(f"main button:text-is('{label}')")
    page.wait_for_load_state("domcontentloaded")


def _result(page: Page, wanted: str, name: str) -> str:
    """Wait on the page of a replay, which updates itself, for its result."""
    page.wait_for_url("**/replays/*", wait_until="domcontentloaded")
    late = wait_for("the end of a replay", lambda: page.inner_text(".sentence .state") in _ENDED, _REPLAY_S)
    picture(page, name)
    found = page.inner_text("main")
    return late or ("" if wanted in found else found[:500])
