"""``fairstream policy`` as a person runs it: what it says, what it never says, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stream_app.__main__ import main
from stream_app.policy import load_policy, parse_policy, shipped_names
from stream_app.policy.reference import describe_fields
from tests.support.lanes.ingest_lane import encode, iso, loan, track

CANARY = "canary91c4"
OLD_TIME = "2001-01-01T00:00:00Z"


@dataclass
class Outcome:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return the command, in this process: ``run("check", "loans", FAIRSTREAM_POLICY=...)``."""

    def call(*arguments: str | Path, **environ: str) -> Outcome:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["fairstream", "policy", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    return call


def lines_of(path: Path, *records: bytes) -> Path:
    path.write_bytes(b"\n".join(records) + b"\n")
    return path


def now_loan(number: int, **changes: Any) -> bytes:
    return encode(loan(application_id=f"{CANARY}-{number}", applicant_id=CANARY, ts=iso(time.time()), **changes))


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_has_no_mistake_and_is_summed_up(run: Run, name: str) -> None:
    outcome = run("check", name)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    policy = load_policy(name)
    assert policy.hash() in outcome.stdout
    for model in policy.models:
        for text in (model.name, model.topic, model.event_id.path, *(own.name for own in model.attributes)):
            assert text in outcome.stdout


def test_the_facts_of_a_policy_can_be_read_by_a_program(run: Run) -> None:
    facts = json.loads(run("check", "loans", "--json").stdout)
    assert facts["n_cells"] == {"loans": 4 * 6 * 6 * 6 * 2}
    assert facts["n_series"] > 0
    assert facts["hash"] == load_policy("loans").hash()


def test_a_policy_is_named_by_argument_flag_or_environment(run: Run) -> None:
    assert json.loads(run("check", "--json", FAIRSTREAM_POLICY="camera").stdout)["models"] == ["camera"]
    assert json.loads(run("check", "--policy", "loanapp", "--json").stdout)["models"] == ["loanapp"]
    assert run("show", "--policy", "loanapp").stdout == run("show", "loanapp").stdout
    assert run("check", "loans", "--policy", "camera").returncode == 2


def test_a_mistake_ends_with_2_and_one_line_that_names_the_field(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(run("show", "loans").stdout.replace('reference = "male"', 'reference = "man"'))
    outcome = run("check", path)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.count("\n") == 1
    assert "models[0].attributes[0].reference: " in outcome.stderr


def test_more_series_than_a_worker_would_export_end_with_2(run: Run) -> None:
    outcome = run("check", "loans", FAIRSTREAM_MAX_SERIES="100")
    assert outcome.returncode == 2
    assert " fairness series, max_series allows 100" in outcome.stderr


def test_a_raw_topic_with_the_name_of_one_of_ours_ends_with_2(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(run("show", "loans").stdout.replace('"loan-decisions-raw"', '"dead-letters"'))
    outcome = run("check", path)
    assert outcome.returncode == 2
    assert "'dead-letters' cannot be used for both raw and dead letters" in outcome.stderr


def test_a_sample_is_counted_by_what_would_become_of_each_record(run: Run, tmp_path: Path) -> None:
    sample = lines_of(
        tmp_path / "sample.jsonl",
        now_loan(1),
        now_loan(1),
        now_loan(2, approved=False, gender="x", race=None),
        now_loan(3, credit_score=CANARY),
        now_loan(4, approved=...),
        now_loan(5, **{CANARY: 1}),
        now_loan(6) + b"}",
        b"",
        encode(loan(application_id=CANARY, ts=OLD_TIME)),
    )
    outcome = run("check", "loans", "--sample", sample, "--json")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    report = json.loads(outcome.stdout.splitlines()[1])
    assert report["n_records"] == 8
    assert report["n_counted"] == 2
    assert report["n_duplicates"] == 1
    assert report["outcomes"] == {"favorable": 1, "unfavorable": 1}
    assert report["dead_letters"] == {"type": 1, "missing": 1, "unknown_field": 1, "json": 1, "ts_past": 1}
    assert report["faults"] == {"type at credit_score": 1, "missing at approved": 1, "ts_past at ts": 1}
    spelled: dict[str, object] = {"others": {}, "look_alikes": {}}
    assert report["dimensions"][:2] == [
        {"name": "gender", "n_listed": 1, "n_unknown": 0, "n_other": 1, "n_other_spellings": 1} | spelled,
        {"name": "race", "n_listed": 1, "n_unknown": 1, "n_other": 0, "n_other_spellings": 0} | spelled,
    ]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_nothing_of_a_sample_is_ever_printed(run: Run, tmp_path: Path, flags: list[str]) -> None:
    sample = lines_of(
        tmp_path / "sample.jsonl",
        now_loan(1, region=CANARY),
        now_loan(2, gender=CANARY),
        now_loan(3, approved=CANARY),
        now_loan(4, **{CANARY: {CANARY: CANARY}}),
        now_loan(5, product={CANARY: 1}),
        f'{{"{CANARY}'.encode(),
        b"\xff" + CANARY.encode(),
    )
    outcome = run("check", "loans", "--sample", sample, *flags)
    assert outcome.returncode == 0
    assert CANARY not in outcome.stdout + outcome.stderr
    assert "dead letters" in outcome.stdout or "dead_letters" in outcome.stdout


def test_a_sample_says_what_share_of_the_decisions_is_of_unknown_groups(run: Run, tmp_path: Path) -> None:
    genders = [None, "nonbinary", *["female"] * 38]
    path = lines_of(tmp_path / "sample.jsonl", *(now_loan(n, gender=gender) for n, gender in enumerate(genders)))
    lines = run("check", "loans", "--sample", path).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.split()[0:1] == ["gender"])
    assert lines[at].split(maxsplit=1)[1] == "38 in policy, 1 unknown, 1 not in policy (1 spelling)"
    assert lines[at + 1].strip() == "5.0% have no value of the policy"
    assert "decisions of unknown groups are not tested" in "\n".join(lines)


def test_a_policy_says_that_unknown_groups_count_at_their_worst(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(run("show", "loans").stdout.replace("{ period_s = 10 }", '{ unknown_groups = "worst_case" }'))
    assert "decisions of unknown groups count at their worst" in run("check", path).stdout
    path.write_text(path.read_text().replace("worst_case", "best_case"))
    outcome = run("check", path)
    assert outcome.returncode == 2
    assert "detection.unknown_groups" in outcome.stderr


@pytest.mark.parametrize("content", [b"", b"\n\n", b"{}\n[]\nx\n", encode(track())])
def test_a_sample_without_any_event_ends_with_1(run: Run, tmp_path: Path, content: bytes) -> None:
    outcome = run("check", "loans", "--sample", lines_of(tmp_path / "sample.jsonl", content))
    assert outcome.returncode == 1
    assert outcome.stderr == "No record of the sample is an event of model loans\n"


def test_late_events_and_dropped_fields_of_a_camera_show_up_in_a_sample(run: Run, tmp_path: Path) -> None:
    now_s = time.time()
    leaky = {"gps": {"lat": 1.0, "lon": 2.0}, "plate": CANARY}
    sample = lines_of(
        tmp_path / "sample.jsonl",
        encode(track(ts=iso(now_s)) | leaky),
        encode(track(track_id="2", ts=iso(now_s - 60)) | leaky),
    )
    report = json.loads(run("check", "camera", "--sample", sample, "--json").stdout.splitlines()[1])
    assert (report["n_counted"], report["n_late"]) == (1, 1)
    assert report["dropped"] == {"undeclared": 2, "gps.lat": 2, "gps.lon": 2, "bbox": 2}
    text = run("check", "camera", "--sample", sample).stdout
    assert "  dropped       8 (2 " in text
    assert "  late          1\n" in text


def test_only_so_many_records_are_tried_as_asked_for(run: Run, tmp_path: Path) -> None:
    sample = lines_of(tmp_path / "sample.jsonl", *(now_loan(number) for number in range(50)))
    outcome = run("check", "loans", "--sample", sample, "--records", "7", "--json")
    assert json.loads(outcome.stdout.splitlines()[1])["n_records"] == 7


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_sample_that_cannot_be_read_ends_with_2(run: Run, tmp_path: Path, name: str) -> None:
    outcome = run("check", "loans", "--sample", tmp_path / name)
    assert outcome.returncode == 2
    assert "Cannot read the sample" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_a_file_under_a_policy_of_two_models_needs_the_name_of_one(run: Run, tmp_path: Path) -> None:
    both = run("show", "loans").stdout + run("show", "loanapp").stdout.partition("schema = 1")[2]
    path = tmp_path / "policy.toml"
    path.write_text(both)
    sample = lines_of(tmp_path / "sample.jsonl", now_loan(1))
    unnamed = run("check", path, "--sample", sample)
    assert unnamed.returncode == 2
    assert "--model, one of: loans, loanapp" in unnamed.stderr
    assert run("check", path, "--sample", sample, "--model", "loans").returncode == 0
    assert run("check", path, "--sample", sample, "--model", "x").returncode == 2


def test_a_topic_cannot_be_sampled_without_a_broker(run: Run) -> None:
    outcome = run("check", "loans", "--sample", "topic", "--kafka", "127.0.0.1:1")
    assert outcome.returncode == 2
    assert "No Kafka broker answers at 127.0.0.1:1" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("name", shipped_names())
def test_what_is_shown_is_a_policy_to_start_from(run: Run, name: str) -> None:
    assert parse_policy(run("show", name).stdout) == load_policy(name)
    effective = json.loads(run("show", name, "--json").stdout)
    assert effective["models"][0]["privacy"]["k"] == 10


def test_the_command_is_there_for_a_person_at_a_shell() -> None:
    command = [sys.executable, "-m", "stream_app", "policy", "check", "loanapp", "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(outcome.stdout)["models"] == ["loanapp"]


def test_the_shipped_policies_are_listed(run: Run) -> None:
    assert [line.split()[0] for line in run("list").stdout.splitlines()] == shipped_names()
    assert [json.loads(line)["policy"] for line in run("list", "--json").stdout.splitlines()] == shipped_names()


def test_every_field_is_explained_in_three_ways(run: Run) -> None:
    described = list(describe_fields())
    listed = [json.loads(line) for line in run("fields", "--json").stdout.splitlines()]
    assert [fact["name"] for fact in listed] == [fact.name for fact in described]
    text, markdown = run("fields").stdout, run("fields", "--markdown").stdout
    for fact in described:
        assert f"  {fact.name}  (" in text
        assert f"| `{fact.name}` | " in markdown


def test_a_sample_that_is_a_csv_file_is_an_error_that_names_the_command_for_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(f"id,t\n{CANARY},2\n", "utf-8")
    outcome = run("check", "loans", "--sample", tmp_path / "rows.csv")
    assert outcome.returncode == 2
    assert (
        "has no JSON object in its lines. Of a CSV file, take the output of: fairstream produce csv" in outcome.stderr
    )
    assert CANARY not in outcome.stderr
