"""Drafts of models whose decisions are amounts: what is compared, what programs and pages show of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.replay.ranges.run_request import RunId, RunRequest
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import original_scenario, scenario_under
from stream_app.pipeline.replay.scenarios.window_changes import compare_windows
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, parse_policy
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.programs.replay.run_files import save
from stream_app.settings import Settings, load_settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.pages.replays.shown import row_of
from stream_app.web_app.pages.replays.starting import draft_start
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.policies.drafts import propose
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.replays.models import Kind, Replay, ReplayStatus
from stream_app.web_app.replays.outcomes import read_comparison
from stream_app.web_app.replays.periods import Period, ReplayError
from stream_app.web_app.replays.requests import Requester, start
from tests.support import judged_world
from tests.support.amount_runs import MODEL, POLICY, TEXT, raw_partitions, run
from tests.support.memory_logs import START_S
from tests.support.web.pages import add_user, browser
from tests.support.web.programs import Program, make_token

PERIOD = Period(START_S, START_S + 4 * 3600)
WIDE = TEXT.replace("max_mean_difference = 5", "max_mean_difference = 60")
RATIO = TEXT.replace("max_mean_difference = 5", "max_mean_difference = 60, min_mean_ratio = 0.9")
OTHER_WINDOWS = TEXT.replace('{ name = "1h", size_s = 3600 }', '{ name = "2h", size_s = 7200 }')
LARGER_K = TEXT.replace('unknown_fields = "drop"', 'unknown_fields = "drop"\nprivacy = { k = 60 }')


@pytest.fixture(scope="module")
def world() -> judged_world.World:
    """Return four hours of a hundred decisions about each group, and a few in the fifth."""
    raw = dict(enumerate(raw_partitions(1446, 40)))
    return judged_world.World(raw, PolicyBook([RegisteredPolicy(MODEL, MODEL.hash(), 0)]))


def drafted(text: str) -> ModelPolicy:
    return parse_policy(text).models[0]


def compared(folder: Path, world: judged_world.World, text: str) -> tuple[list[ScenarioResults], dict[str, Any]]:
    """Run what the process of a comparison runs, by files; return its results and what is stored of them."""
    scenarios = [original_scenario(MODEL), scenario_under(parse_policy(text), MODEL, "draft")]
    time_range = TimeRange(*PERIOD)
    judged = run(world, *scenarios[1:], time_range=time_range)
    former = FormerReleases(load_settings({}, state_dir=str(folder)), MODEL, MODEL.topic)
    results = release_scenarios(former, judged, scenarios, is_exact=False)
    save(folder, RunId("web-1", 0.0), RunRequest(scenarios, time_range, SourceChoice("raw", None)), judged, results)
    answer = read_comparison(folder, "web-1", MODEL, drafted(text))
    return results, msgspec.json.decode(msgspec.json.encode(answer), type=dict[str, Any])


def stored(answer: dict[str, Any], text: str) -> Replay:
    """Return a replay that has ended with an answer."""
    watch(POLICY)
    draft = draft_of(text)
    requester = Requester(User.objects.filter(username="ada").first() or add_user("ada", Role.ANALYST))
    replay = start(requester, MODEL, PERIOD, draft=draft)
    assert replay.kind == Kind.COMPARE
    Replay.objects.filter(pk=replay.pk).update(status=ReplayStatus.DONE, answer=answer)
    replay.refresh_from_db()
    return replay


def draft_of(text: str) -> PolicyDraft:
    author = User.objects.filter(username="grace").first() or add_user("grace", Role.ANALYST)
    return propose(author, text, "Another limit.")


def group_of(answer: dict[str, Any], attribute: str, group: str) -> dict[str, Any]:
    [table] = [each for each in answer["amounts"]["attributes"] if each["attribute"] == attribute]
    groups: list[dict[str, Any]] = table["groups"]
    [found] = [each for each in groups if each["group"] == group]
    return found


def test_another_limit_has_the_means_of_the_policy_in_use_and_other_verdicts(
    tmp_path: Path, world: judged_world.World
) -> None:
    results, answer = compared(tmp_path, world, WIDE)
    female = group_of(answer, "sex", "f")
    total = next(result for result in results[0].newest_totals() if result.attribute == "sex")
    amounts = next(group.amounts for group in total.groups if group.group == "f")
    assert isinstance(amounts, DisclosedAmounts)
    assert amounts.difference is not None
    assert female["in_use"]["mean"] == female["draft"]["mean"] == msgspec.to_builtins(amounts.mean)
    assert female["in_use"]["difference"] == msgspec.to_builtins(amounts.difference)
    assert (female["in_use"]["state"], female["in_use"]["exceeded"]) == ("breach", ["difference"])
    assert (female["draft"]["state"], female["draft"]["exceeded"]) == ("ok", [])
    [sex] = [row for row in answer["rows"] if row["attribute"] == "sex"]
    assert sex["in_use"]["difference"] == sex["draft"]["difference"] == amounts.difference.value
    n_breaches = sum((alert.attribute, alert.change) == ("sex", "breach") for alert in results[0].alerts)
    assert (sex["in_use"]["n"], sex["draft"]["n"]) == (n_breaches, 0)
    assert n_breaches > 0
    assert answer["amounts"]["limits"] == [5, 60]
    assert [each["attribute"] for each in answer["amounts"]["attributes"]] == ["sex", "age", "sex+age"]


def test_the_windows_with_another_verdict_are_those_of_the_results(tmp_path: Path, world: judged_world.World) -> None:
    results, answer = compared(tmp_path, world, WIDE)
    expected = set()
    for one, other in zip(*(side.results for side in results), strict=True):
        for before, after in zip(one.groups, other.groups, strict=True):
            if one.window != "total" and before.state is not None and after.state is not None:
                over = [isinstance(side.amounts, DisclosedAmounts) and side.amounts.is_over for side in (before, after)]
                if (before.state, over[0]) != (after.state, over[1]):
                    expected.add((one.attribute, before.group, one.window, one.end_s))
    changes = compare_windows(*results)
    assert {change[:4] for change in changes.changes} == expected
    assert answer["amounts"]["n_differing"] == len(expected) > 0
    assert changes.n_compared == len({result.key for result in results[0].results if result.window != "total"})
    assert (changes.n_single, compare_windows(results[0], results[0]).changes) == (0, [])


def test_windows_of_one_policy_alone_are_counted_and_not_compared(tmp_path: Path, world: judged_world.World) -> None:
    results, answer = compared(tmp_path, world, OTHER_WINDOWS)
    n_hours = {side.name: sum(result.window in ("1h", "2h") for result in side.results) for side in results}
    assert answer["amounts"]["n_single"] == sum(n_hours.values()) > 0
    assert {window["window"] for window in answer["amounts"]["windows"]} <= {"6h"}


def test_what_a_draft_hides_is_hidden_on_its_side_alone(tmp_path: Path, world: judged_world.World) -> None:
    _, answer = compared(tmp_path, world, LARGER_K.replace("k = 60", "k = 5000"))
    female = group_of(answer, "sex", "f")
    assert female["in_use"]["mean"] is not None
    assert female["draft"] == {
        **dict.fromkeys(("n", "mean", "difference", "ratio", "state")),
        "exceeded": [],
        "hidden": "small_cell",
    }
    row = row_of(stored(answer, WIDE))
    assert row.amounts is not None
    [female_row] = [each for each in row.amounts.tables[0].rows if each.group == "f"]
    assert female_row.sides[1][1:] == ("–", "–", "–", "–", ("suppressed", ""))


def test_pages_and_programs_show_both_policies(log: Settings, tmp_path: Path, world: judged_world.World) -> None:
    del log
    _, answer = compared(tmp_path / "runs", world, WIDE)
    replay = stored(answer, WIDE)
    text = browser(Role.VIEWER).get(f"/replays/{replay.pk}").content.decode()
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
    for words in (
        "Widest difference in use",
        "sex, compared with m",
        "breach: difference",
        "Limit ±5 in use, ±60 with the draft.",
        "Windows with another verdict",
        "lost: sex, f (mean)",
    ):
        assert words in shown
    assert "ratio" not in shown.partition("Policy")[2]
    assert "Comparison" in browser(Role.VIEWER).get("/replays").content.decode()
    found = Program(make_token("viewer")).get(f"/api/replays/{replay.pk}").json()["answer"]
    female = group_of(answer, "sex", "f")
    [group] = [each for each in found["groups"] if (each["attribute"], each["group"]) == ("sex", "f")]
    assert group["in_use"]["difference"] == female["in_use"]["difference"]
    assert group["draft"]["state"] == "ok"
    assert found["n_windows_changed"] == answer["amounts"]["n_differing"]
    assert found["rows"][0]["in_use"]["ratio"] is None


def test_a_draft_with_a_limit_of_the_ratio_shows_ratios_on_both_sides(
    log: Settings, tmp_path: Path, world: judged_world.World
) -> None:
    del log
    _, answer = compared(tmp_path / "runs", world, RATIO)
    female = group_of(answer, "sex", "f")
    assert female["in_use"]["ratio"] == female["draft"]["ratio"] is not None
    assert (female["in_use"]["exceeded"], female["draft"]["exceeded"]) == (["difference"], ["ratio"])
    assert answer["amounts"]["least_ratios"] == [None, 0.9]
    replay = stored(answer, RATIO)
    text = browser(Role.VIEWER).get(f"/replays/{replay.pk}").content.decode()
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
    assert "breach: ratio" in shown
    assert "(mean ratio), " in shown
    assert f"{female['draft']['ratio']['value']:.3f} (" in shown
    assert "Ratio: mean / mean of the reference. Limit none in use, 0.9 to 1.111 with the draft." in shown
    assert any(change["test"].startswith("mean_ratio") for change in answer["changes"])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("maximum = 100", "maximum = 200", "cannot change path, minimum, maximum or bins"),
        ('path = "offer.price"', 'path = "offer.cost"', "cannot change path, minimum, maximum or bins"),
        (', kind = "amount", minimum = 0, maximum = 100, favorable = "low" }', "", "does not judge m"),
    ],
)
def test_a_draft_of_other_amounts_is_not_compared(log: Settings, old: str, new: str, fault: str) -> None:
    del log
    watch(POLICY)
    text = TEXT.replace(old, new)
    if not new:  # approvals instead of prices
        text = text.replace('path = "offer.price"', 'path = "ok", favorable = ["yes"], unfavorable = ["no"] }')
        text = text.replace("max_mean_difference = 5, ", "")
    draft = draft_of(text)
    with pytest.raises(ReplayError, match=fault):
        start(Requester(add_user("ada", Role.ANALYST)), MODEL, PERIOD, draft=draft)
    assert draft_start(draft)["models"] == []
    assert fault in browser(Role.ANALYST).get(f"/policies/drafts/{draft.pk}").content.decode()
    assert not Replay.objects.exists()
