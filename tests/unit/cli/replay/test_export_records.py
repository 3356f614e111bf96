"""``fairstream replay export-records`` is denied: each condition by itself, before a broker is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.errors import ConfigError, FairStreamError
from stream_app.policy import SHIPPED

NOWHERE = "127.0.0.1:1"  # a question that reached the broker would say so
ALL = ("--from", "2h", "--to", "1h", "--unsafe-records", "--reason", "case 12")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", "export-records", *arguments])


def rejection(folder: Path, *arguments: str, permitted: str = "raw", name: str = "loans") -> str:
    text = (SHIPPED / f"{name}.toml").read_text("utf-8") + f'\n[models.privacy]\nexportable_records = "{permitted}"\n'
    (folder / "policy.toml").write_text(text, "utf-8")
    common = ["--kafka", NOWHERE, "--policy", str(folder / "policy.toml"), "--state-dir", str(folder / "state")]
    outcome = invoke(*common, *arguments)
    assert isinstance(outcome.exception, FairStreamError)
    assert outcome.stdout == ""
    assert {path.name for path in folder.iterdir()} == {"policy.toml"}
    return str(outcome.exception)


def out(folder: Path) -> tuple[str, str]:
    return ("--out", str(folder / "out.jsonl"))


def without(flag: str) -> list[str]:
    place = ALL.index(flag)
    return [*ALL[:place], *ALL[place + (1 if flag == "--unsafe-records" else 2) :]]


def test_with_all_that_is_asked_the_broker_is_what_is_missing(tmp_path: Path) -> None:
    assert "No Kafka broker answers" in rejection(tmp_path, *ALL, *out(tmp_path))


@pytest.mark.parametrize(
    ("permitted", "arguments", "words"),
    [
        ("none", (), 'exportable_records = "pseudonymized"'),
        ("none", ("--from-raw", "--unsafe-raw"), 'exportable_records = "raw"'),
        ("pseudonymized", ("--from-raw", "--unsafe-raw"), 'exportable_records = "raw"'),
    ],
)
def test_without_a_permission_of_the_policy_no_flag_helps(
    tmp_path: Path, permitted: str, arguments: tuple[str, ...], words: str
) -> None:
    assert words in rejection(tmp_path, *ALL, *out(tmp_path), *arguments, permitted=permitted)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--unsafe-records", "--unsafe-records"),
        ("--reason", "Give --reason"),
        ("--from", "Give --from and --to"),
        ("--to", "Give --from and --to"),
    ],
)
def test_without_a_flag_nothing_leaves(tmp_path: Path, flag: str, words: str) -> None:
    assert words in rejection(tmp_path, *without(flag), *out(tmp_path))


def test_raw_records_need_a_flag_of_their_own(tmp_path: Path) -> None:
    assert "--unsafe-raw" in rejection(tmp_path, *ALL, *out(tmp_path), "--from-raw")


def test_records_are_never_printed(tmp_path: Path) -> None:
    assert "Give --out FILE" in rejection(tmp_path, *ALL)


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 501, "a\x1b[2Jb"])
def test_a_reason_is_one_line_that_can_be_read(tmp_path: Path, reason: str) -> None:
    assert "reason" in rejection(tmp_path, *without("--reason"), *out(tmp_path), "--reason", reason)


def test_an_empty_time_range_is_rejected(tmp_path: Path) -> None:
    said = rejection(tmp_path, *without("--to"), *out(tmp_path), "--to", "3h")
    assert said == str(ConfigError("The time range ends before it starts", action="Give --from before --to"))


def test_a_model_that_publishes_nothing_is_not_read_raw_instead(tmp_path: Path) -> None:
    text = (SHIPPED / "loans.toml").read_text("utf-8").replace('output_topic = "loan-decisions"\n', "")
    policy = tmp_path / "policy.toml"
    policy.write_text(text + '\n[models.privacy]\nexportable_records = "raw"\n', "utf-8")
    flags = ["--kafka", NOWHERE, "--policy", str(policy), *ALL, *out(tmp_path)]
    assert "publishes no events" in str(invoke(*flags).exception)


def test_camera_records_are_exported_under_no_policy(tmp_path: Path) -> None:
    said = rejection(tmp_path, *ALL, *out(tmp_path), permitted="pseudonymized", name="camera")
    assert "models[0].privacy.exportable_records: must be 'none' for kind 'counts'" in said
