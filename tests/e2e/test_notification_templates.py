"""The texts for chat, mail and pagers, rendered by Alertmanager's own tool from annotations as the rules make them."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers.templates import as_alert, render_alerts

MAX_LENGTH = 1500
TEXTS = ("title", "details", "text", "pagerduty", "teams", "html")
VERDICT = "loans: female approved 55% as often as male; limit 80%"
ONSET = "2026-11-29T14:07:00Z (event time, 99% interval 2026-11-29T14:06:00Z to 2026-11-29T14:07:00Z)"
BREACH = {
    "summary": VERDICT,
    "description": "Confirmed by a sequential test that stays valid however often it is looked at.",
    "evidence": "evidence 10^23.9 against the limit (10^8.7 needed); ratio 0.548, "
    "95% interval 0.530 to 0.566; n >= 1,000",
    "since": f"{ONSET}, detected 2026-11-29T14:08:00Z",
    "cause": "mainly different decisions within the same segment (-31.0 percentage points), most in home (-11.2)",
    "groups": "\n".join(
        f"female & {race} & 18-29: {n}% as often as male & white & 30-44"
        for n, race in enumerate(("black", "hispanic", "asian", "white", "black"), start=32)
    ),
    "ended": "",
    "replay": "fairstream replay verify --published --model loans --policy loans --from 2026-11-29T13:57:00Z "
    "--to 2026-11-29T14:08:01Z",
    "silence": "amtool silence add --comment=investigating --duration=4h model=loans "
    "'attribute=~\"(.*[+])?gender([+].*)?\"'",
    "policy": "3432f5a31f26ffec",
    "case_url": "https://fairness.example/cases/about?model=loans&attribute=gender&about=decisions",
    "dashboard_url": "http://127.0.0.1:3000/d/fairstream-fairness?var-model=loans&var-attribute=gender&var-window=1m"
    "&from=1764423420000&to=now",
    "runbook_url": "http://127.0.0.1:9099/runbooks/FairnessBreach",
}
LABELS = {"alertname": "FairnessBreach", "model": "loans", "attribute": "gender", "about": "decisions"}
ENDED = "2026-11-29T14:17:30Z (event time), after 10m 30s"


def alert(status: str = "firing", labels: dict[str, str] = LABELS, **annotations: str) -> dict[str, Any]:
    return as_alert(labels, BREACH | annotations, ends_at="2026-11-29T14:18:12.345Z" if status == "resolved" else "")


@pytest.mark.parametrize("name", ["title", "text", "pagerduty", "html"])
def test_the_first_sentence_is_the_verdict(tmp_path: Path, name: str) -> None:
    first = render_alerts(tmp_path, name, alert()).removeprefix("<h3>")
    assert first.startswith(f"[FIRING] {VERDICT}")


@pytest.mark.parametrize("name", ["details", "text", "teams", "html"])
def test_subgroups_are_named_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    lines = [f"female & hispanic or latino & {n}0-{n}9: {n}{n}% as often as male & white & 30-44" for n in range(1, 6)]
    for shown, groups in ((BREACH["groups"].splitlines(), BREACH["groups"]), (lines[:4], "\n".join(lines))):
        text = html.unescape(render_alerts(tmp_path, name, alert(groups=groups)))
        listed = re.findall(r"female & [^\n;<]*", text.partition("Also affected")[2].partition("Verify")[0])
        assert [line.strip() for line in listed] == shown
        assert ("and more" in text) == (len(shown) < len(groups.splitlines()))


@pytest.mark.parametrize("name", ["details", "text", "teams"])
def test_a_message_has_confidence_onset_cause_subgroups_commands_and_links(tmp_path: Path, name: str) -> None:
    text = render_alerts(tmp_path, name, alert())
    for part in ("evidence", "since", "cause", "replay", "silence", "case_url", "dashboard_url", "runbook_url"):
        assert BREACH[part] in text, part
    assert "n >= 1,000" in text
    assert "female & black & 18-29: 32%" in text


def test_a_mail_has_the_same_facts_as_html(tmp_path: Path) -> None:
    text = render_alerts(tmp_path, "html", alert())
    assert "<td>evidence 10^23.9" in text
    assert "female &amp; black" in text
    assert '<a href="https://fairness.example/cases/about?model=loans&amp;' in text
    assert '<a href="http://127.0.0.1:3000/d/fairstream-fairness?var-model=loans&amp;' in text


@pytest.mark.parametrize("name", ["text", "teams", "html", "pagerduty"])
def test_a_message_about_amounts_has_all_its_facts(tmp_path: Path, name: str) -> None:
    evidence = "evidence 10^123.9 against the limit (10^8.7 needed); difference -12346, 95% interval -13456 to -11234"
    verdict = "wages: female worse off: mean wage 12,346 lower than male; limit 1,000"
    text = html.unescape(render_alerts(tmp_path, name, alert(summary=verdict, evidence=f"{evidence}; n >= 10,000")))
    assert verdict in text or name == "teams"  # its title is beside the text
    assert f"{evidence}; n >= 10,000" in text


@pytest.mark.parametrize("name", TEXTS)
def test_a_message_is_short_whatever_is_in_it(tmp_path: Path, name: str) -> None:
    long: Any = dict.fromkeys(("summary", "evidence", "since", "cause", "groups"), "x" * 5000)
    many = [alert(**long), *(alert(labels=LABELS | {"attribute": f"a{n}"}, **long) for n in range(40))]
    over = [alert("resolved", **long), *(alert("resolved") for _ in range(9))]
    for alerts in ([alert()], many, over):
        text = render_alerts(tmp_path, name, *alerts)
        if name in ("details", "teams"):  # the title is beside them
            text = render_alerts(tmp_path, "title", *alerts) + text
        assert len(html.unescape(re.sub("<[^>]*>", "", text))) < MAX_LENGTH


@pytest.mark.parametrize("name", TEXTS)
def test_a_resolved_message_says_that_it_is_over_since_when_and_after_how_long(tmp_path: Path, name: str) -> None:
    text = render_alerts(tmp_path, name, alert("resolved", ended=ENDED))
    if name in ("title", "text", "pagerduty", "html"):
        assert text.removeprefix("<h3>").startswith(
            f"[RESOLVED] loans: gender (decisions) is back within its limits: the breach ended {ENDED}"
        )
    assert "Confirmed by" not in text
    assert "amtool" not in text


def test_an_alert_without_a_recovery_says_when_it_was_last_reported(tmp_path: Path) -> None:
    text = render_alerts(tmp_path, "title", alert("resolved"))
    over = "ended 2026-11-29T14:18:12Z, after 10m0s"
    assert text == f"[RESOLVED] loans: gender (decisions) is no longer reported as a breach: {over}"
    other = alert("resolved", {"alertname": "WorkerDown"}, summary="Workers down: 2")
    assert (
        render_alerts(tmp_path, "title", other) == "[RESOLVED] Workers down: 2: ended 2026-11-29T14:18:12Z, after 10m0s"
    )


def test_other_alerts_have_their_description_and_links(tmp_path: Path) -> None:
    own = {"summary": "Workers down: 2", "description": "No answer from w1.", "runbook_url": "http://x/runbooks/W"}
    down = alert(labels={"alertname": "WorkerDown"}) | {"annotations": own}
    assert (
        render_alerts(tmp_path, "text", down)
        == "[FIRING] Workers down: 2\nNo answer from w1.\nRunbook: http://x/runbooks/W\n"
    )


def test_a_message_about_a_breach_and_another_that_is_over_tells_both(tmp_path: Path) -> None:
    scores = LABELS | {"about": "scores"}
    text = render_alerts(tmp_path, "text", alert(), alert("resolved", scores, ended=ENDED))
    assert text.startswith(f"[FIRING] {VERDICT}")
    assert f"Over: loans: gender (scores) is back within its limits: the breach ended {ENDED}" in text


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_mentions_people_links_elsewhere_or_begins_a_message(tmp_path: Path, name: str) -> None:
    hostile = "<!channel> @here <@U1> <https://other.example|ok> [ok](https://other.example)"
    texts = dict.fromkeys(("summary", "description", "evidence", "since", "cause"), hostile + "\n[FIRING] forged")
    labels = LABELS | dict.fromkeys(("model", "attribute"), hostile)
    resolved = alert("resolved", labels, **texts, ended=hostile)
    for one in (
        alert("firing", LABELS, **texts),
        alert("firing", LABELS, **texts | {"evidence": ""}),
        alert("resolved", LABELS, **texts),
        resolved,
    ):
        text = html.unescape(render_alerts(tmp_path, name, one))
        assert not re.search(r"<[!@#]|<https?:|\]\(https?://other|@[a-z]", text)
        assert not re.search(r"^\W*\[FIRING\] forged", text, re.MULTILINE)


@pytest.mark.parametrize("name", TEXTS)
def test_data_that_look_like_a_template_are_shown_and_never_evaluated(tmp_path: Path, name: str) -> None:
    hostile = 'x {{ 1 | printf "%05d" }} {{ printf .Labels }} {{ template "fairstream.title" . }} y'
    texts = dict.fromkeys(("summary", "description", "evidence", "since", "cause"), hostile)
    for one in (alert("firing", LABELS, **texts), alert("resolved", LABELS | {"model": hostile}, **texts)):
        text = html.unescape(render_alerts(tmp_path, name, one))
        assert "00001" not in text
        assert "map[" not in text
        assert text.count("{{") == text.count("x {{") * 3 > 0
