"""The columns of the DataFrame of results about outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from fairstream.frames.columns import Column, count, flag, interval, number, ordered, text
from fairstream.frames.result_columns import CLOSING_COLUMNS, WINDOW_COLUMNS
from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.wording import exceeded_outcome_limits, state_words
from stream_app.policy import Rules

_MEASURES = {
    "favorable_outcome_rate": "Good outcomes among favorable decisions.",
    "true_positive_rate": "Favorable decisions among good outcomes.",
    "false_positive_rate": "Favorable decisions among bad outcomes.",
    "equal_opportunity_difference": "True positive rate - that of the reference.",
    "equal_opportunity_ratio": "True positive rate / that of the reference.",
    "false_positive_rate_difference": "False positive rate - that of the reference.",
    "average_odds_difference": "Mean of the two differences.",
    "predictive_parity_difference": "Favorable outcome rate - that of the reference.",
    "failure_rate_difference": "Bad outcomes among favorable decisions - those of the reference.",
}


def _measure_columns(name: str, meaning: str) -> tuple[Column, ...]:
    source = f"group.{name}"
    return (
        number(name, f"{source}.value", meaning),
        *interval(name, source, f"`{name}`"),
        text(f"{name}_reason", f"{source}.reason", "Why it is missing."),
    )


OUTCOME_COLUMNS: tuple[Column, ...] = (
    *WINDOW_COLUMNS,
    count("n", "group.n", "Outcomes that arrived in the window."),
    *(column for name, meaning in _MEASURES.items() for column in _measure_columns(name, meaning)),
    number("calibration_error", "group.calibration_error", "Expected calibration error of the scores, 0 to 1."),
    number("without_outcome_ratio", "group.without_outcome_ratio", "Share of decisions without an outcome; totals."),
    ordered("state", "group.state", State, "Worst state of the tests of this pair; missing where none runs."),
    text("verdict", "verdict", "The state in words: `no alarm`, or that a limit is exceeded and not proven."),
    flag("is_selective", "result.is_selective", "Whether outcomes are known for favorable decisions only."),
    *CLOSING_COLUMNS,
)


def outcome_records(
    results: Iterable[DisclosedOutcomeResult], limits_of: Callable[[str], Rules | None]
) -> Iterator[Mapping[str, Any]]:
    """Yield a record for each group of each result.

    Args:
        results: Disclosed results.
        limits_of: Returns the limits of a model; None where its policy is not known.
    """
    for result in results:
        fields, rules = msgspec.to_builtins(result), limits_of(result.model)
        for group, judged in zip(fields["groups"], result.groups, strict=True):
            verdict = state_words(judged.state, exceeded_outcome_limits(judged, rules)) or None
            yield {"result": fields, "group": group, "verdict": verdict}
