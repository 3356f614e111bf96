"""What readers get of the results topic: the newest revisions, with the k of the model of each result."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.shown import newest_revisions, smallest_groups
from stream_app.pipeline.records.results import Result
from stream_app.policy import load_policy


def make_result(window: str, end_s: int, revision: int = 0) -> Result:
    return Result(
        schema=1,
        model="m",
        attribute="sex",
        window=window,
        size_s=60,
        start_s=end_s - 60,
        end_s=end_s,
        revision=revision,
        reference="male",
        n=0,
        state=State.OK,
        groups=(),
        offsets={},
        policy_hash="h",
        code_version="0",
    )


LOG = [
    make_result("1m", 60),
    make_result("1m", 120),
    make_result("5m", 300),
    make_result("total", 130),
    make_result("1m", 60, 1),
    make_result("total", 140),
]


@pytest.mark.parametrize(
    ("n_windows", "shown"),
    [
        (1, [("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
        (2, [("1m", 60, 1), ("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
        (0, [("1m", 60, 1), ("1m", 120, 0), ("5m", 300, 0), ("total", 140, 0)]),
    ],
)
def test_the_last_revision_of_the_newest_windows_is_shown(n_windows: int, shown: list[tuple[str, int, int]]) -> None:
    assert [(result.window, result.end_s, result.revision) for result in newest_revisions(LOG, n_windows)] == shown


def test_a_model_without_a_policy_gets_the_largest_k_and_at_least_the_default() -> None:
    policy = load_policy("loans")
    [model] = policy.models
    for k, largest in ((5, 10), (40, 40)):
        changed = msgspec.structs.replace(model, privacy=msgspec.structs.replace(model.privacy, k=k))
        k_of = smallest_groups(msgspec.structs.replace(policy, models=(changed,)))
        assert (k_of(model.name), k_of(f"{model.name}/outcomes"), k_of("unknown")) == (k, k, largest)
