"""What the API answers: results, alerts, explanations, policies, its document; only what is disclosed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import msgspec
import pytest
from django.core.management import call_command

from stream_app.pipeline.records.results import TOTAL_WINDOW, Result, Withheld
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.api.document import DECLARED
from stream_app.web_app.api.resources import alerts
from stream_app.web_app.api.running import start_api
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import TOPICS, Store, stored_positions
from tests.programs.api_document import PAGE, api_document
from tests.support.sample_alert import ALERT
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result, run_of

STORE = Store(POLICY)


def store(*results: Result) -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of(list(results)))


def store_alerts(n_alerts: int, **changes: Any) -> None:
    alerts = [
        msgspec.structs.replace(ALERT, model=MODEL.name, attribute="race", pane_s=number, at_s=60 * (number // 2))
        for number in range(n_alerts)
    ]
    STORE.apply(FAIRNESS_ALERTS, None, run_of([msgspec.structs.replace(alert, **changes) for alert in alerts]))


def viewer() -> Program:
    return Program(make_token("viewer"))


def pages_of(program: Program, path: str, cursor: str | None = "") -> list[list[dict[str, Any]]]:
    """Follow the cursors of a list to its end."""
    pages: list[list[dict[str, Any]]] = []
    while cursor is not None:
        answer = program.get(f"{path}&cursor={cursor}" if cursor else path)
        assert answer.status_code == 200, answer.content
        pages.append(answer.json()["items"])
        cursor = answer.json()["next_cursor"]
    return pages


def ends_of(path: str) -> list[int]:
    return [item["end_s"] for item in viewer().get(path).json()["items"]]


def at(time_s: int) -> str:
    return f"1970-01-01T{time_s // 3600:02}:{time_s // 60 % 60:02}:{time_s % 60:02}Z"


def test_results_are_listed_newest_first_by_model_attribute_window_state_and_time() -> None:
    store(*(race_result(100 * number, UNFAIR if number % 2 else FAIR) for number in range(1, 6)))
    assert ends_of("/api/results") == [500, 400, 300, 200, 100]
    assert ends_of("/api/results?state=breach") == [500, 400, 300, 200, 100][::2]
    assert ends_of(f"/api/results?since={at(200)}&until={at(400)}") == [300, 200]
    assert ends_of(f"/api/results?since={quote('1970-01-01T02:03:20+02:00')}&limit=1") == [500]
    assert ends_of(f"/api/results?model={MODEL.name}&attribute=race&window=100s") == [500, 400, 300, 200, 100]
    assert ends_of("/api/results?attribute=sex") == []
    assert ends_of("/api/results?window=total") == []
    assert ends_of("/api/results?attribute=sex%2Brace") == []


@pytest.mark.parametrize("moment", ["0", "1767225600", "-3.8e-208", "1e3", "nan", "2026-11-30T12:00:00"])
def test_a_time_that_is_no_text_with_an_offset_is_rejected(moment: str) -> None:
    for path in ("/api/results", "/api/alerts", "/api/replays"):
        answer = viewer().get(f"{path}?since={moment}")
        assert (answer.status_code, error_of(answer)["parameters"]) == (422, ["since"])


def test_pages_neither_lose_nor_double_a_row_while_rows_are_added() -> None:
    store(*(race_result(100 * number) for number in range(1, 8)))
    program = viewer()
    first = program.get("/api/results?limit=3").json()
    STORE.apply(
        FAIRNESS_RESULTS,
        stored_positions(FAIRNESS_RESULTS)[0],
        run_of([race_result(800), race_result(300, UNFAIR, revision=1)], 7),
    )
    rest = pages_of(program, "/api/results?limit=3", first["next_cursor"])
    ends = [item["end_s"] for item in first["items"]] + [item["end_s"] for page in rest for item in page]
    assert ends == [700, 600, 500, 400, 300, 200, 100]


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_of_rows_with_equal_times_are_complete(limit: int) -> None:
    store_alerts(7)
    ids = [item["id"] for page in pages_of(viewer(), f"/api/alerts?limit={limit}") for item in page]
    assert len(ids) == len(set(ids)) == 7


def test_results_of_a_model_that_is_not_monitored_are_not_shown() -> None:
    store(race_result(100, model="another"), race_result(100))
    assert [item["model"] for item in viewer().get("/api/results").json()["items"]] == [MODEL.name]
    assert error_of(viewer().get("/api/results?model=another"))["parameters"] == ["model"]


def test_a_search_in_the_rows_of_several_models_needs_their_name() -> None:
    store(race_result(100))
    watch(Policy(schema=1, models=(MODEL, msgspec.structs.replace(MODEL, name="another"))))
    for query in ("attribute=race", "window=100s", "state=ok"):
        assert error_of(viewer().get(f"/api/results?{query}"))["parameters"] == ["model"]
        assert viewer().get(f"/api/results?{query}&model={MODEL.name}").status_code == 200
    assert ends_of("/api/results?limit=5") == [100]


def test_small_groups_are_in_no_answer() -> None:
    store(race_result(100, FAIR | {"hispan": (3, 2)}))
    for path in ("/api/results", f"/api/explanation?model={MODEL.name}&attribute=race"):
        answer = viewer().get(path)
        assert '"hidden":"small_cell"' in answer.content.decode()
        groups = answer.json().get("pairs") or answer.json()["items"][0]["groups"]
        (hidden,) = [group for group in groups if group["group"] == "hispan"]
        assert hidden.get("n") is None
        assert hidden.get("rate") is None
        assert hidden["disparate_impact_ratio"] is None


def test_alerts_are_listed_by_model_attribute_change_and_time_and_found_by_id() -> None:
    store_alerts(4)
    program = viewer()
    items = program.get("/api/alerts").json()["items"]
    assert [item["at_s"] for item in items] == [60, 60, 0, 0]
    assert program.get("/api/alerts?attribute=sex").json()["items"] == []
    assert program.get("/api/alerts?change=recovery").json()["items"] == []
    assert len(program.get(f"/api/alerts?model={MODEL.name}&attribute=race&change=breach").json()["items"]) == 4
    assert len(program.get(f"/api/alerts?until={at(60)}").json()["items"]) == 2
    assert program.get(f"/api/alerts/{items[0]['id']}").json() == items[0]
    assert program.get("/api/alerts/0123456789ab").status_code == 404


def test_an_alert_of_a_model_that_is_not_monitored_is_as_if_there_were_none() -> None:
    store_alerts(1, model="another")
    alert = msgspec.structs.replace(ALERT, model="another", attribute="race", pane_s=0, at_s=0)
    answer, other = (viewer().get(f"/api/alerts/{name}") for name in (alert.id, "0123456789ab"))
    assert (answer.status_code, other.status_code) == (404, 404)
    assert error_of(answer)["message"] == error_of(other)["message"]
    assert viewer().get("/api/alerts").json()["items"] == []


def test_alerts_of_outcomes_belong_to_their_model() -> None:
    store_alerts(1, model=f"{MODEL.name}/outcomes")
    (item,) = viewer().get(f"/api/alerts?model={MODEL.name}").json()["items"]
    assert viewer().get(f"/api/alerts/{item['id']}").status_code == 200


def test_numbers_about_few_decisions_are_in_no_alert() -> None:
    store_alerts(1, n=3)
    (item,) = viewer().get("/api/alerts").json()["items"]
    assert (item["is_hidden"], item["n"], item["rate"], item["sentence"]) == (True, None, None, None)


def test_a_search_of_alerts_goes_on_over_pages_without_a_match(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "_MAX_SEARCHED", 2)
    store_alerts(5)
    STORE.apply(
        FAIRNESS_ALERTS,
        stored_positions(FAIRNESS_ALERTS)[0],
        run_of([msgspec.structs.replace(ALERT, model=MODEL.name, attribute="sex", pane_s=9, at_s=0)], 5),
    )
    pages = pages_of(viewer(), "/api/alerts?attribute=sex&limit=10")
    assert [len(page) for page in pages if page] == [1]
    assert len(pages) > 2


def test_an_explanation_gives_words_and_cause_of_the_newest_verdict_or_of_one_that_is_named() -> None:
    store(race_result(100, UNFAIR), race_result(200, FAIR))
    path = f"/api/explanation?model={MODEL.name}&attribute=race"
    newest = viewer().get(path).json()
    assert (newest["end_s"], newest["window"], newest["reference"]) == (200, "100s", "white")
    older = viewer().get(f"{path}&end={at(100)}").json()
    (pair,) = [pair for pair in older["pairs"] if pair["group"] == "black"]
    assert pair["words"] == "breach: ratio, gap"
    assert "DIR 0.33 (limit 0.80), black vs. white" in pair["sentence"]
    assert pair["cause"]["rate"] == -0.5
    assert error_of(viewer().get(f"{path}&end={at(99)}"))["code"] == "not_found"
    assert viewer().get(f"{path}&window=1h").status_code == 404


def test_an_explanation_of_totals_that_were_not_shown_yet_says_until_when() -> None:
    store(race_result(100, UNFAIR | {"hispan": (3, 1)}, window=TOTAL_WINDOW, withheld=Withheld(is_held=True)))
    pairs = viewer().get(f"/api/explanation?model={MODEL.name}&attribute=race&window=total").json()["pairs"]
    assert {(pair["words"], pair["hidden"]) for pair in pairs} == {("withheld until a window ends", "not_shown_yet")}


def test_policies_name_limits_and_hashes() -> None:
    (model,) = viewer().get("/api/policies").json()["items"]
    assert (model["name"], model["policy_hash"], model["k"]) == (MODEL.name, MODEL.hash(), MODEL.privacy.k)
    assert [attribute["name"] for attribute in model["attributes"]] == ["race", "sex"]


def test_answers_say_how_current_they_are() -> None:
    assert viewer().get("/api/results").json()["freshness"]["is_current"] is False
    assert Program().get("/api/health").json() == {"status": "stale"}
    for topic in TOPICS:
        Reading.objects.create(topic=topic, current_at_s=time.time() + 60)
    answer = Program().get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert viewer().get("/api/results").json()["freshness"]["is_current"] is True


def document() -> dict[str, Any]:
    decoded: dict[str, Any] = Program().get("/api/openapi.json").json()
    return decoded


def test_the_document_in_the_documentation_is_that_of_the_code() -> None:
    assert PAGE.read_text("utf-8") == api_document(), "python -m tests.programs.api_document"


def schema_in(found: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps({**schema, "$defs": found["components"]["schemas"]})
    resolved: dict[str, Any] = json.loads(text.replace("#/components/schemas/", "#/$defs/"))
    return resolved


def test_the_document_describes_every_route_with_valid_examples() -> None:
    found = document()
    assert found["openapi"] == "3.1.0"
    operations = [operation for path in found["paths"].values() for operation in path.values()]
    assert {operation["operationId"] for operation in operations} == set(DECLARED)
    jsonschema.Draft202012Validator.check_schema(schema_in(found, {}))  # all components at once: they are many
    for operation in operations:
        assert operation["summary"].endswith(".")
        assert operation["description"]
        for response in operation["responses"].values():
            (content,) = response["content"].values()
            jsonschema.Draft202012Validator.check_schema(content["schema"])
            jsonschema.Draft202012Validator(schema_in(found, content["schema"])).validate(content["example"])


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/api/results", "/api/results"),
        ("/api/alerts", "/api/alerts"),
        ("/api/explanation", f"/api/explanation?model={MODEL.name}&attribute=race"),
        ("/api/policies", "/api/policies"),
        ("/api/health", "/api/health"),
    ],
)
def test_answers_are_as_the_document_says(path: str, address: str) -> None:
    store(race_result(100, UNFAIR), race_result(200, FAIR | {"hispan": (3, 2)}))
    store_alerts(2)
    found = document()
    answer = viewer().get(address)
    (content,) = found["paths"][path]["get"]["responses"][str(answer.status_code)]["content"].values()
    schema = schema_in(found, content["schema"])
    jsonschema.validate(answer.json(), schema)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_answer_with_results_is_kept_for_a_moment_for_all_that_ask_the_same(tmp_path: Path) -> None:
    start_api(Settings(state_dir=str(tmp_path)), kept_s=3600.0)
    store(race_result(100))
    assert ends_of("/api/results?limit=5") == [100]
    STORE.apply(FAIRNESS_RESULTS, stored_positions(FAIRNESS_RESULTS)[0], run_of([race_result(200)], 1))
    assert ends_of("/api/results?limit=5") == [100]
    assert ends_of("/api/results?limit=6") == [200, 100]
    assert Program(make_token("viewer", ["alerts"])).get("/api/results?limit=5").status_code == 403
    assert Program().get("/api/results?limit=5").status_code == 401
