"""Commands that compare approval rates, for a model whose decision is an amount: an error that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import fairstream
from stream_app.cli import app, load_commands
from stream_app.errors import BrokerUnavailableError, ConfigError, FairStreamError

NOWHERE = "127.0.0.1:1"  # a question that reached the broker would say so
ABOUT_RATES = [
    ("replay", "bisect", "--group", "female"),
    ("replay", "search", "--cuts", "0.4:0.6:0.1"),
    ("replay", "export-records", "--from", "2h", "--unsafe-records", "--reason", "case 12", "--out", "{}/out.jsonl"),
    ("mitigate", "--attribute", "gender"),
    ("report", "nyc-ll144", "--from", "1d", "--to", "1h", "--out", "{}/report"),
    ("report", "decision", "--reason", "case 12"),
    ("audit", "decisions", "--reason", "case 12"),
]


def rejection(folder: Path, *arguments: str, policy: str = "rates") -> FairStreamError:
    load_commands()
    known = {"FAIRSTREAM_KAFKA": NOWHERE, "FAIRSTREAM_POLICY": policy, "FAIRSTREAM_STATE": str(folder / "state")}
    given = [argument.replace("{}", str(folder)) for argument in arguments]
    outcome = CliRunner().invoke(app, given, env=known)
    assert isinstance(outcome.exception, FairStreamError), outcome.output
    assert outcome.stdout == ""
    assert list(folder.iterdir()) == []
    return outcome.exception


@pytest.mark.parametrize("command", ABOUT_RATES, ids=" ".join)
@pytest.mark.parametrize("model", [(), ("--model", "rates")], ids=["the only model", "by name"])
def test_a_command_about_rates_says_so_before_it_reads_anything(
    tmp_path: Path, command: tuple[str, ...], model: tuple[str, ...]
) -> None:
    error = rejection(tmp_path, *command, *model)
    assert "The decision of 'rates' is an amount; this command compares approval rates" in str(error)
    assert "replay run, replay compare, replay count" in str(error)


@pytest.mark.parametrize(
    "command",
    [("run",), ("compare", "--set", "threshold.difference=1"), ("count",), ("republish",), ("verify",)],
    ids=str,
)
def test_the_other_replays_go_on_to_the_broker(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "No Kafka broker answers" in str(rejection(tmp_path, "replay", *command))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("run", "--alternative", "0.5"), "--alternative: the decision of rates is an amount"),
        (("compare", "--set", "threshold.dir=0.9"), "is an amount, which has no rates"),
        (("count", "--exclude-below", "0.02"), "amounts have no impact ratio"),
    ],
)
def test_flags_about_rates_are_rejected(tmp_path: Path, command: tuple[str, ...], words: str) -> None:
    assert words in str(rejection(tmp_path, "replay", *command))


@pytest.mark.parametrize("command", [("run",), ("count",), ("verify",)])
def test_counts_are_not_replayed_also_as_the_only_model(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "is counted, not judged" in str(rejection(tmp_path, "replay", *command, policy="camera"))


def test_the_public_api_goes_on_to_the_broker_and_rejects_limits_of_rates() -> None:
    with pytest.raises(BrokerUnavailableError):
        fairstream.replay("rates", kafka=NOWHERE, scenarios={"wide": {"threshold.difference": 1}})
    with pytest.raises(ConfigError, match="is an amount, which has no rates"):
        fairstream.replay("rates", kafka=NOWHERE, scenarios={"wide": {"threshold.gap": 0.1}})
    with pytest.raises(ConfigError, match="counted, not judged"):
        fairstream.replay("camera", kafka=NOWHERE)
