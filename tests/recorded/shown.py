"""Results and alerts after disclosure control, and the effect of a policy on a sample of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.outcomes import disclose_outcomes
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.totals import with_sequences
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.outcome_results import decode_any_result
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.recorded.plain import Record, WrittenRecord, plain
from tests.recorded.run import batch_of

_SAMPLE_KEY = RootKey("samplekk", 0, b"s" * 32)


def shown_totals(policy: Policy, written: Mapping[str, Sequence[WrittenRecord]]) -> Iterator[Any]:
    """Yield the last running totals of each attribute after disclosure control."""
    results = [decode_any_result(record.value or b"") for record in written[FAIRNESS_RESULTS]]
    for result in {result.key: result for result in results if result.window == TOTAL_WINDOW}.values():
        k = policy.model(model_of(result.model)).privacy.k
        if isinstance(result, Result):
            yield plain(with_sequences(disclose_result(result, k)))
        else:
            yield plain(disclose_outcomes(result, k))


def shown_alerts(policy: Policy, written: Mapping[str, Sequence[WrittenRecord]]) -> Iterator[Any]:
    """Yield each alert after disclosure control, without its id, which is the key of its record."""
    for record in written[FAIRNESS_ALERTS]:
        alert = decode_alert(record.value or b"")
        shown = plain(disclose_alert(alert, policy.model(model_of(alert.model)).privacy.k))
        yield {name: value for name, value in shown.items() if name != "id"}


def samples(policy: Policy, logs: Mapping[tuple[str, int], list[Record]]) -> Iterator[Any]:
    """Yield the result of trying each model on the records of one partition."""
    for model in policy.models:
        records = logs[model.topic, 1]
        yield plain(try_sample(model, [batch_of(model.topic, 1, records[0].offset, records)], _SAMPLE_KEY))
