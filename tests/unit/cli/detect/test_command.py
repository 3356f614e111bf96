"""``fairstream detect`` as a person calls it: known streams, files of every kind, refusals, pictures."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.cli.output import facts as facts_console
from stream_app.errors import ConfigError

GOLDEN: dict[str, Any] = json.loads(Path("tests/data/detector_golden.json").read_text())
STREAMS = {stream["name"]: stream for stream in GOLDEN["streams"]}
EXAMPLE = Path("docs/examples/counts.csv")
WORDS = {"ratio": "dir", "gap": "gap"}


def call(*arguments: str | Path, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["detect", *map(str, arguments)], input=text)


def facts_of(outcome: Result) -> dict[str, list[dict[str, Any]]]:
    """Return the facts by type; a number that JSON does not know makes this fail."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for line in outcome.stdout.splitlines():
        fact = json.loads(line, parse_constant=pytest.fail)
        by_type.setdefault(fact["type"], []).append(fact)
    return by_type


def text_of(outcome: Result) -> str:
    """Return what people read, on one line."""
    return " ".join(outcome.stdout.split())


def write_csv(path: Path, panes: list[list[int]]) -> Path:
    path.write_text("k_a,n_a,k_b,n_b\n" + "".join(f"{','.join(map(str, pane))}\n" for pane in panes))
    return path


@pytest.mark.parametrize(
    ("name", "run"),
    [
        pytest.param(name, run, id=f"{name}-{run['kind']}-{run['limit']}-{run['threshold']:.0e}")
        for name, stream in STREAMS.items()
        for run in stream["runs"]
    ],
)
def test_known_streams_come_out_of_the_command(name: str, run: dict[str, Any], tmp_path: Path) -> None:
    outcome = call(
        write_csv(tmp_path / "counts.csv", STREAMS[name]["panes"]),
        *("--rule", f"{WORDS[run['kind']]}:{run['limit']}", "--direction", "low"),
        *("--threshold", str(run["threshold"]), "--reset-after-alarm", "--json"),
    )
    facts = facts_of(outcome)
    readings = [pane["readings"][0] for pane in facts["pane"]]
    assert [reading["log_sr"] for reading in readings] == pytest.approx(run["log_sr"], abs=1e-6)
    assert [reading["log_eproc"] for reading in readings] == pytest.approx(run["log_eproc"], abs=1e-6)
    alarms = facts.get("alarm", [])
    assert [alarm["pane"] for alarm in alarms] == [at for at, _, _ in run["alarms"]]
    if name != "edges":  # where a change stands out that is not the one of the rule
        assert [alarm["onset_pane"] for alarm in alarms] == [onset for _, _, onset in run["alarms"]]
    assert [alarm["log_evidence"] for alarm in alarms] == pytest.approx([log for _, log, _ in run["alarms"]], abs=1e-6)
    assert outcome.exit_code == (1 if run["alarms"] else 0)


@pytest.mark.parametrize(("threshold", "panes"), [("1e8", [52]), ("1e4", [36])])
def test_the_example_is_in_breach_from_its_first_alarm_on(threshold: str, panes: list[int]) -> None:
    outcome = call(EXAMPLE, "--rule", "dir:0.9", "--direction", "low", "--threshold", threshold, "--json")
    facts = facts_of(outcome)
    assert [alarm["pane"] for alarm in facts["alarm"]] == panes
    assert [alarm["onset_pane"] for alarm in facts["alarm"]] == [30]
    assert facts["pair"][0]["state"] == "breach"
    assert facts["pair"][0]["since_alarm"]["n_a"] == 10 * (59 - panes[0])
    assert outcome.exit_code == 1


