"""What the API answers about cases, data quality and cameras: what the pages show, filtered and as documented."""

from __future__ import annotations

import time
from typing import Any

import jsonschema
import msgspec
import pytest

from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy import Policy
from stream_app.topics import CAMERA_AGGREGATES, DEAD_LETTERS, FAIRNESS_RESULTS, LATE_DECISIONS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.actions import Request, act
from stream_app.web_app.cases.models import Case, Conclusion
from stream_app.web_app.cases.rules import Action
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import Store
from tests.support.web import camera_counts
from tests.support.web.camera_counts import counts, noisy, store_counts, with_noise
from tests.support.web.pages import add_user
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.set_aside import store_late, store_letters
from tests.support.web.stored_alerts import BREACH, SEALED, breach, store_alerts
from tests.support.web.window_results import FAIR, MODEL, POLICY, race_result, run_of

DAY_S = 86_400
CAMERA = camera_counts.MODEL.name


def ask(address: str) -> Any:
    answer = Program(make_token("viewer")).get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def rejected(address: str) -> list[str]:
    """Return the parameters that an answer calls invalid."""
    answer = Program(make_token("viewer")).get(address)
    assert answer.status_code == 422
    parameters: list[str] = error_of(answer)["parameters"]
    return parameters


def conforms(path: str, answer: Any) -> None:
    """Check an answer against the document."""
    found = Program().get("/api/openapi.json").json()
    (content,) = found["paths"][path]["get"]["responses"]["200"]["content"].values()
    text = msgspec.json.encode({**content["schema"], "$defs": found["components"]["schemas"]}).decode()
    jsonschema.validate(answer, msgspec.json.decode(text.replace("#/components/schemas/", "#/$defs/")))


def concluded_case() -> Case:
    """Return a case about race that an analyst has concluded."""
    store_alerts(breach(), breach(pane_s=10, change="recovery"), breach(attribute="sex", pane_s=20), SEALED)
    case, ada = Case.objects.get(attribute="race"), add_user("ada", Role.ANALYST)
    act(case.pk, ada, Request(Action.ACKNOWLEDGE))
    act(case.pk, ada, Request(Action.CONCLUDE, text="</script> a new form", conclusion=Conclusion.CONFIRMED))
    return Case.objects.get(pk=case.pk)


def test_cases_are_listed_newest_first_by_state_model_and_attribute() -> None:
    case = concluded_case()
    Case.objects.filter(pk=case.pk).update(opened_s=5)
    page = ask("/api/cases")
    conforms("/api/cases", page)
    assert [item["attribute"] for item in page["items"]] == ["", "sex", "race"]
    assert [item["about"] for item in page["items"]] == ["sealed", "attribute", "attribute"]
    for query, expected in (
        (f"model={MODEL.name}&attribute=race", ["race"]),
        ("state=concluded", ["race"]),
        ("state=not_closed", ["", "sex", "race"]),
        ("state=closed", []),
        ("state=overdue", []),
        ("until=1970-01-01T00:00:06Z", ["race"]),
        ("since=1970-01-01T00:00:06Z", ["", "sex"]),
    ):
        assert [item["attribute"] for item in ask(f"/api/cases?{query}")["items"]] == expected
    first = ask("/api/cases?limit=2")
    second = ask(f"/api/cases?limit=2&cursor={first['next_cursor']}")
    assert [item["id"] for item in (*first["items"], *second["items"])] == [item["id"] for item in page["items"]]
    assert second["next_cursor"] is None


def test_a_case_has_its_alerts_and_its_timeline() -> None:
    case = concluded_case()
    found = ask(f"/api/cases/{case.pk}")
    conforms("/api/cases/{case_id}", found)
    assert (found["status"], found["conclusion"], found["concluded_by"]) == ("concluded", "confirmed", "ada")
    assert (found["owner"], found["n_alerts"], found["closed_by"]) == ("ada", 2, None)
    assert {alert["change"] for alert in found["alerts"]} == {"breach", "recovery"}
    assert BREACH.id in {alert["id"] for alert in found["alerts"]}
    assert [(event["kind"], event["by"]) for event in found["timeline"]] == [
        ("opened", None),
        ("acknowledge", "ada"),
        ("conclude", "ada"),
    ]
    assert found["timeline"][-1]["text"] == "</script> a new form"


def test_a_case_of_another_policy_is_not_found_and_not_listed() -> None:
    store_alerts(breach(model="other"))
    case = Case.objects.get()
    program = Program(make_token("auditor"))
    for address in (f"/api/cases/{case.pk}", "/api/cases/999", "/api/cases/2147483647"):
        assert error_of(program.get(address))["code"] == "not_found"
    assert ask("/api/cases")["items"] == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("model=other", "model"),
        ("attribute=none", "attribute"),
        ("state=open%00", "state"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("since=yesterday", "since"),
    ],
)
def test_a_choice_of_cases_that_does_not_exist_is_an_error(query: str, parameter: str) -> None:
    assert rejected(f"/api/cases?{query}") == [parameter]


@pytest.mark.parametrize("number", ["0", "-1", "x", "2147483648", "9" * 400, "1.5", "%00"])
def test_a_number_that_no_case_can_have_is_rejected(number: str) -> None:
    answer = Program(make_token("viewer")).get(f"/api/cases/{number}")
    assert answer.status_code in (404, 422)
    error_of(answer)


