"""The columns of the DataFrame of results about amounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from fairstream.frames.columns import Column, category, count, flag, interval, number, text
from fairstream.frames.result_columns import CLOSING_COLUMNS, TEST_COLUMNS, WINDOW_COLUMNS, summarize_tests
from stream_app.core.cause.decomposition import Driver
from stream_app.core.groups.comparison import Reason
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits, state_words

_QUANTILES = {0.5: "median", 0.9: "quantile_90"}
_NOTHING: Mapping[str, Any] = {"value": None, "difference": None}


def _measured(name: str, source: str, meaning: str) -> tuple[Column, ...]:
    return (number(name, f"{source}.value", meaning), *interval(name, source, f"`{name}`"))


AMOUNT_COLUMNS: tuple[Column, ...] = (
    *WINDOW_COLUMNS,
    count("n", "group.n", "Decisions."),
    *_measured("mean_amount", "group.amounts.mean", "Mean amount."),
    *_measured("difference", "group.amounts.difference", "Mean - mean of the reference."),
    *_measured("ratio", "group.amounts.ratio", "Mean / mean of the reference; missing where amounts may be negative."),
    *_measured("median_amount", "quantiles.median.value", "Median amount, to the width of a bin."),
    *_measured("median_difference", "quantiles.median.difference", "Median - median of the reference."),
    *_measured("quantile_90", "quantiles.quantile_90.value", "Amount below which nine of ten are, likewise."),
    *_measured("quantile_90_difference", "quantiles.quantile_90.difference", "That - the one of the reference."),
    *TEST_COLUMNS,
    flag("is_over", "is_over", "Whether the difference of this window is beyond the limit, by its value alone."),
    flag(
        "is_ratio_over",
        "is_ratio_over",
        "Whether its ratio is beyond the limit, if there is one, likewise.",
    ),
    category("reason", "group.reason", Reason, "Why a value is missing or the group is not judged."),
    category("driver", "group.amounts.cause.driver", Driver, "What drives the difference; `rate` is within segments."),
    number("mix", "group.amounts.cause.mix", "Part of the difference because the groups are in different segments."),
    number("within", "group.amounts.cause.within", "Part of it because amounts differ inside segments."),
    text("sentence", "group.sentence", "The verdict in one sentence, where there is one."),
    *CLOSING_COLUMNS,
    number("share", "group.share", "Of `unknown` and `__other__`: share of the decisions of all groups."),
)


def amount_records(results: Iterable[DisclosedResult]) -> Iterator[Mapping[str, Any]]:
    """Yield a record for each group of each result about amounts."""
    for result in results:
        fields = msgspec.to_builtins(result)
        for group, judged in zip(fields["groups"], result.groups, strict=True):
            amounts = group.setdefault("amounts", None) or {"quantiles": (), "is_over": False}
            quantiles = {_QUANTILES[each["q"]]: each for each in amounts["quantiles"] if each["q"] in _QUANTILES}
            verdict = state_words(judged.state, exceeded_limits(judged, None)) or None
            yield {
                "result": fields,
                "group": group,
                "quantiles": dict.fromkeys(_QUANTILES.values(), _NOTHING) | quantiles,
                "is_over": amounts["is_over"],
                "is_ratio_over": bool(amounts.get("is_ratio_over")),
                "tests": summarize_tests(group) | {"verdict": verdict},
            }
