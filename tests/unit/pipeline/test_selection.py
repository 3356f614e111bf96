"""A selection takes the records of the policy that are meant; a name that the policy does not have is an error."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.records.alerts import MonitoringRestart
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import load_policy
from stream_app.policy.model import Policy
from tests.support.empty_results import empty_result

LOANS, CREDIT, CAMERA = (load_policy(name).models[0] for name in ("loans", "credit", "camera"))
POLICY = Policy(schema=1, models=(LOANS, CREDIT))


LOG = [empty_result("1m", 60), empty_result("5m", 300), empty_result("total", 130)]


def test_only_the_requested_results_are_selected() -> None:
    everything = Selection(models=frozenset({"m"}))
    assert all(map(everything.has_result, LOG))
    of_window = msgspec.structs.replace(everything, window="5m")
    assert [result.window for result in LOG if of_window.has_result(result)] == ["5m"]
    other = msgspec.structs.replace(everything, models=frozenset({"other"}))
    assert not any(map(other.has_result, LOG))


def test_a_policy_selects_its_own_models_with_their_outcomes_and_no_other() -> None:
    selection = select(POLICY)
    names = ["loans", "credit/outcomes", "camera", "hiring"]
    assert [selection.has_result(empty_result("1m", 60, model=name)) for name in names] == [True, True, False, False]
    known: dict[str, Any] = dict.fromkeys(MonitoringRestart.__struct_fields__)
    restarts = [MonitoringRestart(**known | {"model": name, "change": "restart"}) for name in names]
    assert list(map(select(POLICY, attribute="gender").has_alert, restarts)) == [True, True, False, False]


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [
        ("model", "loan", "Known: loans, credit"),
        ("window", "1 m", "Known: 1m, 5m, 1h, total"),
        ("attribute", "sex", "Known: gender, race, age, and intersections such as gender+race"),
        ("attribute", "gender+sex", "Known: gender, race, age, and"),
        ("attribute", "", "Known: gender, race, age, and"),
    ],
)
def test_a_wrong_name_is_an_error_that_lists_the_valid_ones(name: str, value: str, known: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"No {name} {value!r}")) as error:
        select(POLICY, **{name: value})
    assert known in str(error.value)


def test_names_of_the_chosen_model_alone_are_valid() -> None:
    with pytest.raises(ConfigError, match="No attribute 'age'"):
        select(Policy(schema=1, models=(LOANS, CAMERA, CREDIT)), "credit", "age")
    assert select(POLICY, "loans", "age+race+gender", "total").attribute == "gender+race+age"
