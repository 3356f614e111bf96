"""The gauges of decisions that are amounts, in their unit: of a group in one window, and of an open breach."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, DisclosedAmounts
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.amounts.values import Measured

_MEDIAN, _P90 = 0.5, 0.9
_Read = Callable[[DisclosedAmounts], Measured | None]


class AmountValue(NamedTuple):
    """A gauge of one group in one window.

    Attributes:
        name: Its name, without the prefix.
        help: What it says.
        read: Returns its value of a group; None where there is none.
        is_crossed: Whether it is exported of intersections, too.
    """

    name: str
    help: str
    read: Callable[[DisclosedGroup], float | None]
    is_crossed: bool


def mean_breach_values(alert: DisclosedAlert, amounts: DisclosedAlertAmounts) -> dict[str, float | None]:
    """Return the numbers of a breach that is about means, by the names of ``OF_BREACHES`` and of its cases."""
    return {
        "mean_amount": amounts.mean,
        "reference_mean_amount": amounts.mean_reference,
        "mean_difference_amount": amounts.difference.value,
        "mean_difference_amount_lower": amounts.difference.lower,
        "mean_difference_amount_upper": amounts.difference.upper,
        "mean_ratio": amounts.ratio.value if isinstance(amounts.ratio, Measured) else None,
        "decisions": alert.n,
        "reference_decisions": alert.n_reference,
    }


def _value(name: str, what: str, read: _Read, *, is_crossed: bool = False) -> AmountValue:
    help_text = f"{what[0].upper()}{what[1:]}, last closed window."
    return AmountValue(f"{name}_amount", help_text, _part(read, "value"), is_crossed)


def _interval(name: str, what: str, read: _Read, *, is_crossed: bool = False) -> tuple[AmountValue, ...]:
    """Return a value and both ends of its interval."""
    lower, upper = (f"{end} end of the 95% interval of the {what}." for end in ("Lower", "Upper"))
    return (
        _value(name, what, read, is_crossed=is_crossed),
        AmountValue(f"{name}_amount_lower", lower, _part(read, "lower"), is_crossed),
        AmountValue(f"{name}_amount_upper", upper, _part(read, "upper"), is_crossed),
    )


def _part(read: _Read, field: str) -> Callable[[DisclosedGroup], float | None]:
    def find(group: DisclosedGroup) -> float | None:
        return getattr(read(group.amounts), field, None) if isinstance(group.amounts, DisclosedAmounts) else None

    return find


def _quantile(q: float) -> _Read:
    return lambda amounts: next((each.value for each in amounts.quantiles if each.q == q), None)


def _difference(q: float) -> _Read:
    return lambda amounts: next((each.difference for each in amounts.quantiles if each.q == q), None)


_OF_REFERENCE = "less that of the reference"
OF_GROUPS = (
    *_interval("mean", "mean amount", lambda amounts: amounts.mean),
    *_interval(
        "mean_difference",
        f"mean amount of a group {_OF_REFERENCE}",
        lambda amounts: amounts.difference,
        is_crossed=True,
    ),
    AmountValue(
        "mean_ratio",
        "Mean amount of a group divided by that of the reference, last closed window.",
        _part(lambda amounts: amounts.ratio, "value"),
        is_crossed=True,
    ),
    _value("p50", "median amount", _quantile(_MEDIAN)),
    *_interval("p50_difference", f"median amount of a group {_OF_REFERENCE}", _difference(_MEDIAN)),
    _value("p90", "amount that one in ten decisions exceeds", _quantile(_P90)),
    *_interval("p90_difference", f"amount that one in ten decisions exceeds {_OF_REFERENCE}", _difference(_P90)),
)
OF_BREACHES = {
    "mean_amount": "Mean amount of the group from the onset to the alarm.",
    "reference_mean_amount": "Mean amount of the reference group from the onset to the alarm.",
    "mean_difference_amount": "Mean amount of the group less that of the reference, from the onset to the alarm.",
    "mean_difference_amount_lower": "Lower end of its 95% interval.",
    "mean_difference_amount_upper": "Upper end of its 95% interval.",
    "mean_ratio": "Mean amount of the group divided by that of the reference, from the onset to the alarm, if limited.",
}
