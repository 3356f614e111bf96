"""``fairstream privacy release``: counts of a day, with and without noise, and what they cost."""

from __future__ import annotations

import json
import os
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.errors import ConfigError
from stream_app.policy import SHIPPED
from tests.support.audit_logs import entries_of
from tests.support.command_results import rows


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    create_key_file(key_file_path(tmp_path))
    place = {"site": "market", "zone": "hall", "class": "person"}
    records = [{"track_id": f"T-{n}", "ts": f"2026-03-01T10:0{n % 10}:00Z", **place} for n in range(37)]
    records += [{"track_id": f"T-{n}", "ts": "2026-03-01T10:20:00Z", **place} for n in range(4)]
    records += [{"track_id": "T-1", "ts": "2026-03-02T10:00:00Z", **place}, {"track_id": "T-1", "ts": "x", **place}]
    records += [{"track_id": "T-9", "ts": "2026-03-01T10:00:00Z", **place, "zone": "elsewhere"}]
    path = tmp_path / "tracks.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def run(tracks: Path, *words: str, day: str = "2026-03-01") -> Result:
    words = ("release", str(tracks), "--day", day, "--policy", "camera", "--state-dir", str(tracks.parent), *words)
    return CliRunner().invoke(app, ["privacy", *words], env={"COLUMNS": "80"})


def test_exact_counts_are_marked_and_small_cells_climb_or_stay_hidden(tracks: Path) -> None:
    *cells, summary = rows(run(tracks, "--json"))
    assert [(cell["n"], cell["window_s"], cell["labels"]["zone"]) for cell in cells] == [(37, 900, "hall")]
    assert (summary["noise"], summary["epsilon"], summary["k"]) == ("none", None, 10)
    assert "exact counts, no noise" in run(tracks).stdout


def test_counts_with_noise_are_marked_the_same_when_asked_twice_and_paid_once(tracks: Path) -> None:
    first, second = run(tracks, "--epsilon", "1/2"), run(tracks, "--epsilon", "0.5")
    assert first.exit_code == 0
    assert first.stdout == second.stdout
    assert "counts with noise, epsilon 1/2" in first.stdout
    assert "Left of the budget of this day: 1/2" in " ".join(first.stdout.split())
    summary = rows(run(tracks, "--epsilon", "1/2", "--json"))[-1]
    assert (summary["noise"], summary["scale"], summary["budget_left"]) == ("discrete Laplace", "8", "1/2")
    assert summary["n_bounded"] is None
    assert run(tracks, "--epsilon", "3/4").exit_code == 1
    listed = CliRunner().invoke(app, ["privacy", "budget", "--state-dir", str(tracks.parent)])
    assert listed.stdout == "2026-03-01  camera  epsilon 1/2\n"


def test_the_audit_log_has_each_release_before_it_is_shown_and_no_refused_one(tracks: Path) -> None:
    CliRunner().invoke(app, ["audit", "init", "--state-dir", str(tracks.parent)])
    for _ in range(2):
        assert run(tracks, "--epsilon", "1/2").exit_code == 0
    assert run(tracks, "--epsilon", "3/4").exit_code == 1
    assert run(tracks, day="2026-03-02").exit_code == 0
    first, again, exact = [entry.data for entry in entries_of(tracks.parent, "counts-released")]
    assert first == again
    assert (first["model"], first["day"], first["epsilon"], first["noise"]) == (
        "camera", "2026-03-01", "1/2", "discrete Laplace"
    )  # fmt: skip
    assert (exact["day"], exact["noise"], exact["k"], "epsilon" in exact) == ("2026-03-02", "none", 10, False)
    (tracks.parent / "audit" / "checkpoints.jsonl").chmod(0o644)
    refused = run(tracks, "--epsilon", "1/2")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_nothing_is_shown_when_the_budget_is_spent(tracks: Path) -> None:
    run(tracks, "--epsilon", "1")
    rejected = run(tracks, "--epsilon", "1/100")
    assert rejected.exit_code == 1
    assert rejected.stdout == ""
    assert run(tracks, "--epsilon", "1", day="2026-03-02").exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--epsilon", "0"),
        ("--epsilon", "-1"),
        ("--epsilon", "1e9"),
        ("--epsilon", "nan"),
        ("--k", "4"),
        ("--pooled", "x"),
    ],
)
def test_a_wrong_flag_is_an_error_and_costs_nothing(tracks: Path, words: tuple[str, str]) -> None:
    assert run(tracks, *words).exit_code not in (0, None)
    assert not (tracks.parent / "epsilon-budget.jsonl").exists()


def test_a_day_without_tracks_is_released_like_any_other_with_noise(tracks: Path) -> None:
    """An error would say exactly that nobody was there."""
    assert run(tracks, "--epsilon", "1/2", day="2026-03-05").exit_code == 0


def test_without_a_key_nothing_is_released(tracks: Path) -> None:
    key_file_path(tracks.parent).unlink()
    assert run(tracks, "--epsilon", "1/2").exit_code != 0
    assert not (tracks.parent / "epsilon-budget.jsonl").exists()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *product(["empty", "blank", "pipe", "other labels", "no JSON object"], [(), ("--epsilon", "1/2")]),
        ("other days", ()),
    ],
)
def test_a_file_without_a_track_of_the_day_is_an_error_and_costs_nothing(
    tracks: Path, kind: str, words: tuple[str, ...]
) -> None:
    lines = tracks.read_text("utf-8")
    contents = {
        "empty": "",
        "blank": "\n \n\n",
        "other days": lines.replace("2026-03-01", "2026-03-07"),
        "other labels": lines.replace("hall", "nowhere"),
        "no JSON object": "track_id,ts\nT-1,2026-03-01T10:00:00Z\n",
    }
    tracks.unlink()
    if kind == "pipe":
        os.mkfifo(tracks)
    else:
        tracks.write_text(contents[kind], "utf-8")
    outcome = run(tracks, *words)
    assert isinstance(outcome.exception, ConfigError)
    assert "T-" not in str(outcome.exception)
    assert outcome.stdout == ""
    assert not (tracks.parent / "epsilon-budget.jsonl").exists()


def test_what_workers_publish_with_noise_is_paid_from_the_same_budget_first(tracks: Path, tmp_path: Path) -> None:
    noisy = tmp_path / "noisy.toml"
    publication = '[models.publication]\nmost_cells = 4\nnoise = { epsilon = "3/4" }\n'
    noisy.write_text((SHIPPED / "camera.toml").read_text("utf-8") + publication, "utf-8")
    assert run(tracks, "--policy", str(noisy), "--epsilon", "1/2").exit_code == 1
    assert run(tracks, "--policy", str(noisy)).exit_code == 1, "exact counts beside those with noise"
    outcome = run(tracks, "--policy", str(noisy), "--epsilon", "1/4")
    assert outcome.exit_code == 0
    assert "Left of the budget of this day: 0" in " ".join(outcome.stdout.split())
