"""The live table of the demo, which cannot be scrolled."""

from __future__ import annotations

import pytest

from fairstream.testing import InMemoryPipeline, loan_events
from stream_app.cli.demo.view import DemoView
from stream_app.pipeline.disclosure.shown import disclose_window, newest_revisions
from stream_app.pipeline.records.results import Result


@pytest.fixture(scope="module")
def results() -> list[Result]:
    pipeline = InMemoryPipeline("loans")
    pipeline.send(loan_events(6000, seed=2, drift="0@0,0.9@30s"))
    pipeline.close_windows()
    newest = newest_revisions(pipeline.exact_results(), 1)
    return [result for result in newest if isinstance(result, Result) and result.window == "1m"]


@pytest.mark.parametrize(("width", "has_evidence"), [(60, False), (79, True), (132, True)])
def test_each_group_is_a_line_in_narrow_terminals_too(results: list[Result], width: int, has_evidence: bool) -> None:  # noqa: FBT001
    view = DemoView(InMemoryPipeline("loans").policy.models[0].rules)
    assert "Waiting for the first window" in view.render(width).plain
    for result in results:
        view.show_result(disclose_window(result, 10))
    view.n_intersections = 7
    lines = view.render(width).plain.split("\n")
    assert max(map(len, lines)) <= width
    assert len(lines) <= 24
    assert ("alarm" in "\n".join(lines).replace("no alarm", ""), "log10" in "\n".join(lines)) == (has_evidence,) * 2
    for name in ("female", "male", "asian", "30-44"):
        assert sum(line.startswith(f"{name} ") for line in lines) == 1
    assert lines[-1] == "Intersections of attributes in breach: 7"
