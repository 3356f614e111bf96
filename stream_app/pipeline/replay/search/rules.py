"""What an alternative decides by, as text: ``0.55``, ``north=0.55,south=0.6``, and cuts as ``0.40:0.70:0.01``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from stream_app.errors import ConfigError
from stream_app.policy import Feature, ModelPolicy, canonical_label

MAX_CUTS: Final = 1000
_MAX_DIGITS = 12


class AlternativeRule(msgspec.Struct, frozen=True):
    """Decisions are favorable where a score reaches a cut.

    Attributes:
        cut: The cut in every segment; None where the logged decisions stand.
        by_segment: Cuts of single segments, instead of ``cut``.
    """

    cut: float | None
    by_segment: dict[str, float] = {}

    @property
    def text(self) -> str:
        """How people write it.

        >>> AlternativeRule(0.55).text, AlternativeRule(None, {"north": 0.5, "south": 0.61}).text
        ('0.55', 'north=0.5,south=0.61')
        """
        if self.cut is not None:
            return f"{self.cut:.12g}"
        return ",".join(f"{segment}={cut:.12g}" for segment, cut in self.by_segment.items())


def parse_cuts(text: str) -> list[float]:
    """Read cuts: ``FIRST:LAST:STEP`` with both ends, or a comma-separated list. Exact decimals, rising.

    Raises:
        ConfigError: it has another form, or there are more than 1,000.

    >>> parse_cuts("0.40:0.70:0.1"), parse_cuts("0.5,0.45")
    ([0.4, 0.5, 0.6, 0.7], [0.45, 0.5])
    """
    if ":" not in text:
        return sorted({float(_decimal(part)) for part in text.split(",")})
    match [_decimal(part) for part in text.split(":")]:
        case [first, last, step] if first <= last and step > 0:
            pass
        case _:
            raise ConfigError(f"Invalid --cuts {text!r}", action="Give FIRST:LAST:STEP, such as 0.40:0.70:0.01")
    n = int((last - first) / step) + 1
    if n > MAX_CUTS:
        raise ConfigError(f"--cuts {text!r} are {n:,} cuts, at most {MAX_CUTS:,}", action="Give a larger step")
    return [float(first + number * step) for number in range(n)]


def parse_rule(text: str, model: ModelPolicy) -> AlternativeRule:
    """Read the text of a rule.

    Raises:
        ConfigError: it has another form, or the policy has no such segment.
    """
    if "=" not in text:
        return AlternativeRule(float(_decimal(text)))
    values = {} if model.segment is None else {canonical_label(value): value for value in model.segment.values}
    cuts: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        value = values.get(canonical_label(name))
        if value is None or value in cuts:
            raise ConfigError(
                f"Invalid alternative {text!r}: {name.strip()!r} is no segment, or is given twice",
                action=f"Segments of the policy: {', '.join(values.values()) or 'none'}",
            )
        cuts[value] = float(_decimal(number))
    return AlternativeRule(None, cuts)


def score_field(model: ModelPolicy, path: str | None) -> Feature:
    """Return the number by which alternatives decide: the score of the policy, or one of its features.

    Args:
        model: The policy of the model.
        path: Path or name of the number; None for the score.

    Raises:
        ConfigError: the policy declares no such number.
    """
    numbers: Mapping[str, Feature] = {
        key: feature
        for feature in (*model.features, *(() if model.score is None else (model.score.as_feature,)))
        for key in (feature.name, feature.path)
    }
    if path is None and model.score is None:
        raise ConfigError(
            f"The policy of {model.name} declares no score", action="Name the number to decide by with --score PATH"
        )
    feature = numbers.get("score" if path is None else path)
    if feature is None:
        known = ", ".join(dict.fromkeys(feature.path for feature in numbers.values())) or "none"
        raise ConfigError(f"The policy of {model.name} declares no number {path!r}", action=f"Declared: {known}")
    return feature


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** _MAX_DIGITS:
        raise ConfigError(f"{text!r} is not a cut", action="Give a number, such as 0.55")
    return number
