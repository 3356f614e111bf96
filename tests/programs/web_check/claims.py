"""What must be true of the web application beside a running demo; each is checked in the state that the last left.

Another claim is a function that takes the stage and returns what is wrong, empty if nothing is, in ``CLAIMS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from stream_app.core.groups.comparison import State
from stream_app.pipeline.records.results import Result
from tests.programs.web_check.stage import GOAL_S, Stage, wait_for
from tests.programs.web_check.visits import check_dark_pages, check_further_pages, check_light_pages, picture
from tests.programs.web_check.work import acknowledges_case, closes_case, replays_case, works_on_draft

_FIRST_S = 240.0  # until the first window is shown
_FOLLOW_S = 240.0  # a window that began after the change, its end, and a busy machine
_UNFAIR, _FAIR = 0.6, 0.9
_WATCH = """() => {  // notes when the page first shows a breach; gone if the page is loaded again
  window.breachAt = 0;
  const note = () => { if (document.querySelector(".badge.breach")) window.breachAt ||= Date.now(); };
  new MutationObserver(note).observe(document.body, { childList: true, subtree: true });
}"""


class Claim(NamedTuple):
    """A claim, and how it is checked.

    Attributes:
        text: What must be true.
        find: Returns what is wrong.
        is_short: Whether the short form checks it too.
    """

    text: str
    find: Callable[[Stage], str]
    is_short: bool = True


class Outcome(NamedTuple):
    """A claim that was checked, and what was wrong."""

    text: str
    failure: str


def check(stage: Stage, claims: Sequence[Claim]) -> list[Outcome]:
    """Check claims in their order."""
    return [Outcome(claim.text, claim.find(stage)) for claim in claims]


def _logs_in(stage: Stage) -> str:
    stage.log_in(stage.page)
    stage.page.evaluate(_WATCH)
    return "" if stage.page.url == f"{stage.address}/demo" else f"at {stage.page.url}"


def _shows_ratio(stage: Stage) -> str:
    if late := wait_for("a ratio", lambda: _ratio(stage) is not None, _FIRST_S):
        return late
    words = stage.page.inner_text(".badge .word")
    color = stage.page.eval_on_selector(".badge", "badge => getComputedStyle(badge).backgroundColor")
    return "" if words == "no alarm" and color == "rgb(0, 114, 178)" else f"{words}, {color}"


def _becomes_unfair(stage: Stage) -> str:
    before = stage.page.input_value("#n_samples")
    stage.page.focus("#n_samples")
    stage.page.keyboard.press("PageUp")
    failure = _slide(stage, "End") or wait_for(
        f"a ratio below {_UNFAIR}", lambda: (_ratio(stage) or 1.0) < _UNFAIR, _FOLLOW_S
    )
    return failure or ("" if int(stage.page.input_value("#n_samples")) > int(before) else "n_samples has not changed")


def _shows_breach_in_time(stage: Stage) -> str:
    if late := wait_for("a breach", lambda: _breach_at_s(stage) > 0, _FOLLOW_S):
        return late
    breaches = [at_s for at_s, result in _windows(stage) if result.state is State.BREACH]
    if not breaches:
        return "the page shows a breach that is not in Kafka"
    delay_s = _breach_at_s(stage) - breaches[0]
    return "" if delay_s <= stage.goal_s else f"{delay_s:.1f} s after its result"


def _explains(stage: Stage) -> str:
    text = stage.page.inner_text("#live")
    picture(stage.page, "demo-breach")
    return "" if "female vs. male" in text and "statistical, not causal" in text else text[:300]


def _takes_more_samples(stage: Stage) -> str:
    wanted = 0.95 * int(stage.page.input_value("#n_samples"))
    return wait_for(
        f"a window of {wanted:.0f} decisions",
        lambda: max((result.n for _, result in _windows(stage)), default=0) >= wanted,
        _FOLLOW_S,
    )


def _becomes_fair(stage: Stage) -> str:
    return _slide(stage, "Home") or wait_for(
        f"a ratio above {_FAIR}", lambda: (_ratio(stage) or 0.0) > _FAIR, _FOLLOW_S
    )


def _is_not_reloaded(stage: Stage) -> str:
    stage.page.click("#refresh")
    return "" if stage.page.evaluate("window.breachAt > 0") else "the page was loaded again"


def _has_no_faults(stage: Stage) -> str:
    return "; ".join(stage.faults[:3])


def _slide(stage: Stage, key: str) -> str:
    stage.page.evaluate("document.getElementById('applied').textContent = ''")
    stage.page.focus("#drift_level")
    stage.page.keyboard.press(key)
    return wait_for("applied", lambda: stage.page.inner_text("#applied") == "Applied.", stage.goal_s)


def _windows(stage: Stage) -> list[tuple[float, Result]]:
    """Return what the badge is about, as Kafka has it."""
    model = stage.model()
    return [
        (at_s, result)
        for at_s, result in stage.results
        if (result.model, result.attribute, result.size_s) == (model, "gender", stage.window_s)
    ]


def _breach_at_s(stage: Stage) -> float:
    return float(stage.page.evaluate("window.breachAt")) / 1000


def _ratio(stage: Stage) -> float | None:
    if not stage.page.locator(".badge strong").count():
        return None
    text = stage.page.inner_text(".badge strong")
    return float(text) if re.fullmatch(r"\d\.\d\d", text) else None


CLAIMS: Sequence[Claim] = (
    Claim("the user of the demo logs in and comes to its page", _logs_in),
    Claim("the page shows a ratio in number, word and color", _shows_ratio),
    Claim("the slider makes the live stream unfair, and the badge follows", _becomes_unfair),
    Claim(f"the breach is shown within {GOAL_S:g} s of its result", _shows_breach_in_time),
    Claim("the page explains the breach", _explains),
    Claim("the other slider changes how many decisions a window has", _takes_more_samples),
    Claim("the breach has opened a case, which an analyst acknowledges", acknowledges_case),
    Claim("a replay verifies what was published in the time of the case", replays_case, is_short=False),
    Claim("the analyst concludes the case, and another one closes it", closes_case),
    Claim("a draft is validated, compared over a period and approved by a second user", works_on_draft),
    Claim("the slider makes the live stream fair again, and the badge follows", _becomes_fair, is_short=False),
    Claim("the page updates itself without being loaded again", _is_not_reloaded),
    Claim("in light, no page has a serious finding of axe-core or is wider than its screen", check_light_pages),
    Claim("in dark, neither", check_dark_pages, is_short=False),
    Claim(
        "nor has a page of administrators, auditors or one entry, in both themes", check_further_pages, is_short=False
    ),
    Claim("no page asks another host, and the browser reports no error", _has_no_faults),
)
SHORT = [claim for claim in CLAIMS if claim.is_short]
