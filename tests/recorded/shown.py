"""What of the results and alerts may be seen by people, and what a policy makes of a sample of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream_app.pipeline.judge.alerts import decode_alert
from stream_app.pipeline.judge.disclosed import disclose_result
from stream_app.pipeline.judge.disclosed_alert import disclose_alert
from stream_app.pipeline.judge.disclosed_outcomes import disclose_outcomes
from stream_app.pipeline.judge.disclosed_totals import with_sequences
from stream_app.pipeline.judge.outcome_results import decode_any_result, model_of
from stream_app.pipeline.judge.results import TOTAL_WINDOW, Result

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.recorded.plain import Record, Written, plain
from tests.recorded.run import batch_of

_SAMPLE_KEY = RootKey("samplekk", 0, b"s" * 32)


def shown_totals(policy: Policy, told: Mapping[str, Sequence[Written]]) -> Iterator[Any]:
    """Yield the last running totals of each attribute as people see them."""
    results = [decode_any_result(own.value or b"") for own in told[FAIRNESS_RESULTS]]
    for result in {own.key: own for own in results if own.window == TOTAL_WINDOW}.values():
        k = policy.model(model_of(result.model)).privacy.k
        if isinstance(result, Result):
            yield plain(with_sequences(disclose_result(result, k)))
        else:
            yield plain(disclose_outcomes(result, k))


def shown_alerts(policy: Policy, told: Mapping[str, Sequence[Written]]) -> Iterator[Any]:
    """Yield each alert as people see it; the id is the key of its record already."""
    for own in told[FAIRNESS_ALERTS]:
        alert = decode_alert(own.value or b"")
        shown = plain(disclose_alert(alert, policy.model(model_of(alert.model)).privacy.k))
        yield {name: value for name, value in shown.items() if name != "id"}


def samples(policy: Policy, logs: Mapping[tuple[str, int], list[Record]]) -> Iterator[Any]:
    """Yield what each policy makes of the records of a partition."""
    for model in policy.models:
        records = logs[model.topic, 1]
        yield plain(try_sample(model, [batch_of(model.topic, 1, records[0].offset, records)], _SAMPLE_KEY))
