"""Policies are read from files, by the names of the shipped ones, and under former names of fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import PolicyError
from stream_app.pipeline.ingest.fields import schema_of
from stream_app.pipeline.layout import layout_of
from stream_app.policy import (
    MAX_CELLS,
    Policy,
    load_policy,
    n_labels,
    parse_policy,
    read_policy_text,
    shipped_names,
)
from tests.support.policies.plain import PLAIN


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_can_be_loaded_compiled_and_laid_out(name: str) -> None:
    policy = load_policy(name)
    assert parse_policy(read_policy_text(name)) == policy
    for model in policy.models:
        assert callable(schema_of(model).getter(model.event_id.path))
        layout = layout_of(model)
        assert [len(labels) for _, labels in layout.dimensions] == n_labels(model)
        assert layout.size <= MAX_CELLS
        assert policy.model(model.name) is model


@pytest.mark.parametrize("source", ["nothing-here", "/", "", "a\0b", "x" * 5000, "policies/loans"])
def test_a_missing_policy_is_an_error_with_the_names_of_the_shipped_ones(source: str) -> None:
    with pytest.raises(PolicyError, match=r"not found\. Give a TOML file, or one of: .*loans"):
        load_policy(source)


def test_a_policy_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"schema = 1 # \xff")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load_policy(str(path))


def test_a_policy_can_be_a_file_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "my policy.toml"
    path.write_text(PLAIN)
    assert load_policy(str(path)) == parse_policy(PLAIN)


def test_an_unknown_model_is_an_error_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(PolicyError, match=r"No model 'x' in the policy\. Known: loans"):
        load_policy("loans").model("x")


def test_a_policy_cannot_be_changed_once_it_is_read() -> None:
    policy: Policy = parse_policy(PLAIN)
    with pytest.raises(AttributeError):
        policy.models[0].name = "other"  # type: ignore[misc]


def test_names_from_before_version_0_2_are_read_as_the_current_ones() -> None:
    former = PLAIN.replace("favorable", "favourable").replace("keep =", "repeat_horizon = 7\nkeep =")
    current = PLAIN.replace("keep =", "deduplication_window = 7\nkeep =")
    assert former != current
    assert parse_policy(former) == parse_policy(current)
