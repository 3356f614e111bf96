"""What a policy of hours of areas must be like: which numbers and names its records have."""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.policy.model import ModelPolicy

HOURS, POPULATION, RISK = "hours", "population", "risk"  # names of the features that are judged


def allocation_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what does not fit a policy of hours of areas, by the field of the policy."""
    if model.kind != "allocations":
        return
    if model.segment is None:
        yield "segment", "needed for kind 'allocations': it is the area"
    numbers = {feature.name: feature for feature in model.features}
    for name in (HOURS, POPULATION):
        if name not in numbers:
            yield "features", f"kind 'allocations' needs a feature named {name!r}"
        elif not numbers[name].is_required:
            yield "features", f"the feature {name!r} must be required"
    for name in (HOURS, POPULATION, RISK):
        if name in numbers and numbers[name].minimum < 0:
            yield "features", f"the feature {name!r} must have a minimum of at least 0"
