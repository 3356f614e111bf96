"""A selection takes the records of the policy that are meant; a name that the policy does not have is an error."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from stream_app.core.groups.comparison import State
from stream_app.errors import ConfigError
from stream_app.pipeline.records.alerts import MonitoringRestart
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import load_policy
from stream_app.policy.model import Policy

LOANS, CREDIT, CAMERA = (load_policy(name).models[0] for name in ("loans", "credit", "camera"))
POLICY = Policy(schema=1, models=(LOANS, CREDIT))


def make_result(window: str, end_s: int, model: str = "m") -> Result:
    return Result(
        schema=1,
        model=model,
        attribute="sex",
        window=window,
        size_s=60,
        start_s=end_s - 60,
        end_s=end_s,
        revision=0,
        reference="male",
        n=0,
        state=State.OK,
        groups=(),
        offsets={},
        policy_hash="h",
        code_version="0",
    )


LOG = [make_result("1m", 60), make_result("5m", 300), make_result("total", 130)]


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
    assert [selection.has_result(make_result("1m", 60, model=name)) for name in names] == [True, True, False, False]
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
