"""Outcomes as ``fairstream results`` draws them."""

from __future__ import annotations

import pytest

from stream_app.cli.show.outcome_table import outcome_table
from stream_app.cli.show.results import print_results
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from tests.support.outcome_windows import came


def test_a_table_says_what_came_of_the_approved(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([disclose_outcomes(result, 10) for result in came(0, (50, 80))], as_json=False)
    text = capsys.readouterr().out
    assert "credit/outcomes, 1m: 1970-01-01 00:00:00 to 00:01:00 UTC" in text
    assert "outcomes of denied cases are unknown" in text


def test_each_group_has_its_share_its_gap_and_its_state() -> None:
    table = outcome_table([disclose_outcomes(result, 10) for result in came(0, (50, 80))])
    columns = {str(column.header): list(column.cells) for column in table.columns}
    assert columns["group"][:2] == ["female", "male"]
    assert columns["outcomes"][:2] == ["100", "100"]
    assert columns["favorable"][:2] == ["0.5000", "0.8000"]
    assert columns["favorable\ngap"][:2] == ["-0.3000", ""]
    assert columns["TPR"][:2] == ["", ""]
    assert "warning" in str(columns["state"][0])


def test_groups_of_fewer_than_k_outcomes_are_hidden() -> None:
    table = outcome_table([disclose_outcomes(result, 10) for result in came(0, (5, 8), n=9)])
    columns = {str(column.header): list(column.cells) for column in table.columns}
    assert columns["outcomes"][:2] == ["<10", "<10"]
    assert columns["state"][:2] == ["suppressed", "suppressed"]
