"""``fairstream plan`` as a person and a program call it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app

FLAGS = ("--reference-rate", "0.7", "--share", "0.1", "--per-day", "5000", "--runs", "10", "--ratio", "0.5")


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["plan", *arguments])


def test_people_read_three_tables_and_a_suggestion() -> None:
    outcome = call(*FLAGS)
    assert outcome.exit_code == 0
    for words in (
        "Until a violation is detected",
        "What the false-alarm budget costs",
        "Comparison period",
        "Suggested:",
    ):
        assert words in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80


def test_programs_read_one_line_of_json() -> None:
    outcome = call(*FLAGS, "--json")
    answers = json.loads(outcome.stdout)
    assert answers["rule"] == "dir:0.8"
    assert answers["sizes"][0]["median_days"] > 0
    assert [period["period_s"] for period in answers["periods"]][:2] == [60, 300]


def test_a_policy_gives_rule_budget_tests_and_period() -> None:
    answers = json.loads(call(*FLAGS, "--policy", "loans", "--json").stdout)
    alone = json.loads(call(*FLAGS, "--period", str(answers["sizes"][0]["period_s"]), "--json").stdout)
    assert answers["sizes"][0]["false_alarms_per_million"] == 0.1
    assert (
        answers["sizes"][0]["median_decisions"] > alone["sizes"][0]["median_decisions"]
    )  # more tests share the budget


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*FLAGS, "--ratio", "0.9"), "--ratio: 0.9 does not violate the rule"),
        ((*FLAGS, "--reference-share", "0.95"), "--share and --reference-share sum to more than 1"),
        ((*FLAGS, "--rule", "dir:2"), "Invalid rule 'dir:2'"),
        ((*FLAGS, "--runs", "3"), "--runs: expected a number from 10"),
        ((*FLAGS, "--budget", "0"), "--budget: expected a number above 0"),
        ((*FLAGS, "--model", "loans"), "Give --policy too"),
        ((*FLAGS, "--policy", "loans", "--model", "nothing"), "nothing"),
        ((*FLAGS, "--policy", "rates"), "Model rates decides amounts; a plan is about approval rates"),
        ((*FLAGS, "--policy", "rates", "--model", "rates"), "Name a model of approvals with --model"),
    ],
)
def test_what_is_wrong_is_named_by_its_flag(arguments: tuple[str, ...], words: str) -> None:
    outcome = call(*arguments)
    assert outcome.exit_code != 0
    assert words in str(outcome.exception) + outcome.output
