"""Running totals of which nothing was shown yet: every surface says until when, and none says which group is small."""

from __future__ import annotations

from itertools import islice

import pytest

from fairstream.testing import InMemoryPipeline, loan_events
from producers.simulated.amounts.rates import simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.cli.output import facts
from stream_app.cli.show.amounts import print_amounts
from stream_app.cli.show.results import print_results
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.disclosure.rules import NOT_SHOWN_YET
from stream_app.pipeline.disclosure.shown import disclose_any
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.policy import Rules
from stream_app.render.report.tables import write_verdict

K = 10


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_width", 80)
    monkeypatch.setattr(facts, "_force_terminal", False)


def test_the_first_totals_say_in_words_that_they_are_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    running = InMemoryPipeline("loans")
    running.send(loan_events(3_000, seed=5))
    totals = [disclose_any(result, K) for result in running.exact_results()]
    assert {result.window for result in totals} == {"total"}
    assert {group.hidden for result in totals for group in result.groups} == {NOT_SHOWN_YET}
    print_results(totals[-3:], as_json=False)
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if "withheld" in line]
    assert len(rows) == 10  # of gender, race and age
    assert all(line.endswith(f" {NOT_SHOWN_YET_WORDS}") and len(line) <= 80 for line in rows)
    assert "<" not in "".join(lines)
    decided = [result for result in totals[-3:] if isinstance(result, DisclosedResult)]
    report = write_verdict(ScenarioResults("live", decided, []), Rules())
    assert report.count(NOT_SHOWN_YET_WORDS) == len(rows)
    assert "suppressed" not in report


def test_the_first_totals_of_amounts_say_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    running = InMemoryPipeline("rates")
    running.send(islice(simulate_rates(1, Timeline(1_767_225_600_000, 0.01), parse_drift("0")), 3_000))
    totals = [result for result in running.amount_results() if result.window == "total"]
    assert {group.hidden for group in disclose_result(totals[0], K).groups} == {NOT_SHOWN_YET}
    print_amounts(totals[:1], lambda _: K, as_json=False)
    printed = capsys.readouterr().out
    assert "above 0 is worse for people" in " ".join(printed.split())
    assert printed.count(NOT_SHOWN_YET_WORDS) == len([*totals[0].groups])
    assert max(map(len, printed.splitlines())) <= 80
