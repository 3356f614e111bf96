"""Which results and alerts are meant; a name that the policy does not have is an error that lists the valid ones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import msgspec

from stream_app.errors import ConfigError
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.alerts import Alert, AnyAlert
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW, ResultHead
from stream_app.policy import ModelPolicy, Policy


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are selected; outcomes belong to their model.

    Attributes:
        models: Names of models.
        attribute: Name of a protected attribute, or of an intersection; None for all.
        window: Name of a window; None for all.
    """

    models: frozenset[str]
    attribute: str | None = None
    window: str | None = None

    def has_result(self, result: ResultHead) -> bool:
        """Return whether a result is selected."""
        is_of_window = self.window in (None, result.window)
        return self.has_model(result.model) and is_of_window and self.attribute in (None, result.attribute)

    def has_alert(self, record: AnyAlert) -> bool:
        """Return whether an alert is selected; a restart, or a sealed alert, may be about any attribute."""
        is_of_attribute = not isinstance(record, Alert) or self.attribute in (None, record.attribute)
        return self.has_model(record.model) and is_of_attribute

    def has_model(self, name: str) -> bool:
        """Return whether the model of a record is selected."""
        return model_of(name) in self.models


def select(
    policy: Policy, model: str | None = None, attribute: str | None = None, window: str | None = None
) -> Selection:
    """Return what names mean under a policy; the attributes of an intersection may be named in any order.

    Args:
        policy: The policy.
        model: Name of a model; None for all.
        attribute: Name of a protected attribute, or of several joined by ``+``; None for all.
        window: Name of a window, or ``total``; None for all.

    Raises:
        PolicyError: The policy has no such model.
        ConfigError: No selected model has such an attribute or window.

    >>> from stream_app.policy import load_policy
    >>> select(load_policy("loans"), attribute="race+gender").attribute
    'gender+race'
    >>> select(load_policy("loans"), window="1min")
    Traceback (most recent call last):
    stream_app.errors.ConfigError: No window '1min' in the policy. Known: 1m, 5m, 1h, total
    """
    models = [policy.model(model)] if model is not None else list(policy.models)
    windows = [*dict.fromkeys(shown.name for candidate in models for shown in candidate.windows), TOTAL_WINDOW]
    if window is not None and window not in windows:
        raise ConfigError(f"No window {window!r} in the policy", action=f"Known: {', '.join(windows)}")
    return Selection(
        models=frozenset(candidate.name for candidate in models),
        attribute=None if attribute is None else _attribute_named(attribute, models),
        window=window,
    )


def _attribute_named(name: str, models: Iterable[ModelPolicy]) -> str:
    """Return the name of an attribute or intersection as results spell it."""
    known: dict[frozenset[str], str] = {}
    for model in models:
        singles = [attribute.name for attribute in model.attributes]
        for depth in range(1, model.detection.max_depth + 1):
            known |= {frozenset(chosen): CROSS.join(chosen) for chosen in combinations(singles, depth)}
    wanted = frozenset(part.strip() for part in name.split(CROSS))
    if wanted not in known:
        singles = [text for parts, text in known.items() if len(parts) == 1]
        crosses = [text for parts, text in known.items() if len(parts) > 1]
        example = f", and intersections such as {crosses[0]}" if crosses else ""
        raise ConfigError(f"No attribute {name!r} in the policy", action=f"Known: {', '.join(singles)}{example}")
    return known[wanted]
