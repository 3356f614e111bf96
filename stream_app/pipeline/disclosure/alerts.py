"""An alert as people may see it: no number about fewer than k decisions.

Where exact counts could be subtracted from windows that people see, they see rounded ones: numbers of cases rounded
down, rates in steps of at least k people, and of the cause parts in the same steps.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stream_app.core.privacy.rounding import rate_step, round_down, round_to
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, disclose_alert_amounts
from stream_app.pipeline.disclosure.causes import DisclosedCause, disclose_cause, rounded_cause
from stream_app.pipeline.disclosure.rules import fields_of, is_small
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind, PairTest
from stream_app.pipeline.records.results import Offsets, ProxyValues

_NUMBERS = ("n", "n_reference", "rate", "disparate_impact_ratio", "gap", "sentence")


class DisclosedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of ``Alert``; None where they would reveal something about fewer than ``k`` decisions.

    Attributes:
        id: Identifies the alert.
        is_hidden: Whether numbers, cause and sentence were left out.
        is_rounded: Whether numbers are rounded, because exact ones beside the windows that are shown could say
            something about fewer than k people.
    """

    id: str
    model: str
    attribute: str
    group: str
    reference: str
    test: PairTest
    change: Literal["breach", "recovery"]
    at_s: int
    onset_s: int
    onset_earliest_s: int | None
    onset_latest_s: int | None
    log10_e: float
    log10_threshold: float
    start_s: int
    end_s: int
    n: int | None
    n_reference: int | None
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    cause: DisclosedCause | None
    sentence: str | None
    is_hidden: bool
    offsets: Offsets
    policy_hash: str
    code_version: str
    unknown_groups: Literal["excluded", "worst_case"] = "excluded"
    proxy: ProxyValues | msgspec.UnsetType = msgspec.UNSET
    amounts: DisclosedAlertAmounts | msgspec.UnsetType = msgspec.UNSET
    is_rounded: bool = False

    @property
    def reference_rate(self) -> float | None:
        """Rate of the reference."""
        return None if self.rate is None or self.gap is None else round(self.rate - self.gap, 9)


def disclose_alert(alert: Alert, k: int) -> DisclosedAlert:
    """Hide the numbers of an alert about fewer than ``k`` decisions of either group; ``k`` = 0 hides none."""
    rounded = _rounded_values(alert, k) if k and alert.is_rounded is True else {}
    is_hidden = is_small(alert.n, alert.n_reference, k) or rounded is None
    fields: dict[str, Any] = fields_of(
        alert, DisclosedAlert, without=("id", "cause", "is_hidden", "amounts", "is_rounded")
    )
    if is_hidden:
        fields |= dict.fromkeys(_NUMBERS) | {"proxy": msgspec.UNSET}
    cause = None if is_hidden or alert.cause is None else disclose_cause(alert.cause, k)
    amounts: DisclosedAlertAmounts | msgspec.UnsetType = msgspec.UNSET
    if isinstance(alert.amounts, AlertAmounts) and not is_hidden:
        amounts = disclose_alert_amounts(alert.amounts, k)
    fields |= {"cause": cause, "amounts": amounts}
    if rounded and not is_hidden:
        fields |= rounded | _rounded_parts(alert, cause, amounts, k)
    return DisclosedAlert(id=alert.id, is_hidden=is_hidden, is_rounded=bool(rounded) and not is_hidden, **fields)


def _rounded_values(alert: Alert, k: int) -> dict[str, Any] | None:
    """Return the numbers of an alert, rounded; None where that leaves no difference."""
    n, n_reference = round_down(alert.n), round_down(alert.n_reference)
    values: dict[str, Any] = {"n": n, "n_reference": n_reference}
    if isinstance(alert.amounts, AlertAmounts):
        if alert.amounts.difference.value is None:
            return None
        words = f"means that differ by about {_rounded_amount(alert.amounts.difference.value):g}"
        of_means = _rounded_ratio(alert.amounts.ratio)
        if KIND_OF_TEST[alert.test] is LimitKind.MEAN_RATIO and isinstance(of_means, Measured):
            words = f"means whose ratio is about {of_means.value:g}"
        return values | {"sentence": _sentence(alert, words, n, n_reference)}
    step = rate_step(min(alert.n, alert.n_reference), k)
    if step is None:
        return None
    rate = round_to(alert.favorable / alert.n, step)
    reference = round_to(alert.favorable_reference / alert.n_reference, step)
    if rate == reference:
        return None
    ratio = round(rate / reference, 2) if reference and alert.disparate_impact_ratio is not None else None
    points = f"{100 * (rate - reference):+.0f} percentage points"
    words = f"rates of about {rate:.0%} and {reference:.0%}, rate difference {points}"
    return values | {
        "rate": rate,
        "disparate_impact_ratio": ratio,
        "gap": round(rate - reference, 9),
        "sentence": _sentence(alert, words, n, n_reference),
    }


def _rounded_parts(
    alert: Alert,
    cause: DisclosedCause | None,
    amounts: DisclosedAlertAmounts | msgspec.UnsetType,
    k: int,
) -> dict[str, Any]:
    """Return cause and amounts of an alert, rounded."""
    if isinstance(amounts, DisclosedAlertAmounts) and amounts.difference.value is not None:
        difference = Measured(_rounded_amount(amounts.difference.value))
        replaced = {"mean": None, "mean_reference": None, "difference": difference, "cause": None}
        ratio = _rounded_ratio(amounts.ratio)
        return {"amounts": msgspec.structs.replace(amounts, **replaced, ratio=ratio)}
    step = rate_step(min(alert.n, alert.n_reference), k)
    return {"cause": None if cause is None or step is None else rounded_cause(cause, step)}


def _rounded_amount(value: float) -> float:
    return float(f"{value:.1g}")


def _rounded_ratio(ratio: Measured | msgspec.UnsetType) -> Measured | msgspec.UnsetType:
    """Return a ratio of means whose distance from 1 is rounded like a difference, without its interval."""
    if not isinstance(ratio, Measured) or ratio.value is None:
        return msgspec.UNSET
    return Measured(round(1 + _rounded_amount(ratio.value - 1), 9))


def _sentence(alert: Alert, words: str, n: int, n_reference: int) -> str:
    return (
        f"{alert.group} vs. {alert.reference}: {words}, n at least {n:,} and {n_reference:,}; rounded, because exact"
        " numbers beside the windows shown could reveal fewer people than may be shown; statistical, not causal."
    )
