"""An alert as people may see it: no number about fewer than k decisions."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, disclose_alert_amounts
from stream_app.pipeline.disclosure.causes import DisclosedCause, disclose_cause
from stream_app.pipeline.disclosure.rules import fields_of, is_small
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.amounts.values import AlertAmounts
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import Offsets, ProxyValues

_NUMBERS = ("n", "n_reference", "rate", "disparate_impact_ratio", "gap", "sentence")


class DisclosedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of ``Alert``; None where they would reveal something about fewer than ``k`` decisions.

    Attributes:
        id: Identifies the alert.
        is_hidden: Whether numbers, cause and sentence were left out.
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


def disclose_alert(alert: Alert, k: int) -> DisclosedAlert:
    """Hide the numbers of an alert about fewer than ``k`` decisions of either group; ``k`` = 0 hides none."""
    is_hidden = is_small(alert.n, alert.n_reference, k)
    fields: dict[str, Any] = fields_of(alert, DisclosedAlert, without=("id", "cause", "is_hidden", "amounts"))
    if is_hidden:
        fields |= dict.fromkeys(_NUMBERS) | {"proxy": msgspec.UNSET}
    cause = None if is_hidden or alert.cause is None else disclose_cause(alert.cause, k)
    amounts: DisclosedAlertAmounts | msgspec.UnsetType = msgspec.UNSET
    if isinstance(alert.amounts, AlertAmounts) and not is_hidden:
        amounts = disclose_alert_amounts(alert.amounts, k)
    return DisclosedAlert(id=alert.id, cause=cause, is_hidden=is_hidden, amounts=amounts, **fields)
