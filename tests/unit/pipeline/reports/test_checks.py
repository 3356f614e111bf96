"""What evidence says about each check of a pack: ok, attention, or unknown where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from stream_app.core.inspection.retention import DAY_MS
from stream_app.pipeline.reports.checks import CheckResult, judge_check
from stream_app.pipeline.reports.evidence import Evidence, EvidenceKind
from stream_app.pipeline.reports.flat import value_rows
from stream_app.pipeline.reports.pack import CheckKind, PackCheck, single_checks


def judged(check: PackCheck, **records: list[dict[str, Any]] | str) -> CheckResult:
    """Judge a check by records, or by a fault, of each kind."""
    gathered: dict[EvidenceKind, Evidence] = {}
    for kind, found in records.items():
        name: Any = kind.replace("_", "-")
        fault = found if isinstance(found, str) else ""
        gathered[name] = Evidence(
            kind=name,
            command="x",
            is_reproduced=True,
            exit_code=2 if fault else 0,
            fault=fault,
            records=() if isinstance(found, str) else tuple(found),
        )
    return judge_check(check, gathered)


def race(**ratios: float | None) -> dict[str, Any]:
    groups = [
        {"group": name, "impact_ratio": ratio, "hidden": None if ratio else "small_cell"}
        for name, ratio in ratios.items()
    ]
    return {"attribute": "race", "groups": groups}


@pytest.mark.parametrize(
    ("table", "state", "words"),
    [
        (race(black=0.8, white=1.0), "ok", "0.8000 (race black)"),
        (race(black=0.7999, white=1.0), "attention", "0.7999"),
        (race(black=None, white=1.0), "ok", "1 group is withheld"),
        (race(black=None), "unknown", "No impact ratio can be shown"),
    ],
)
def test_the_lowest_impact_ratio_decides_and_withheld_groups_are_named(
    table: dict[str, Any], state: str, words: str
) -> None:
    result = judged(PackCheck(kind="impact-ratio", limit=0.8), counts=[{"is_final": True}, table])
    assert result.state == state
    assert words in result.text


@pytest.mark.parametrize(("ratio", "state"), [(0.1, "attention"), (0.9, "ok")])
def test_intersections_are_among_the_impact_ratios(ratio: float, state: str) -> None:
    cross = {"attribute": "sex+race", "groups": [{"group": "f & b", "impact_ratio": ratio, "hidden": None}]}
    check = PackCheck(kind="impact-ratio", limit=0.8)
    result = judged(check, counts=[{"is_final": True}, race(black=0.85, white=1.0), cross])
    assert result.state == state
    assert f"is 0.8500 (race black), of intersections {ratio:.4f} (sex+race f & b); the limit is 0.8." in result.text
    assert judged(check, counts=[{"is_final": True}, cross]).text.startswith(f"The lowest impact ratio is {ratio:.4f}")


def alert(change: str, group: str = "black") -> dict[str, Any]:
    return {"model": "m", "attribute": "race", "group": group, "test": "ratio", "change": change}


def test_a_breach_is_open_until_its_recovery_and_a_sealed_alert_needs_attention() -> None:
    check = PackCheck(kind="open-breaches")
    assert judged(check, alerts=[]).state == "ok"
    assert judged(check, alerts=[alert("breach"), alert("recovery")]).state == "ok"
    again = judged(check, alerts=[alert("breach"), alert("recovery"), alert("breach"), alert("breach", "asian")])
    assert (again.state, "race asian, race black" in again.text) == ("attention", True)
    assert judged(check, alerts=[{"model": "m", "change": "breach"}]).state == "attention"
    assert judged(check, alerts="No broker").state == "unknown"


def test_a_breach_from_before_the_range_is_open_until_its_recovery() -> None:
    check = PackCheck(kind="open-breaches")
    facts = [{"from_s": 100, "to_s": 200, "is_final": True}]
    judged_all = [{"end_s": 200}]
    before = alert("breach") | {"at_s": 50}
    found = judged(check, alerts=[before], counts=facts, judged=judged_all)
    assert (found.state, "at the end of the time range: race black." in found.text) == ("attention", True)
    assert "person" in found.action
    recovered = [before, alert("recovery") | {"at_s": 150}]
    assert judged(check, alerts=recovered, counts=facts, judged=judged_all).state == "ok"


def test_a_range_that_was_not_judged_to_its_end_is_never_ok() -> None:
    check = PackCheck(kind="open-breaches")
    facts = [{"from_s": 100, "to_s": 200, "is_final": True}]
    late = judged(check, alerts=[], counts=facts, judged=[{"end_s": 199}])
    assert (late.state, "judged until 1970-01-01 00:03:19Z only" in late.text) == ("attention", True)
    never = judged(check, alerts=[], counts=facts, judged=[])
    assert (never.state, never.text.startswith("No decision of the model was judged")) == ("unknown", True)
    assert "worker" in never.action
    open_end = [{"from_s": None, "to_s": None, "is_final": False}]
    assert judged(check, alerts=[], counts=open_end, judged=[{"end_s": 1}]).state == "ok"


@pytest.mark.parametrize(
    ("kept_ms", "least", "most"),
    [
        (183 * DAY_MS, "attention", "ok"),
        (184 * DAY_MS, "ok", "ok"),
        (-1, "ok", "attention"),
        (None, "attention", "attention"),
    ],
)
def test_retention_is_compared_with_the_days_of_the_pack(kept_ms: int | None, least: str, most: str) -> None:
    topics = [{"name": "a", "role": "alerts"}, {"name": "b", "role": "raw"}]
    retention: list[dict[str, Any]] = [{"topic": "a", "kept_ms": kept_ms}, {"topic": "b", "kept_ms": 1}]
    for kind, state in (("kept-at-least", least), ("kept-at-most", most)):
        check = PackCheck(kind=kind, days=184, topics=("alerts",))  # type: ignore[arg-type]  # of two kinds
        assert judged(check, topics=topics, retention=retention).state == state
    unknown = judged(PackCheck(kind="kept-at-least", days=184), topics=topics, retention="No broker")
    assert (unknown.state, unknown.text) == ("unknown", "No broker")


@pytest.mark.parametrize(
    ("verdict", "state"), [("right", "ok"), ("unsigned", "ok"), ("cut", "attention"), ("tampered", "attention")]
)
def test_an_audit_log_must_verify(verdict: str, state: str) -> None:
    record = {"verdict": verdict, "n_entries": 7, "reason": "x"}
    assert judged(PackCheck(kind="audit-verifies"), audit=[record]).state == state
    assert judged(PackCheck(kind="audit-verifies"), audit="There is no audit log").state == "attention"


def test_the_active_key_must_be_young_and_an_unknown_age_is_unknown() -> None:
    check = PackCheck(kind="keys-young", days=10)
    keys = [{"state": "verify-only", "age_s": 10**9}, {"state": "active", "age_s": 10 * 86_400}]
    assert judged(check, keys=keys).state == "ok"
    assert judged(check, keys=[{"state": "active", "age_s": 10 * 86_400 + 1}]).state == "attention"
    assert judged(check, keys=[{"state": "active", "age_s": None}]).state == "unknown"


def test_the_worst_of_the_confirmed_items_counts() -> None:
    check = PackCheck(kind="confirmed", items=("a", "b"))
    items = [{"item": name, "title": name, "text": "t.", "state": state} for name, state in (("a", "ok"), ("b", "x"))]
    assert judged(check, checklist=items[:1]).state == "ok"
    items[1]["state"] = "unknown"
    assert judged(check, checklist=items).state == "unknown"
    assert judged(check, checklist=[]).state == "unknown"


def test_each_item_of_a_checklist_is_a_check_of_its_own_with_the_advice_of_the_list() -> None:
    check = PackCheck(kind="confirmed", items=("a", "b"))
    assert [one.items for one in single_checks(check)] == [("a",), ("b",)]
    assert single_checks(PackCheck(kind="counts-final")) == [PackCheck(kind="counts-final")]
    item = {"item": "a", "title": "A", "text": "Nobody.", "state": "unknown", "advice": "Do it"}
    found = judged(single_checks(check)[0], checklist=[item])
    assert (found.text, found.action) == ("A: Nobody.", "Do it.")


def test_what_is_not_ok_says_what_to_do_and_what_is_ok_nothing() -> None:
    for kind in ("impact-ratio", "counts-final", "open-breaches", "audit-verifies", "kept-at-least", "keys-young"):
        check = PackCheck(kind=kind, days=1)
        found = judged(check)
        assert (found.state != "ok") == bool(found.action), kind


def test_each_value_has_its_path_and_command() -> None:
    one = Evidence(kind="counts", command="c", is_reproduced=True, exit_code=0, records=({"groups": [{"n": 3}]},))
    assert value_rows([one]) == [{"evidence": "counts", "line": 1, "path": "groups[0].n", "value": 3, "command": "c"}]


def test_items_without_an_answer_are_named_one_by_one_with_what_to_do() -> None:
    checks = [PackCheck(kind="confirmed", items=(name,)) for name in ("small-groups", "access-review")]
    small, access = (judged(check) for check in checks)
    assert (small.state, access.state) == ("unknown", "unknown")
    assert small.text == "The checklist says nothing about small groups."
    assert "access review" in access.text
    assert small.action.endswith("fairstream checklist all")


def test_missing_evidence_says_what_it_would_be_about() -> None:
    kinds: tuple[CheckKind, ...] = ("audit-verifies", "kept-at-least", "keys-young", "open-breaches")
    texts = {judged(PackCheck(kind=kind, days=1)).text for kind in kinds}
    assert len(texts) == len(kinds)
