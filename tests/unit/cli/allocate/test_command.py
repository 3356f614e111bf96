"""``fairstream allocate`` as a person and a program call it."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from tests.support.area_tables import CSV


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    path = tmp_path / "areas.csv"
    path.write_text(CSV, "utf-8")
    return path


def call(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["allocate", *map(str, arguments)])


def test_people_see_the_rule_beside_others_and_hours_per_capita(areas: Path) -> None:
    outcome = call(areas, "--total", 600)
    assert outcome.exit_code == 0
    lines = outcome.stdout.splitlines()
    assert lines[:2] == ["600 hours, 90 of them (15 %) reserved for areas of level Low.", ""]
    [station] = [line.split() for line in lines if line.startswith("station")]
    assert station == ["station", "Low", "100.00", "63.16", "45.00", "98.68", "-1.32"]
    assert "High    36.7   4.09       0.56-    3.96       0.78-  above" in lines
    assert max(map(len, lines)) <= 80


def test_programs_read_one_line_of_json(areas: Path) -> None:
    facts = json.loads(call(areas, "--total", 600, "--json").stdout)
    assert facts["allocation"] == "floor_and_risk"
    rules = {rule["rule"]: rule for rule in facts["rules"]}
    assert list(rules) == ["current", "risk_only", "floor_only", "floor_and_risk"]
    assert rules["floor_only"]["hours"] == {"harbor": 291.43, "market": 218.57, "mill": 45.0, "station": 45.0}
    [low, high] = rules["current"]["levels"]
    assert (low["level"], low["of_means"]) == ("Low", None)
    assert high["of_means"]["value"] == pytest.approx(4.0909, abs=1e-4)
    assert high["of_means"]["is_over"]


def test_spreadsheets_read_csv(areas: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(call(areas, "--total", 600, "--csv", "--unit", "0.5").stdout)))
    assert [row["allocated"] for row in rows] == ["215.0", "161.0", "125.5", "98.5"]
    assert sum(float(row["risk_only"]) for row in rows) == 600


def test_an_area_that_looks_like_a_formula_is_text_in_csv(areas: Path) -> None:
    areas.write_text(CSV.replace("harbor", "=1+1"), "utf-8")
    assert "\n'=1+1,High" in call(areas, "--total", 600, "--csv").stdout


def test_limits_that_bind_are_named(areas: Path) -> None:
    outcome = call(areas, "--total", 600, "--minimum", 120, "--cap", 30)
    assert outcome.exit_code == 0
    assert "  the minimum of station: at least 120 hours" in outcome.stdout.splitlines()


def test_limits_that_conflict_are_named_and_the_answer_is_no(areas: Path) -> None:
    outcome = call(areas, "--total", 600, "--minimum", 160)
    assert outcome.exit_code == 1
    text = " ".join(outcome.stdout.split())
    assert "the total of 600 hours; at least 160 hours in each area (640 in all 4). Relax one of them." in text
    facts = json.loads(call(areas, "--total", 600, "--minimum", 120, "--cap", 20, "--json").stdout)
    assert (facts["limits"], facts["area"]) == (["minimum", "cap"], "market")


def test_every_limit_of_a_conflict_is_in_the_sentence(areas: Path) -> None:
    facts = json.loads(call(areas, "--total", 600, "--max-change", 60, "--floor", 0.9, "--json").stdout)
    assert facts["sentence"] == (
        "No allocation keeps all of these: the total of 600 hours; a change of at most 60 hours in each area "
        "(now 800 in all); at least 540 hours for the 2 underserved areas"
    )


def test_a_rule_that_is_not_possible_is_left_out(areas: Path) -> None:
    areas.write_text(CSV.replace("350,8", "350,0").replace("200,6", "200,0"), "utf-8")
    text = " ".join(call(areas, "--total", 600).stdout.split())
    assert "Not possible: original, since no area that it serves has a risk above 0." in text


def test_a_level_without_a_reference_says_so(areas: Path) -> None:
    outcome = call(areas, "--total", 600, "--floor", 0, "--underserved", "none")
    assert "no reference areas" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--total", "x"], "--total: expected a number"),
        (["--total", "600", "--floor", "1.5"], "The floor is a share from 0 to 1"),
        (["--total", "600", "--underserved", "Poor"], "No area has the level Poor"),
        (["--total", "600", "--reference", "Poor"], "--reference: no area has this level"),
        (["--total", "600", "--max-ratio", "1"], "--max-ratio: expected a number above 1"),
        (["--total", "600", "--column", "name=x"], "--column: expected NAME=COLUMN"),
        (["--total", "600", "--csv", "--json"], "give one of them"),
        (["--total", "600", "--minimum", "-1"], "--minimum: expected a number"),
    ],
)
def test_an_invalid_flag_is_an_error(areas: Path, arguments: list[str], words: str) -> None:
    outcome = call(areas, *arguments)
    assert outcome.exit_code != 0
    assert words in str(outcome.exception)


def test_without_limits_scipy_is_not_needed(areas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scipy", "scipy.optimize", "scipy.sparse"):
        monkeypatch.setitem(sys.modules, name, None)
    assert call(areas, "--total", 600).exit_code == 0
    outcome = call(areas, "--total", 600, "--minimum", 1)
    assert "extra remedies" in str(outcome.exception)
