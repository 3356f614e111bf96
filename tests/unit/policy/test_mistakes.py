"""Each mistake in a policy is an error at the start, with the path of the field, what is wrong and what is allowed."""

from __future__ import annotations

import pytest

from stream_app.errors import PolicyError
from stream_app.policy import (
    parse_policy,
)
from tests.support.policies.mistakes import MISTAKES
from tests.support.policies.plain import PLAIN


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_with_its_place_and_what_is_allowed(mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    assert old in PLAIN
    with pytest.raises(PolicyError) as rejected:
        parse_policy(PLAIN.replace(old, new, 1))
    message = str(rejected.value)
    assert all(part in message for part in said), message
    assert "\n" not in message
    assert "\x1b" not in message


def test_the_policy_that_the_mistakes_are_made_in_has_none() -> None:
    assert parse_policy(PLAIN).models[0].name == "m"


def test_counts_without_decisions_have_no_model_version() -> None:
    counts = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("decision"))
    counts = counts.replace("keep =", 'kind = "counts"\nmodel_version = "v"\nkeep =')
    with pytest.raises(PolicyError, match=r"models\[0\]\.model_version: not allowed for kind 'counts'"):
        parse_policy(counts)


def test_a_former_name_beside_the_current_one_is_rejected() -> None:
    both = PLAIN.replace("keep =", "repeat_horizon = 7\ndeduplication_window = 7\nkeep =")
    with pytest.raises(
        PolicyError, match=r"models\[0\]: both 'deduplication_window' and its former name 'repeat_horizon'"
    ):
        parse_policy(both)


def test_a_table_in_place_of_a_list_is_answered_with_how_to_write_it() -> None:
    with pytest.raises(PolicyError, match=r"^Invalid policy: models must be a list: write \[\[models\]\]$"):
        parse_policy('schema = 1\n[models]\nname = "m"')
    with pytest.raises(PolicyError, match=r"models\[0\]\.keep must be a list: write keep = \[\.\.\.\]$"):
        parse_policy(PLAIN.replace('keep = ["note"]', 'keep = "note"'))
