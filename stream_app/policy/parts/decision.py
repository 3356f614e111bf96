"""The decision of a policy: one of a few values, or an amount such as a price, a rate or a limit."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from stream_app.policy.fields import Feature
from stream_app.policy.labels import DECISION
from stream_app.policy.types import JsonPath, PolicyPart, Scalar, Values

LOW: Final = "low"  # small amounts are good for the person
HIGH: Final = "high"
_N_LABELS: Final = 2  # favorable and unfavorable


class Decision(PolicyPart, frozen=True, kw_only=True):
    """The decision that is monitored.

    Attributes:
        path: Its place in the JSON.
        kind: ``label`` for one of the values that are listed here, such as approved and denied; ``amount`` for a number
            that is decided, such as a price, a rate or a limit. Amounts have no approval rate: their means and
            quantiles are compared between groups (``docs/how-to/amounts.md``).
        favorable: The value that is good for the person: true, 1, "approved", ...; or a list of such values. Of an
            amount ``low`` or ``high``: which amounts are good for the person.
        unfavorable: All other values that may occur, of the same type; any further value is a dead letter (``value``).
            1.0 is 1; texts must be as they are written here. For ``label``, where it is required.
        minimum: Smallest valid amount; a smaller one is a dead letter (``range``). For ``amount``, where it is
            required.
        maximum: Greatest valid amount; a greater one is a dead letter (``range``). Likewise. Sums of amounts are exact
            in steps of a 2**19th of the range; the narrower it is, the sooner a difference of means is detected.
        bins: Bins of equal width from minimum to maximum, in which amounts are counted for their quantiles; for
            ``amount``.
    """

    path: JsonPath
    kind: Literal["label", "amount"] = "label"
    favorable: Scalar | Values
    unfavorable: Annotated[tuple[Scalar, ...], msgspec.Meta(extra_json_schema={"minItems": 1})] = ()
    minimum: float | None = None
    maximum: float | None = None
    bins: Literal[4, 8, 16, 32, 64, 128, 256] = 32

    @property
    def favorable_values(self) -> tuple[Scalar, ...]:
        """All favorable values."""
        return self.favorable if isinstance(self.favorable, tuple) else (self.favorable,)

    @property
    def is_amount(self) -> bool:
        """Whether it is a number."""
        return self.kind == "amount"

    @property
    def name(self) -> str:
        """What an amount is called: the last key of its place in the JSON.

        >>> Decision(path="offer.rate", kind="amount", favorable="low", minimum=0, maximum=36).name
        'rate'
        """
        return self.path.rsplit(".", 1)[-1]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and greatest valid amount; 0 where they are not declared."""
        return self.minimum or 0.0, self.maximum or 0.0

    @property
    def n_labels(self) -> int:
        """By how many values decisions are counted: two labels, or the bins of an amount."""
        return self.bins if self.is_amount else _N_LABELS

    @property
    def as_features(self) -> tuple[Feature, ...]:
        """The sum that is kept of an amount, in steps of a 2**19th of the range; none for labels.

        >>> [rate] = Decision(path="rate", kind="amount", favorable="low", minimum=3, maximum=36).as_features
        >>> rate.name, rate.path, rate.minimum, rate.maximum
        ('decision', 'rate', 3, 36)
        """
        if not self.is_amount:
            return ()
        low, high = self.range
        return (Feature(name=DECISION, path=self.path, minimum=low, maximum=high),)


def listed_decision(decision: Decision | None) -> Decision | None:
    """Return a decision that is one of listed values; None for an amount, and where there is none."""
    return None if decision is None or decision.is_amount else decision
