"""Commands that print, report and export what the worker has read and written."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.support.canary.stage import Stage
from tests.support.paths import ROOT


def run_commands(stage: Stage) -> dict[str, bytes]:
    """Run them, and return what each printed.

    ``policy check --sample`` is not among them: it shows labels that k records have and the policy does not list.
    """
    return {" ".join(words): run(stage, words) for words in _commands(stage)}


def published_counts(stage: Stage) -> list[Any]:
    """Return the published counts of the frames, as the command prints them."""
    words = ["results", "--policy", str(stage.policy_file), "--model", stage.frames, "--all", "--json"]
    return [json.loads(line) for line in run(stage, words, is_alone=True).splitlines()]


def run(stage: Stage, words: list[str], *, is_alone: bool = False) -> bytes:
    """Run one command, and return what it printed: stdout alone, or all of it.

    Raises:
        AssertionError: it failed.
    """
    command = [sys.executable, "-m", "stream_app", *words]
    done = subprocess.run(command, env=stage.environ, capture_output=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, (words, done.stderr[-500:])
    return done.stdout if is_alone else done.stdout + done.stderr


def _commands(stage: Stage) -> list[list[str]]:
    loans = ["--model", stage.loans]
    export = [
        "--from",
        "1d",
        "--to",
        "now",
        "--out",
        f"{stage.folder}/records.jsonl",
        "--unsafe-records",
        "--reason",
        "the search for canaries",
    ]
    return [
        ["audit", "init"],
        ["replay", "run", "--from", "1d", "--from-raw", *loans],
        ["replay", "run", "--from", "1d", "--published", "--unsafe-exact", "--json", *loans],
        ["replay", "export-records", *export, *loans],
        ["results", "--json"],
        [
            "privacy",
            "inspect",
            "--topic",
            f"{stage.camera}-raw",
            "--policy",
            str(stage.policy_file),
            "--model",
            stage.camera,
        ],
        ["audit", "record"],
    ]