def test_a_breach_that_was_cleared_still_ends_with_1(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", STREAMS["lifecycle"]["panes"])
    outcome = call(path, "--rule", "dir:0.8", "--direction", "low", "--threshold", "1e8", "--json")
    facts = facts_of(outcome)
    events = [(fact["type"], fact["pane"], fact["onset_pane"]) for fact in facts["alarm"] + facts["recovery"]]
    assert events == [("alarm", 8, 5), ("recovery", 30, 25)]
    assert facts["pair"][0]["state"] == "ok"
    assert outcome.exit_code == 1


def test_swapped_groups_are_found_by_the_other_direction(tmp_path: Path) -> None:
    swapped = [[k_b, n_b, k_a, n_a] for k_a, n_a, k_b, n_b in STREAMS["deterministic_100"]["panes"]]
    path = write_csv(tmp_path / "counts.csv", swapped)
    flags = ("--rule", "dir:0.9", "--threshold", "1e8", "--json")
    assert call(path, *flags, "--direction", "low").exit_code == 0
    [alarm] = facts_of(call(path, *flags))["alarm"]
    assert (alarm["direction"], alarm["pane"], alarm["onset_pane"]) == ("high", 52, 30)


def test_one_dial_is_shared_by_all_detectors_of_the_call() -> None:
    [setup] = facts_of(call(EXAMPLE, "--json"))["setup"]
    assert [(own["rule"], own["direction"]) for own in setup["detectors"]] == [
        *(("dir:0.8", "low"), ("dir:0.8", "high")),
        *(("gap:0.2", "low"), ("gap:0.2", "high")),
    ]
    assert [own["threshold"] for own in setup["detectors"]] == pytest.approx([4e7] * 4)
    assert setup["false_alarms_per_million"] == pytest.approx(0.1)


def test_csv_json_and_standard_input_say_the_same(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    objects = [dict(zip(lines[0].split(","), map(int, line.split(",")), strict=True)) for line in lines[1:]]
    (tmp_path / "list.json").write_text(json.dumps(objects, indent=1))
    (tmp_path / "lines.jsonl").write_text("\n\n".join(map(json.dumps, objects)))
    (tmp_path / "semicolons.csv").write_bytes(b"\xef\xbb\xbf" + EXAMPLE.read_bytes().replace(b",", b" ; "))
    expected = call(EXAMPLE, "--json").stdout
    assert call(tmp_path / "list.json", "--json").stdout == expected
    assert call(tmp_path / "lines.jsonl", "--json").stdout == expected
    assert call(tmp_path / "semicolons.csv", "--delimiter", ";", "--json").stdout == expected
    assert call("-", "--json", text=EXAMPLE.read_text()).stdout == expected


def test_long_rows_say_the_same_as_wide_ones(tmp_path: Path) -> None:
    long = ["when,who,granted,asked"]
    for number, line in enumerate(EXAMPLE.read_text().splitlines()[1:]):
        k_a, n_a, k_b, n_b = line.split(",")
        long += [f"{number},b,{k_b},{n_b}", f"{number},a,{k_a},{n_a}"]
    (tmp_path / "long.csv").write_text("\n".join(long))
    names = [("--column", pair) for pair in ("period=when", "group=who", "k=granted", "n=asked")]
    outcome = call(tmp_path / "long.csv", "--reference", "b", *(word for pair in names for word in pair), "--json")
    assert outcome.stdout == call(EXAMPLE, "--json").stdout


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "There is no row of counts"),
        ("k_a,n_a,k_b,n_b\n1,2,3,4\n-1,2,3,4\n", "line 3: column k_a"),
        ("k_a,n_a,k_b,n_b\n1,2,3\n", "line 2: expected 4 cells"),
        ('k_a,n_a,k_b,n_b\n1,2,3,"4\n', "line 2: not valid CSV"),
        ("k_a,k_a\n1,2\n", "line 1: duplicate column 'k_a'"),
        (b"k_a,n_a,k_b,n_b\n1,2,3,\xff\n", "line 2: expected UTF-8"),
        ('{"k_a":1,"n_a":2,"k_b":3,"n_b":4}\n{"k_a":NaN}\n', "line 2: not valid JSON"),
        ('{"k_a":1,"k_a":2}\n', "line 1: duplicate name in an object"),
        ("[1]", "item 1: expected a JSON object"),
        ("[" * 5000, "line 1: "),
        ('[{"k_a":1,"n_a":2,"k_b":3,"n_b":4},\n{"k_a":Infinity}]', "line 2: not valid JSON"),
        ("x" * 1_000_001, "line 1: longer than 1,000,000 characters"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str | bytes, expected: str) -> None:
    outcome = call("-", "--json", text=text)
    assert isinstance(outcome.exception, ConfigError)
    assert str(outcome.exception).startswith(expected)
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (("--rule", "dir:1.2"), "Invalid rule 'dir:1.2'"),
        (("--rule", "ratio"), "Invalid rule 'ratio'"),
        (("--threshold", "1"), "--threshold"),
        (("--threshold", "nan"), "--threshold"),
        (("--threshold", "1e8", "--false-alarms-per-million", "1"), "--threshold and --false-alarms-per-million"),
        (("--false-alarms-per-million", "0"), "--false-alarms-per-million"),
        (("--column", "x=y"), "--column"),
        (("--delimiter", "ab"), "--delimiter"),
        (("--plot", "counts.png"), "--plot"),
    ],
)
def test_wrong_flags_are_refused(flags: tuple[str, ...], expected: str) -> None:
    outcome = call(EXAMPLE, *flags)
    assert isinstance(outcome.exception, ConfigError)
    assert str(outcome.exception).startswith(expected)


