"""What people read of ``fairstream detect``, and its pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from stream_app.cli.output import facts as facts_console
from tests.support.detect_calls import EXAMPLE, STREAMS, call, text_of, write_csv


def test_people_read_the_alarm_its_onset_and_what_it_does_not_mean() -> None:
    text = text_of(call(EXAMPLE, "--rule", "dir:0.9", "--threshold", "1e8"))
    assert "alarm in pane 52, estimated onset in pane 30" in text
    assert "0.815 to 0.896" in text
    assert "0.774 to 0.933" in text
    assert "an alarm does not say why" in text
    assert "no alarm is not evidence of fairness" in text_of(call(EXAMPLE))


@pytest.mark.parametrize("width", [60, 80, 132])
def test_people_read_every_value_whole_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_console, "_width", width)
    outcome = call(EXAMPLE, "--rule", "dir:0.9")
    assert max(map(len, outcome.stdout.splitlines())) <= width
    words = text_of(outcome).replace(";", "").split()
    for value in ("disadvantaged", "reference", "1e7.50", "1e7.30", "0.750", "0.875", "0.857", "-0.125", "5,400"):
        assert value in words


def test_no_rule_is_without_alarm_where_its_limit_is_exceeded(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", [[7, 10, 18, 20], [13, 20, 36, 40]])
    text = text_of(call(path, "--rule", "dir:0.8"))
    assert "1e7.30 limit exceeded, not proven dir:0.8 reference" in text
    assert "1e7.30 no alarm No alarm in 2 panes" in text


def test_a_picture_is_well_formed_needs_nothing_else_and_names_what_was_found(tmp_path: Path) -> None:
    panes = STREAMS["lifecycle"]["panes"]
    call(write_csv(tmp_path / "counts.csv", panes), "--plot", tmp_path / "counts.svg")
    picture = (tmp_path / "counts.svg").read_text("utf-8")
    words = list(ET.fromstring(picture).itertext())  # noqa: S314 - our own picture
    assert "▼ alarm 8: dir:0.8 low" in words
    assert "estimated onset 5: dir:0.8 low" in words
    assert "✓ recovery 30: dir:0.8 low" in words
    assert "href" not in picture
    assert "nan" not in picture.lower()


def test_a_picture_exists_for_empty_panes_hostile_names_and_many_pairs(tmp_path: Path) -> None:
    rows = [f"{period},{group},{k},5" for period in range(700) for group, k in (("men", 0), ('<b>&"', 0))]
    rows += [f"700,group {number},0,0" for number in range(30)]
    (tmp_path / "long.csv").write_text("period,group,k,n\n" + "\n".join(row.replace('"', "'") for row in rows))
    outcome = call(tmp_path / "long.csv", "--reference", "men", "--plot", tmp_path / "long.svg")
    assert outcome.exit_code == 0
    picture = (tmp_path / "long.svg").read_text("utf-8")
    assert "12 of 31 pairs" in "".join(ET.fromstring(picture).itertext())  # noqa: S314 - our own picture
    assert "<b>" not in picture
    assert "nan" not in picture.lower().replace("no alarm", "")


def test_a_gap_that_is_mix_over_time_is_explained_in_words(tmp_path: Path) -> None:
    """Each row has a ratio of 1; together they have one of 0.378, which one period of all rows rightly raises."""
    source = tmp_path / "r.csv"
    source.write_text("k_a,n_a,k_b,n_b\n" + "3,4,225,300\n15,60,1,4\n" * 20)
    flags = ("--rule", "dir:0.8", "--direction", "low", "--threshold", "1e8")
    rows, together = call(str(source), *flags), call(str(source), *flags, "--period", "40")
    assert (rows.exit_code, together.exit_code) == (0, 1)
    for outcome in (rows, together):
        cause = "explained by when the groups applied (mix over time), at equal times +0.0 percentage"
        assert cause in text_of(outcome)
    last = json.loads(call(str(source), *flags, "--json").stdout.splitlines()[-1])
    assert last["over_time"]["certainty"] == "explains"
