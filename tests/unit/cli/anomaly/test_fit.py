"""``fairstream anomaly fit``: from a file of records to a policy that a worker accepts."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from typer.testing import CliRunner, Result

from stream_app.cli import app
from stream_app.edges.anomalies.scorers import Scorers
from stream_app.policy import SHIPPED, parse_policy
from tests.support.lanes.ingest_lane import encode, iso, loan


def fit(*words: str, folder: Path) -> Result:
    return CliRunner().invoke(app, ["anomaly", "fit", *words], env={"COLUMNS": "80", "FAIRSTREAM_STATE": str(folder)})


def sample_file(folder: Path, n: int = 400) -> Path:
    rng = np.random.default_rng(1)
    scores = np.clip(rng.normal(680, 40, n), 300, 850)
    rows = (
        encode(loan(application_id=f"SECRET-{number}", ts=iso(time.time()), credit_score=float(score)))
        for number, score in enumerate(scores)
    )
    path = folder / "sample.jsonl"
    path.write_bytes(b"\n".join([*rows, b"{not a record"]))
    return path


def test_the_printed_section_makes_a_policy_that_a_worker_accepts(tmp_path: Path) -> None:
    out, sample = tmp_path / "loans.anomalies", sample_file(tmp_path)
    result = fit(str(out), "--policy", "loans", "--sample", str(sample), folder=tmp_path)
    assert result.exit_code == 0, result.output
    first, _, section = result.stdout.partition("\n")
    assert first == "Fitted 50 trees to 400 events of loans. Add to the policy:"
    policy = parse_policy((SHIPPED / "loans.toml").read_text("utf-8") + section)
    scorer = Scorers(str(tmp_path)).of(policy.models[0])
    assert scorer is not None
    ordinary, odd = scorer.score(np.array([[680.0], [310.0]])).tolist()
    anomalies = policy.models[0].anomalies
    assert anomalies is not None
    assert ordinary < 0.5 < anomalies.threshold <= odd
    assert b"SECRET" not in out.read_bytes()
    again = fit(str(out), "--policy", "loans", "--sample", str(sample), folder=tmp_path)
    assert "exists already" in str(again.exception)


def test_facts_for_programs_and_every_setting(tmp_path: Path) -> None:
    words = ["--policy", "loans", "--sample", str(sample_file(tmp_path)), "--trees", "10", "--seed", "9", "--json"]
    result = fit(str(tmp_path / "a"), *words, "--records", "150", "--features", "credit_score", folder=tmp_path)
    facts: dict[str, Any] = json.loads(result.stdout)
    names = ("features", "n_events", "n_trees", "seed")
    assert [facts[name] for name in names] == [["credit_score"], 150, 10, 9]
    assert len(facts["digest"]) == 64


def test_what_cannot_be_fitted_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    out, sample = tmp_path / "a", sample_file(tmp_path, 20)
    for words, said in (
        (["--policy", "loans", "--sample", str(sample)], "20 events are too few"),
        (["--policy", "loans", "--sample", str(sample), "--features", "age"], "'age' is not a feature of loans"),
        (["--policy", "loans", "--sample", str(tmp_path / "none")], "Cannot read the sample"),
        (["--policy", "loans", "--model", "x", "--sample", str(sample)], "No model 'x'"),
    ):
        result = fit(str(out), *words, folder=tmp_path)
        assert result.exit_code != 0
        assert said in str(result.exception or result.output)
    assert not out.exists()
