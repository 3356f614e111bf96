"""What a replay reads: the model, the source topic and the time range that the flags name."""

from __future__ import annotations

from collections.abc import Collection

from stream_app.cli.flags.selection import ReplaySource
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, Policy

COMPARED_KINDS = ("decisions", "amounts")  # of the models that a replay judges again: under rates, or under means


def select_model(policy: Policy, name: str | None, *, kinds: Collection[str] = ("decisions",)) -> ModelPolicy:
    """Return the model of a name; without a name the only one that is judged.

    Args:
        policy: The policy.
        name: Name of the model; None for the only one.
        kinds: Kinds of models that can be replayed in this way.

    Raises:
        ConfigError: There are several, or the model is not judged in that way.
    """
    judged = [model for model in policy.models if model.kind in kinds]
    if name is None and len(judged) == 1:
        return judged[0]
    if name is None and len(policy.models) == 1:
        name = policy.models[0].name
    if name is None:
        raise ConfigError(
            f"The policy judges {len(judged)} models",
            action="Choose one with --model: " + ", ".join(model.name for model in judged),
        )
    model = policy.model(name)
    if model.kind == "counts":
        raise ConfigError(f"Model {name!r} is counted, not judged: there are no verdicts to replay")
    if model.kind == "amounts" and model.kind not in kinds:
        raise ConfigError(
            f"The decision of {name!r} is an amount; this command compares approval rates",
            action="For means and quantiles: fairstream results, replay run, replay compare, replay count",
        )
    if model.kind not in kinds:
        raise ConfigError(
            f"Model {name!r} has no decisions to replay",
            action="Its results about hours can be verified: fairstream replay verify",
        )
    return model


def select_source(model: ModelPolicy, flags: ReplaySource) -> SourceChoice:
    """Return the topic to read: raw, or published if the flags say so and the model publishes events."""
    is_raw = flags.from_raw or model.output_topic is None
    return SourceChoice("raw" if is_raw else "published", flags.source_topic)


def select_time_range(from_: str | None, to: str | None, now_s: float) -> TimeRange:
    """Return the range of event time of ``--from`` and ``--to``; an end that is not given is open."""
    return TimeRange(
        float("-inf") if from_ is None else parse_moment(from_, now_s),
        float("inf") if to is None else parse_moment(to, now_s),
    )


def window_range(model: ModelPolicy, name: str | None, end_s: int) -> TimeRange:
    """Return the range of one window of the policy.

    Raises:
        ConfigError: The policy has no such window, or none that ends at this time.
    """
    sizes = {window.name: window.size_s for window in model.windows}
    size_s = sizes.get(name or model.windows[0].name)
    if size_s is None or end_s % size_s:
        raise ConfigError("No such window ends at this time", action=f"Windows: {', '.join(sizes)}, aligned to UTC")
    return TimeRange(end_s - size_s, end_s)
