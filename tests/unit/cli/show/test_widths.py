"""Results and alerts of generated streams, in narrow and wide terminals and in pipes.

Every value is there whole: no column without width, no word cut, no line that is longer than the terminal is wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from fairstream.testing import InMemoryPipeline, credit_events, loan_events
from stream_app.cli.output import facts
from stream_app.cli.show.alerts import print_alerts
from stream_app.cli.show.results import print_results
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.shown import disclose_any, newest_revisions
from stream_app.pipeline.disclosure.wording import limits_by_model
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.topics import FAIRNESS_ALERTS

WIDTHS = (60, 80, 132)


@pytest.fixture(scope="module", params=["loans", "credit"])
def pipeline(request: pytest.FixtureRequest) -> InMemoryPipeline:
    """Return a stream that turned unfair."""
    running = InMemoryPipeline(str(request.param))
    if request.param == "loans":
        running.send(loan_events(12_000, seed=5, drift="0@0,0.9@60s"))
    else:
        running.send(credit_events(6_000, seed=5, label_drift="0@0,0.9@30s"))
    running.close_windows()
    return running


@pytest.fixture(params=[(width, is_terminal) for width in WIDTHS for is_terminal in (True, False)], ids=str)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set the width of stdout, a terminal or a pipe, and return it."""
    columns, is_terminal = request.param
    monkeypatch.setattr(facts, "_width", columns)
    monkeypatch.setattr(facts, "_force_terminal", is_terminal)
    return int(columns)


def read(capsys: pytest.CaptureFixture[str], width: int) -> str:
    """Return what was printed, on one line; check that no line is too long."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).split("\n")
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    return " ".join(" ".join(lines).split())


def test_every_value_of_every_listed_group_is_there(
    pipeline: InMemoryPipeline, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    disclosed = [disclose_any(result, 10) for result in newest_revisions(pipeline.exact_results(), 1)]
    print_results(disclosed, limits_by_model(pipeline.policy), as_json=False, is_complete=True)
    text = read(capsys, width)
    words = set(re.split(r"[ ;,]+", text.replace(",", "")))
    values = list(values_of(disclosed))
    assert len(values) > 100
    assert not [value for value in values if value not in words]
    sentences = [getattr(group, "sentence", None) or "" for result in disclosed for group in result.groups]
    assert all(sentence in text for sentence in sentences)
    assert "…" not in text


def values_of(results: list[DisclosedResult | DisclosedOutcomeResult]) -> Iterator[str]:
    """Yield each word and number that must be in the text."""
    for result in results:
        for group in result.groups:
            yield from group.group.split()
            if group.n is not None:
                yield str(group.n)
            if isinstance(group, DisclosedGroup):
                for value, form in ((group.rate, ".4f"), (group.disparate_impact_ratio, ".4f"), (group.gap, "+.4f")):
                    if value is not None:
                        yield format(value, form)
            elif group.favorable_outcome_rate is not None and group.favorable_outcome_rate.value is not None:
                yield f"{group.favorable_outcome_rate.value:.4f}"


def test_every_alert_is_there_with_its_sentence_and_its_id(
    pipeline: InMemoryPipeline, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts: list[DisclosedAlert] = [
        disclose_alert(decode_alert(record.value), 10) for record in pipeline.log.read(FAIRNESS_ALERTS) if record.value
    ]
    print_alerts(alerts, as_json=False)
    text = read(capsys, width)
    assert len(alerts) > 0
    for alert in alerts:
        for part in (alert.id, alert.model, f"{alert.attribute}: {alert.group} vs. {alert.reference}"):
            assert part in text
        assert (alert.sentence or "Numbers suppressed: fewer than k decisions.") in text
        assert f"10^{alert.log10_e:.1f}" in text
