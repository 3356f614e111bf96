"""Calls of ``fairstream detect`` and what they print; files of counts for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import app

GOLDEN: dict[str, Any] = json.loads(Path("tests/data/detector_golden.json").read_text())
STREAMS = {stream["name"]: stream for stream in GOLDEN["streams"]}
EXAMPLE = Path("docs/examples/counts.csv")


def call(*arguments: str | Path, text: str | bytes | None = None) -> Result:
    """Call the command."""
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
    """Write a file of counts, a pane a line, and return its path."""
    path.write_text("k_a,n_a,k_b,n_b\n" + "".join(f"{','.join(map(str, pane))}\n" for pane in panes))
    return path


def long_csv(path: Path, *spans: tuple[int, dict[str, tuple[int, int]]]) -> Path:
    """Write months from 2024-01 on: for each span a number of months and, by group, decisions and favorable ones."""
    lines, month = ["period,group,n,k"], 0
    for n_months, groups in spans:
        for _ in range(n_months):
            lines += [f"{2024 + month // 12}-{month % 12 + 1:02},{name},{n},{k}" for name, (n, k) in groups.items()]
            month += 1
    path.write_text("\n".join(lines), "utf-8")
    return path
