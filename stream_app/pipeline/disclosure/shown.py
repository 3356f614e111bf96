"""What readers get of the results topic: the newest revision of each result, with disclosure control applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult, disclose_outcomes
from stream_app.pipeline.disclosure.results import DisclosedResult, disclose_result
from stream_app.pipeline.disclosure.totals import with_sequences
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import TOTAL_WINDOW, Result
from stream_app.policy import Policy, Privacy

AnyRecord = Result | OutcomeResult | Alert
AnyResult = TypeVar("AnyResult", bound=Result | OutcomeResult)


def smallest_groups(policy: Policy) -> Callable[[str], int]:
    """Return the function that gives ``privacy.k`` of a model, or of its outcomes.

    A model that the policy does not name gets the largest k of those that it does, and at least the default.
    """
    k_by_model = {model.name: model.privacy.k for model in policy.models}
    default_k = max([*k_by_model.values(), Privacy().k])
    return lambda name: k_by_model.get(model_of(name), default_k)


def smallest_groups_of_records(policy: Policy) -> Callable[[AnyRecord], int]:
    """Return the function that gives the k of a record: never less than that under which it was judged.

    A record that was judged under another policy, and does not say its k, has at least the default. So a reader cannot
    bring a policy with a smaller k.
    """
    k_of, hashes = smallest_groups(policy), {model.name: model.hash() for model in policy.models}

    def smallest(record: AnyRecord) -> int:
        if isinstance(record, Result | OutcomeResult) and isinstance(record.k, int):
            return max(k_of(record.model), record.k)
        is_same = record.policy_hash == hashes.get(model_of(record.model))
        return k_of(record.model) if is_same else max(k_of(record.model), Privacy().k)

    return smallest


def newest_revisions(results: Iterable[AnyResult], n_windows: int = 0) -> list[AnyResult]:
    """Keep the last record of each key, then the newest windows.

    Args:
        results: In the order of the log.
        n_windows: Windows to keep of each model, attribute and size; 0 keeps all.
    """
    by_key = {result.key: result for result in results}
    by_series: dict[tuple[str, str, str], list[AnyResult]] = {}
    for result in by_key.values():
        by_series.setdefault((result.model, result.attribute, result.window), []).append(result)
    return [
        result
        for series in by_series.values()
        for result in sorted(series, key=lambda result: result.end_s)[-n_windows or None :]
    ]


def disclose_window(result: Result, k: int) -> DisclosedResult:
    """Apply disclosure control to a result about decisions or amounts.

    Running totals of decisions get confidence sequences as bounds. Those of amounts keep their intervals for one look.
    """
    disclosed = disclose_result(result, k)
    is_sequence = result.window == TOTAL_WINDOW and not isinstance(result, AmountResult)
    return with_sequences(disclosed) if is_sequence else disclosed


def disclose_any(result: Result | OutcomeResult, k: int) -> DisclosedResult | DisclosedOutcomeResult:
    """Apply disclosure control to a result about decisions or about outcomes."""
    return disclose_window(result, k) if isinstance(result, Result) else disclose_outcomes(result, k)
