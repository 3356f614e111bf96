"""What readers get of the results topic: the newest revisions, with the k of the model of each result."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.pipeline.disclosure.shown import newest_revisions, smallest_groups
from stream_app.policy import load_policy
from tests.support.empty_results import empty_result

LOG = [
    empty_result("1m", 60),
    empty_result("1m", 120),
    empty_result("5m", 300),
    empty_result("total", 130),
    empty_result("1m", 60, 1),
    empty_result("total", 140),
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
