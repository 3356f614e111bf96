"""What a policy may name as the cluster of a decision, and what that means for its cells."""

from __future__ import annotations

from stream_app.policy.labels import BUCKET_LABELS
from stream_app.policy.model import BUCKET_FIELD, ModelPolicy
from stream_app.policy.outcomes import N_OUTCOMES
from stream_app.policy.parts.paths import declared_paths

_SHARED = {"identifier", "segment", "model_version", "keep"}  # what may have the same place as the cluster


def cluster_fault(model: ModelPolicy, cluster: str) -> str:
    """Return what is wrong with the cluster of a model; empty where nothing is."""
    detection, is_decided_only = model.detection, model.score is None and model.outcome is None
    faults = (
        (model.kind != "decisions", f"not allowed for kind {model.kind!r}"),
        (cluster == model.event_id.path, "is the event id, by which each decision would be a cluster of its own"),
        (
            detection.design_effect != 1 and is_decided_only,
            "measures the design effect itself: leave detection.design_effect out",
        ),
        (
            bool(model.proxies),
            "not allowed with proxies: the tests of groups with probabilities need independent decisions",
        ),
        (
            detection.is_stratified,
            "not allowed with detection.is_stratified: a cluster has decisions in several strata",
        ),
        (
            detection.unknown_groups != "excluded",
            "not allowed with detection.unknown_groups = 'worst_case', which needs independent decisions",
        ),
    )
    return next((fault for is_wrong, fault in faults if is_wrong), "") or _fault_of_path(model, cluster)


def _fault_of_path(model: ModelPolicy, cluster: str) -> str:
    declared = declared_paths(model)
    other = sorted({part for path, part in declared if path == cluster} - _SHARED - {"cluster"})
    if other:
        return (
            f"{cluster!r} is declared as {other[0]}; a cluster has a path of its own, or that of an identifier, "
            "segment, model_version or entry of keep"
        )
    taken = [path for path, _ in declared if path == BUCKET_FIELD or path.startswith(f"{BUCKET_FIELD}.")]
    return f"publishes the number of the bucket as {BUCKET_FIELD!r}, but {taken[0]!r} is declared" if taken else ""


def most_parts_of_a_cell(model: ModelPolicy) -> int:
    """Return into how many cells a cell of windows is divided at most: by outcome, or in panes by bucket."""
    by_outcome = 1 if model.outcome is None else N_OUTCOMES
    return max(by_outcome, 1 if model.cluster is None else len(BUCKET_LABELS))