def test_a_refusal_is_one_line_and_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stream_app", "detect", str(tmp_path / "nowhere.csv")]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("fairstream: Cannot read")
    assert outcome.stderr.count("\n") == 1


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


def test_a_design_effect_of_two_undoes_that_every_decision_stands_twice(tmp_path: Path) -> None:
    panes = STREAMS["deterministic_100"]["panes"]
    twice = write_csv(tmp_path / "twice.csv", [[2 * count for count in pane] for pane in panes])
    once = facts_of(call(EXAMPLE, "--json"))
    shrunk = facts_of(call(twice, "--design-effect", "2", "--json"))
    assert shrunk["pane"] == once["pane"]
    assert shrunk["pair"][0]["overall"]["ratio_interval"] == pytest.approx(once["pair"][0]["overall"]["ratio_interval"])


def test_the_period_decides_what_is_compared(tmp_path: Path) -> None:
    rows = [[3, 4, 225, 300], [15, 60, 1, 4]] * 20  # a ratio of 1 in every row, of 0.38 over all
    path = write_csv(tmp_path / "r.csv", rows)
    flags = ("--rule", "dir:0.8", "--direction", "low", "--threshold", "1e8")
    assert call(path, *flags).exit_code == 0
    whole = call(path, *flags, "--period", "40", "--json")
    assert whole.exit_code == 1
    assert [alarm["pane"] for alarm in facts_of(whole)["alarm"]] == [0]


def test_a_period_of_several_rows_is_called_by_its_first_one_and_the_last_may_be_short(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", [[1, 2, 3, 4]] * 7)
    facts = facts_of(call(path, "--period", "3", "--json"))
    assert [pane["label"] for pane in facts["pane"]] == ["0", "3", "6"]
    assert (facts["pair"][0]["overall"]["n_a"], facts["pair"][0]["overall"]["n_b"]) == (14, 28)
    assert call(path, "--period", "0").exit_code == 2


def long_csv(path: Path, *spans: tuple[int, dict[str, tuple[int, int]]]) -> Path:
    """Write months from 2024-01 on: for each span a number of months and, by group, decisions and favorable ones."""
    lines, month = ["period,group,n,k"], 0
    for n_months, groups in spans:
        for _ in range(n_months):
            lines += [f"{2024 + month // 12}-{month % 12 + 1:02},{name},{n},{k}" for name, (n, k) in groups.items()]
            month += 1
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "after"),
    [(("Female", "Male"), ("Female", "male")), (("Caf\u00e9", "Male"), ("Cafe\u0301", " MALE"))],
    ids=["case", "composed and decomposed"],
)
def test_another_spelling_of_a_group_is_the_same_group(
    before: tuple[str, str], after: tuple[str, str], tmp_path: Path
) -> None:
    fair = {before[0]: (200, 140), before[1]: (400, 280)}
    unfair = {after[0]: (200, 90), after[1]: (400, 280)}
    outcome = call(long_csv(tmp_path / "months.csv", (12, fair), (12, unfair)), "--reference", "MALE", "--json")
    facts = facts_of(outcome)
    assert outcome.exit_code == 1
    assert [(pair["group"], pair["reference"]) for pair in facts["pair"]] == [before]
    assert {(alarm["label"], alarm["onset_label"]) for alarm in facts["alarm"]} >= {("2025-04", "2025-01")}
    assert facts["pair"][0]["overall"]["n_a"] == 24 * 200


def test_an_onset_is_never_before_the_first_pane_with_both_groups(tmp_path: Path) -> None:
    path = long_csv(
        tmp_path / "months.csv", (12, {"Male": (400, 280)}), (12, {"Female": (200, 90), "Male": (400, 280)})
    )
    outcome = call(path, "--reference", "Male", "--json")
    facts = facts_of(outcome)
    assert facts["alarm"]
    for alarm in facts["alarm"]:
        assert (alarm["onset_label"], alarm["onset_earliest_label"]) == ("2025-01", "2025-01")
    [pair] = facts["pair"]
    assert (pair["n_compared"], pair["overall"]["n_a"], pair["overall"]["n_b"]) == (12, 12 * 200, 12 * 400)
    assert "12 of 24" in call(path, "--reference", "Male").stdout


def test_an_onset_comes_with_an_interval_that_contains_it() -> None:
    [alarm] = facts_of(call(EXAMPLE, "--rule", "dir:0.9", "--direction", "low", "--threshold", "1e8", "--json"))[
        "alarm"
    ]
    assert alarm["onset_earliest_pane"] <= alarm["onset_pane"] == 30 <= alarm["onset_latest_pane"] < alarm["pane"]
    assert alarm["onset_latest_label"] == str(alarm["onset_latest_pane"])


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
