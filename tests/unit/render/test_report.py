"""The report contains no suppressed value, loads nothing, and escapes every label."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec

from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.rows import csv_of, rows_of
from stream_app.pipeline.records.results import Result
from stream_app.pipeline.replay.ranges.manifest import Manifest, ScenarioSummary, digest_of
from stream_app.pipeline.replay.ranges.similar_cases import Similarity
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.render.report.page import write_report
from tests.support.fake_sources import MODEL, FakeSource, batch_of, new_judge, results_of

HOSTILE = "=<script>alert(1)</script>"
UNSEEN = "\u202e\u200b\x9b"


def results() -> list[Result]:
    judge, source = new_judge(), FakeSource(0, 1)
    events = [(number, group, number % 3 == group) for number in range(180) for group in (0, 1)]
    list(judge.step(batch_of(source.read([*events, (400, 0, True)], is_idle=True, max_cells=9))))
    return results_of(judge.flush(1.0, is_caught_up=True).outputs)


def manifest_of(scenarios: list[ScenarioResults]) -> Manifest:
    summaries = tuple(
        ScenarioSummary(name=scenario.name, policy_hash="p" * 16, k=10, n_results=len(scenario.results), n_alerts=0,
               digest=digest_of(scenario.results)) for scenario in scenarios
    )  # fmt: skip
    return Manifest(schema=1, run="r1", made_at="2026-01-01T00:00:00+00:00", code_version="1", model="m", topic="raw",
                    source="raw", from_s=None, to_s=None, begins={0: 0}, ends={0: 361}, n_records=361, n_counted=361,
                    scenarios=summaries)  # fmt: skip


def report(k: int = 10, label: str = "f") -> str:
    labelled = [
        msgspec.structs.replace(
            result,
            groups=tuple(msgspec.structs.replace(g, group=label if g.group == "f" else g.group) for g in result.groups),
        )
        for result in results()
    ]
    scenarios = [
        ScenarioResults("original", [disclose_result(result, k) for result in labelled], []),
        ScenarioResults("threshold.dir=0.9", [], []),
    ]
    return write_report(manifest_of(scenarios), scenarios, MODEL)


class Tags(HTMLParser):
    """Checks that every element is closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of the base
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of the base
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_tag_is_closed_and_nothing_is_loaded() -> None:
    text = report()
    tags = Tags(text)
    assert tags.open == []
    assert "svg" in tags.seen
    assert not tags.seen & {"script", "link", "img", "iframe", "object"}
    assert not re.findall(r"(?:src|href|url)\s*[=(]", text)
    assert "default-src 'none'" in text


def test_a_label_stays_text() -> None:
    text = report(label=HOSTILE + UNSEEN)
    assert not set(UNSEEN) & set(text)
    assert "\\u202e\\u200b\\x9b" in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_group_that_is_hidden_has_no_number_in_the_report() -> None:
    hidden, shown = report(k=1000), report(k=0)
    assert len(hidden) < len(shown)
    totals = [result for result in results() if result.window == "total"]
    assert f">{totals[-1].groups[0].n:,}<" in shown
    assert f">{totals[-1].groups[0].n:,}<" not in hidden


def test_cells_of_csv_are_inert() -> None:
    result = disclose_result(results()[0], 0)
    named = msgspec.structs.replace(result, attribute=HOSTILE)
    assert f"'{HOSTILE}" in csv_of(rows_of([named]))
    assert f",{HOSTILE}" not in csv_of(rows_of([named]))


def test_individual_consistency_is_shown_with_its_records_or_with_a_reason() -> None:
    similarity = Similarity(
        value=0.87654, n=1900, n_complete=2100, n_neighbors=5, features=("income", "<years>"), reason=None
    )
    scenarios = [ScenarioResults("original", [], [])]
    text = write_report(msgspec.structs.replace(manifest_of(scenarios), consistency=similarity), scenarios, MODEL)
    assert all(
        words in text for words in ("Individual consistency", "0.8765", "1,900", "2,100", "income, &lt;years&gt;")
    )
    none = msgspec.structs.replace(similarity, value=None, n=None, n_complete=None, reason="fewer_than_k")
    text = write_report(msgspec.structs.replace(manifest_of(scenarios), consistency=none), scenarios, MODEL)
    assert "none: fewer than k" in text
    assert "Individual consistency" not in report()
