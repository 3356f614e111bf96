"""Two registered policies of a model: which fields differ, in words, and what is counted differently."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.pipeline.records.policies import policy_record
from stream_app.policy import ModelPolicy, parse_policy, read_policy_text
from stream_app.policy.reference import describe_fields
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.policies import registered
from stream_app.web_app.policies.effects import effects_between, meaning_of, summary_of
from stream_app.web_app.policies.models import RegisteredPolicy
from stream_app.web_app.policies.registered import keep
from tests.support.web.pages import browser
from tests.support.web.window_results import MODEL

TEXT = read_policy_text("loanapp")
PATH = "/policies/comparison"


def model_of(text: str) -> ModelPolicy:
    return parse_policy(text).models[0]


LATER = model_of(TEXT.replace("out_of_orderness_s = 5", "out_of_orderness_s = 9"))
STRICTER = model_of(TEXT.replace("windows = [", "rules = { min_disparate_impact_ratio = 0.9 }\nwindows = ["))
OTHER_REFERENCE = model_of(TEXT.replace('reference = "white"', 'reference = "black"'))
FEWER = model_of(TEXT.replace('groups = ["black", "hispan", "white"]', 'groups = ["black", "white"]'))
OTHER_PANES = model_of(TEXT.replace("out_of_orderness_s = 5", "out_of_orderness_s = 5, pane_s = 20"))


@pytest.mark.parametrize(
    ("changed", "field", "changes_counts", "said"),
    [
        (LATER, "event_time.out_of_orderness_s", True, "is carried over as it is"),
        (STRICTER, "rules.min_disparate_impact_ratio", False, "Counts stay the same"),
        (OTHER_REFERENCE, "attributes[race].reference", False, "Counts stay the same"),
        (FEWER, "attributes[race].groups", True, "into the cells of the other policy"),
        (OTHER_PANES, "event_time.pane_s", True, "cannot be continued"),
    ],
)
def test_a_change_says_whether_records_are_counted_differently(
    *,
    changes_counts: bool,
    changed: ModelPolicy,
    field: str,
    said: str,
) -> None:
    effects = effects_between(MODEL, changed)
    assert [(effect.field, effect.changes_counts) for effect in effects] == [(field, changes_counts)]
    assert effects[0].meaning
    assert said in summary_of(effects, MODEL, changed)
    assert effects_between(changed, changed) == []


def test_every_field_of_the_reference_is_found_by_its_path() -> None:
    for fact in describe_fields():
        if fact.place != "the file":
            parent = "" if fact.place == "models" else fact.place.split(", ")[0] + "[0]."
            assert meaning_of(f"{parent}{fact.name}") == fact.meaning.replace("`", "")


def register(*models: ModelPolicy, app_id: str = "fairstream") -> None:
    keep(policy_record(model, app_id, 1000 * number) for number, model in enumerate(models, start=1))


def test_any_two_policies_that_were_registered_are_compared() -> None:
    register(LATER, STRICTER, MODEL)
    register(LATER, app_id="another")
    assert RegisteredPolicy.objects.count() == 3
    client = browser(Role.VIEWER)
    text = client.get(PATH).content.decode()  # the newest two
    assert "rules.min_disparate_impact_ratio" in text
    assert f"{MODEL.hash()}, registered 1970-01-01 00:00:03 UTC, in use here" in text
    text = client.get(PATH, {"model": MODEL.name, "first": LATER.hash(), "second": MODEL.hash()}).content.decode()
    assert "event_time.out_of_orderness_s" in text
    assert "counted differently" in text
    assert "rules.min_disparate_impact_ratio" not in text
    text = client.get(PATH, {"first": LATER.hash(), "second": LATER.hash()}).content.decode()
    assert "These are the same policy." in text


def test_before_any_is_registered_the_policy_in_use_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registered, "_fault", ["No Kafka broker answers at <b>x</b>"])
    text = browser(Role.VIEWER).get(PATH).content.decode()
    assert "in use here, not registered" in text
    assert "Only one policy of this model is known" in text
    assert "No Kafka broker answers at &lt;b&gt;x&lt;/b&gt;" in text


def test_records_that_a_database_cannot_store_keep_no_other_away() -> None:
    record = policy_record(LATER, "fairstream", 5000)
    hostile = [
        msgspec.structs.replace(record, hash="h" * 65, policy={"unknown": 1}),
        msgspec.structs.replace(record, hash="a", policy={"unknown": "\0"}),
        msgspec.structs.replace(record, hash="b", model="m" * 301, policy={"unknown": 1}),
        msgspec.structs.replace(record, hash="c", registered_ms=-(10**30)),
    ]
    keep([*hostile, record])
    assert [row.hash for row in RegisteredPolicy.objects.all()] == [LATER.hash()]


def test_a_policy_of_a_later_version_is_listed_and_not_compared() -> None:
    record = policy_record(LATER, "fairstream", 5000)
    newer = {**record.policy, "a_field_of_tomorrow": 1}
    keep([msgspec.structs.replace(record, hash="f" * 16, policy=newer)])
    text = browser(Role.VIEWER).get(PATH, {"first": "f" * 16, "second": MODEL.hash()}).content.decode()
    assert "A later version of FairStream" in text


@pytest.mark.parametrize(
    "query",
    [{"model": "another"}, {"first": "0" * 16}, {"second": "'; DROP TABLE"}, {"model": MODEL.name, "first": "\0"}],
)
def test_what_is_not_known_is_not_found(query: dict[str, Any]) -> None:
    register(LATER, msgspec.structs.replace(MODEL, name="another"))
    assert browser(Role.VIEWER).get(PATH, query).status_code == 404
