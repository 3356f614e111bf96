"""``fairstream produce`` without a broker: dry runs, wrong flags, and what goes to stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.policy import SHIPPED

POLICY = """
schema = 1
[[models]]
name = "mine"
topic = "mine-raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [{ name = "sex", path = "person.sex", groups = ["f", "m"], reference = "m" }]
"""


def run(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, in a process of its own."""
    command = [sys.executable, "-m", "stream_app", "produce", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ, check=False)


def test_a_dry_run_prints_the_same_records_for_the_same_seed_and_start() -> None:
    flags = ("--dry-run", "--count", "50", "--start", "2026-11-23T16:00:00Z", "--seed", "7")
    first, again = run("loans", *flags), run("loans", *flags)
    assert first.returncode == 0
    assert first.stdout == again.stdout
    assert len([json.loads(line) for line in first.stdout.splitlines()]) == 50


def versions(*arguments: str | Path) -> list[str | None]:
    """Return what a dry run of 4 events, one a second, says of the model."""
    flags = ("--dry-run", "--count", "4", "--rate", "0", "--event-rate", "1", "--start", "2026-11-23T16:00:00Z")
    outcome = run("loans", *flags, *arguments)
    assert outcome.returncode == 0, outcome.stderr
    return [json.loads(line).get("model_version") for line in outcome.stdout.splitlines()]


def test_each_stage_of_a_drift_is_a_release_unless_one_version_is_named(tmp_path: Path) -> None:
    assert versions("--drift", "0@0,0.8@2s") == ["1", "1", "2", "2"]
    assert versions("--drift", "0@0,0.8@2s", "--model-version", "7") == ["7"] * 4
    older = tmp_path / "older.toml"
    older.write_text((SHIPPED / "loans.toml").read_text("utf-8").replace('model_version = "model_version"\n', ""))
    assert versions("--policy", older) == [None] * 4


@pytest.mark.parametrize(("stream", "n"), [("loanapp", 1989), ("reference", 6000)])
def test_a_dry_run_of_a_data_set_prints_all_of_it(stream: str, n: int) -> None:
    outcome = run(stream, "--dry-run")
    assert outcome.returncode == 0
    assert len(outcome.stdout.splitlines()) == n


def test_an_endless_dry_run_ends_when_its_reader_has_seen_enough() -> None:
    command = f"{sys.executable} -m stream_app produce camera --dry-run | head -n 3"
    outcome = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert len(outcome.stdout.splitlines()) == 3
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_csv_rows_that_cannot_be_mapped_are_reported_on_stderr_and_by_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "rows.csv").write_text("id,Sex,verdict\n1,f,granted\n2,m,maybe-secret\n3,m,denied\n")
    flags: list[str | Path] = [
        "--policy",
        tmp_path / "policy.toml",
        "--map",
        "person.sex=Sex",
        "--map",
        "ok=verdict",
        "--spacing",
        "1",
    ]
    words = ["--favorable", "granted", "--unfavorable", "denied", "--dry-run"]
    outcome = run("csv", tmp_path / "rows.csv", *flags, *words)
    assert [json.loads(line)["ok"] for line in outcome.stdout.splitlines()] == [True, False]
    assert outcome.stderr.splitlines() == [
        "line 3: ok: neither the favorable nor an unfavorable value",
        "File: 4 lines (1 before the rows), 3 rows: 2 printed, 1 rejected",
    ]
    assert outcome.returncode == 1


def test_equal_rejections_are_one_line_and_only_so_many_reasons_are_listed(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY)
    wide = "".join(f"{',' * n}x\n" for n in range(5, 40))
    (tmp_path / "rows.csv").write_text("id,sex,ok,t\n" + "1,f,,\n" * 100 + wide)
    outcome = run("csv", tmp_path / "rows.csv", "--policy", tmp_path / "policy.toml", "--dry-run")
    lines = outcome.stderr.splitlines()
    assert lines[:2] == ["lines 2, 3, 4, 5, 6 and 95 more: t: blank", "line 102: 6 cells instead of 4"]
    assert lines[20:] == [
        "16 further reasons are only counted",
        "File: 136 lines (1 before the rows), 135 rows: 0 printed, 135 rejected",
    ]
    assert outcome.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("loans", "--drift", "much"), "--drift, entry 1"),
        (("loans", "--start", "now"), "--start is not a valid ISO 8601 time"),
        (("loans", "--rate", "0"), "ahead of the clock"),
        (("loans", "--policy", "nowhere"), "Policy 'nowhere' not found"),
        (("loans", "--model", "other"), "has no model 'other'"),
        (("loanapp", "--policy", "loans", "--dry-run"), "do not fit model 'loans'"),
        (("camera", "--policy", "cameras", "--dry-run"), "camera-onvif-xml-raw expects onvif-xml, not such records"),
        (("cameras", "--policy", "camera", "--dry-run"), "expects records in JSON, and of no camera, not onvif-json"),
        (("cameras", "--shape", "axis-v1", "--model", "frigate"), "camera-frigate-raw expects frigate, not axis-v1"),
        (("csv", "missing.csv"), "Cannot read missing.csv"),
        (("loans", "--kafka", "nonsense"), "Invalid --kafka"),
        (("loans", "--count", "1", "--kafka", "127.0.0.1:1"), "No Kafka broker answers at 127.0.0.1:1"),
    ],
)
def test_an_error_is_one_line_with_exit_code_2(arguments: tuple[str, ...], fault: str) -> None:
    outcome = run(*arguments)
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    assert fault in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize("shape", ["onvif-xml", "frigate"])
def test_the_frames_of_cameras_are_printed_in_the_chosen_shape(shape: str) -> None:
    outcome = run("cameras", "--shape", shape, "--leaky", "--dry-run", "--count", "3")
    assert outcome.returncode == 0, outcome.stderr
    assert [line.startswith("<?xml") for line in outcome.stdout.splitlines()] == [shape == "onvif-xml"] * 3
    assert "FS LEAK" in outcome.stdout or "Leaky Lea" in outcome.stdout


def test_a_shape_that_there_is_not_is_an_error() -> None:
    outcome = run("cameras", "--shape", "vhs")
    assert outcome.returncode == 2
    assert "choose one of onvif-xml, onvif-json" in outcome.stderr


def test_the_policy_of_the_environment_is_used_and_checked() -> None:
    outcome = run("camera", "--dry-run", "--count", "1", FAIRSTREAM_POLICY="loanapp")
    assert outcome.returncode == 2
    assert "Try --policy camera" in outcome.stderr
