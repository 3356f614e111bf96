"""The examples of ``docs/api.md`` run, one after the other, as a reader would type them."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from tests.support.paths import ROOT

DOC = ROOT.joinpath("docs", "api.md").read_text("utf-8")


def test_the_examples_without_kafka_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    fences = re.findall(r"(<!-- needs Kafka -->\n)?```python\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    blocks = [block for needs_kafka, block in fences if not needs_kafka]
    assert len(blocks) > 8
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for number, block in enumerate(blocks):
            exec(compile(block, f"docs/api.md, example {number}", "exec"), names)  # noqa: S102 - our own examples
    assert "disparate_impact_ratio_upper" in printed.getvalue()