def test_a_case_is_the_same_for_every_role_that_may_read_cases() -> None:
    case = concluded_case()
    answers = {Program(make_token(role)).get(f"/api/cases/{case.pk}").content for role in Role}
    assert len(answers) == 1


def test_data_quality_has_the_counts_of_days_and_hours_that_may_be_shown() -> None:
    store_letters(Reason.CONFLICT, 40, at_s=DAY_S + 3600)
    store_letters(Reason.XML, 4, at_s=DAY_S + 3600)
    store_letters(Reason.JSON, 12, at_s=DAY_S + 7200)
    store_late(30, at_s=DAY_S)
    store_letters(Reason.JSON, 25, at_s=0)
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of([race_result(100, FAIR | {"unknown": (60, 30)})]))
    found = ask(f"/api/quality?model={MODEL.name}&day=1970-01-02&days=2&window=100s")
    conforms("/api/quality", found)
    second, first = found["days"]
    assert (second["start_s"], second["rejected"], second["reasons"], second["late"]) == (
        DAY_S,
        56,
        {"conflict": 40},
        30,
    )
    assert [(hour["start_s"], hour["reasons"], hour["late"]) for hour in second["hours"]] == [
        (DAY_S + 3600, {"conflict": 40}, None),
        (DAY_S, {}, 30),
    ]
    assert (first["rejected"], first["reasons"]) == (25, {"json": 25})
    (share,) = found["unknown"]
    assert (share["attribute"], share["end_s"], round(share["unknown"], 4), share["other"]) == (
        "race",
        100,
        0.0476,
        None,
    )
    assert ask(f"/api/quality?model={MODEL.name}")["days"] == []


def test_data_quality_of_a_model_of_cameras_has_no_unknown_groups() -> None:
    watch(camera_counts.POLICY)
    store_letters(Reason.XML, 12, at_s=0, model=CAMERA)
    found = ask(f"/api/quality?model={CAMERA}&day=1970-01-01")
    assert (found["days"][0]["reasons"], found["unknown"]) == ({"xml": 12}, [])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("model=other", "model"),
        ("day=1", "model"),
        (f"model={MODEL.name}&day=1969-12-31", "day"),
        (f"model={MODEL.name}&day=x", "day"),
        (f"model={MODEL.name}&days=32", "days"),
        (f"model={MODEL.name}&window=2m", "window"),
        ("model=%00", "model"),
    ],
)
def test_a_choice_of_data_quality_that_does_not_exist_is_an_error(query: str, parameter: str) -> None:
    assert parameter in rejected(f"/api/quality?{query}")


def test_answers_about_data_quality_are_as_current_as_their_topics() -> None:
    for topic in (FAIRNESS_RESULTS, DEAD_LETTERS):
        Reading.objects.create(topic=topic, current_at_s=time.time() + 60)
    address = f"/api/quality?model={MODEL.name}"
    assert ask(address)["freshness"]["is_current"] is False
    Reading.objects.create(topic=LATE_DECISIONS, current_at_s=time.time() + 60)
    assert ask(address)["freshness"]["is_current"] is True


def test_published_counts_are_listed_newest_first_with_their_noise() -> None:
    watch(noisy())
    store_counts(
        counts(60, {("hall", "person"): 12}),
        with_noise(120, {("hall", "person"): 33}),
        counts(900, {("street", "car"): 15}, window="15m", start_s=0, is_rest=True),
    )
    Reading.objects.create(topic=CAMERA_AGGREGATES, current_at_s=time.time() + 60)
    page = ask(f"/api/cameras?model={CAMERA}")
    conforms("/api/cameras", page)
    assert [item["end_s"] for item in page["items"]] == [900, 120, 60]
    assert [item["noise"] for item in page["items"]] == ["none", "discrete Laplace", "none"]
    assert page["freshness"]["is_current"] is True
    assert [item["end_s"] for item in ask(f"/api/cameras?model={CAMERA}&window=15m")["items"]] == [900]
    first = ask(f"/api/cameras?model={CAMERA}&limit=1&until=1970-01-01T00:14:00Z")
    second = ask(f"/api/cameras?model={CAMERA}&limit=1&cursor={first['next_cursor']}")
    assert [item["end_s"] for item in (*first["items"], *second["items"])] == [120, 60]


def test_published_counts_obey_a_larger_k() -> None:
    privacy = msgspec.structs.replace(camera_counts.MODEL.privacy, k=20)
    watch(Policy(schema=1, models=(msgspec.structs.replace(camera_counts.MODEL, privacy=privacy),)))
    store_counts(counts(60, {("hall", "person"): 12, ("street", "car"): 30}))
    (item,) = ask(f"/api/cameras?model={CAMERA}")["items"]
    assert (item["k"], [cell["n"] for cell in item["cells"]]) == (20, [30])


@pytest.mark.parametrize(
    ("query", "parameter"), [("", "model"), (f"model={MODEL.name}", "model"), (f"model={CAMERA}&window=2m", "window")]
)
def test_a_choice_of_counts_that_does_not_exist_is_an_error(query: str, parameter: str) -> None:
    watch(Policy(schema=1, models=(*POLICY.models, *camera_counts.POLICY.models)))
    assert rejected(f"/api/cameras?{query}") == [parameter]
