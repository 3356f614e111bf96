"""Outcomes as ``fairstream results`` lists them."""

from __future__ import annotations

import pytest

from stream_app.cli.layout.listing import Listing
from stream_app.cli.layout.widths import text_of
from stream_app.cli.show.outcome_table import outcome_table
from stream_app.cli.show.results import print_results
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from stream_app.policy import Rules
from tests.support.outcome_windows import came


def outcomes(good: tuple[int, int], *, n: int = 100, rules: Rules | None = None) -> Listing:
    return outcome_table([disclose_outcomes(result, 10) for result in came(0, good, n=n)], rules)


def gender(listing: Listing, name: str) -> list[str]:
    """Return two cells of a column: those of women and of men."""
    (number,) = [number for number, column in enumerate(listing.columns) if column.name == name]
    return [text_of(row[number]) for row in listing.sections[0].rows[:2]]


def test_a_listing_says_what_came_of_the_approved(capsys: pytest.CaptureFixture[str]) -> None:
    print_results([disclose_outcomes(result, 10) for result in came(0, (50, 80))], as_json=False)
    text = capsys.readouterr().out
    assert "credit/outcomes, 1m: 1970-01-01 00:00:00 to 00:01:00 UTC" in text
    assert "outcomes of denied cases are unknown" in text


def test_each_group_has_its_share_its_gap_and_its_state() -> None:
    listing = outcomes((50, 80))
    assert listing.sections[0].title == "gender, compared with male"
    assert gender(listing, "group") == ["female", "male"]
    assert gender(listing, "outcomes") == ["100", "100"]
    assert gender(listing, "favorable") == ["0.5000", "0.8000"]
    assert gender(listing, "favorable gap") == ["-0.3000", ""]
    assert gender(listing, "TPR") == ["", ""]
    assert gender(listing, "state") == ["warning", "reference"]


def test_no_group_is_without_alarm_beside_an_exceeded_limit() -> None:
    within, beyond = outcomes((85, 90), rules=Rules()), outcomes((78, 90), rules=Rules())
    assert gender(within, "state")[0] == "no alarm"
    assert gender(beyond, "state")[0] == "limit exceeded, not proven: favorable gap"


def test_groups_of_fewer_than_k_outcomes_are_hidden() -> None:
    listing = outcomes((5, 8), n=9)
    assert gender(listing, "outcomes") == ["<10", "<10"]
    assert gender(listing, "state") == ["suppressed (n < 10)", "suppressed (n < 10)"]
