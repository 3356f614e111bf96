"""Looks at each page in both themes and at two widths: findings of axe-core, width, and a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.programs.web_check.stage import NARROW, WIDE, Stage

Theme = Literal["light", "dark"]

PICTURES = Path("build/web-check")
_HEIGHT = {WIDE: 900, NARROW: 860}
_SERIOUS = ("serious", "critical")
_OF_ROLES = {
    "administrator": {"users": "/users", "tokens-of-all": "/tokens", "forbidden": "/audit"},
    "auditor": {
        "audit": "/audit",
        "privacy": "/privacy",
        "policy-comparison": "/policies/comparison",
        "runbook": "/runbooks/FairnessBreach",
    },
}
_IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def check_light_pages(stage: Stage) -> str:
    """Return what is wrong with the pages on a light ground; leaves a picture of each in ``PICTURES``."""
    return _check_pages(stage, "light")


def check_dark_pages(stage: Stage) -> str:
    """Return what is wrong with the pages on a dark ground."""
    return _check_pages(stage, "dark")


def check_further_pages(stage: Stage) -> str:
    """Return what is wrong with pages that the user of the demo may not open, and with those of single entries."""
    themes: tuple[Theme, ...] = ("light", "dark")
    findings: list[str] = []
    for role, paths in _OF_ROLES.items():
        page = stage.page_of(role)
        for theme in themes:
            page.emulate_media(color_scheme=theme)
            findings += _visit(page, stage, theme, paths)
            if role == "auditor":
                findings += _visit(page, stage, theme, _newest(page, stage))
    return "; ".join(findings)


def _check_pages(stage: Stage, theme: Theme) -> str:
    page = stage.open_page(color_scheme=theme, viewport={"width": WIDE, "height": _HEIGHT[WIDE]})
    page.goto(f"{stage.address}/login")
    findings = _look_at(page, f"login-{theme}")
    stage.log_in(page)
    paths = {
        "demo": "/demo",
        "overview": "/",
        "model": f"/models/{stage.model()}?attribute=gender",
        "alerts": "/alerts",
        "cases": "/cases",
        "cameras": "/cameras",
        "quality": "/quality",
        "model-quality": f"/quality/{stage.model()}",
        "tokens": "/tokens",
        "policies": "/policies",
        "replays": "/replays",
        "runbooks": "/runbooks",
        "not-found": "/nowhere",
        "link-ended": "/welcome/nothing",
    }
    findings += _visit(page, stage, theme, paths)
    page.context.close()
    return "; ".join(findings)


def _visit(page: Page, stage: Stage, theme: str, paths: Mapping[str, str]) -> list[str]:
    findings: list[str] = []
    for name, path in paths.items():
        page.goto(stage.address + path)
        findings += _look_at(page, f"{name}-{theme}")
    return findings


def _newest(page: Page, stage: Stage) -> dict[str, str]:
    """Return the page of the newest entry of each list that has one."""
    found = {}
    lists = {"alert": "/alerts", "one-case": "/cases", "replay": "/replays", "policy": "/policies"}
    for name, path in lists.items():
        page.goto(stage.address + path)
        link = page.locator(f"main tbody a[href^='{path}/']").first
        if link.count():
            found[name] = link.get_attribute("href") or path
    return found


def _look_at(page: Page, name: str) -> list[str]:
    findings: list[str] = []
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": _HEIGHT[width]})
        page.reload()
        if page.evaluate(_IS_WIDER):
            findings.append(f"{name} is wider than {width} px")
        picture(page, f"{name}-{width}")
    return findings + [f"{name}: {text}" for text in serious_findings(page)]


def picture(page: Page, name: str) -> None:
    """Leave a picture of a page."""
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def serious_findings(page: Page) -> list[str]:
    """Return the serious findings of axe-core about a page, each with the first place."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{violation['id']} ({violation['nodes'][0]['target']})"
        for violation in violations
        if violation["impact"] in _SERIOUS
    ]
