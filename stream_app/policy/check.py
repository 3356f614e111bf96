"""What the types of a policy cannot say: how its parts must fit together.

Each error names the path of the field, and states what is wrong and what is allowed.
"""

from __future__ import annotations

import json
from itertools import chain, combinations, pairwise
from math import prod
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stream_app.policy.fields import EventTime, Feature, Outcome, OutcomeTime, Score
from stream_app.policy.hours.allocations import allocation_faults
from stream_app.policy.labels import CLUSTER, DECISION, OUTCOME, SCORE
from stream_app.policy.model import ModelPolicy, Policy
from stream_app.policy.outcomes import outcome_records_of
from stream_app.policy.parts.amounts import amount_faults
from stream_app.policy.parts.decision import Decision, listed_decision
from stream_app.policy.parts.paths import declared_paths
from stream_app.policy.values.anomalies import anomaly_fault
from stream_app.policy.values.auditor_keys import sealing_fault
from stream_app.policy.values.cameras import camera_faults, publication_faults
from stream_app.policy.values.clusters import cluster_fault, most_parts_of_a_cell
from stream_app.policy.values.headers import faults_of_places
from stream_app.policy.values.label_checks import (
    check_aliases,
    check_bands,
    check_groups,
    check_labels,
    listed,
    reject,
    reject_duplicates,
)
from stream_app.policy.values.labeled import Attribute

MAX_CELLS = 1_000_000  # of one model: codes of panes and cells stay exact in 64 bits, and open panes fit in memory
MAX_PAIRS = 2_000  # tested by one judge: their state is written whenever a pane closes
MAX_FIXED_POINT = 2**20  # sums of squares of a run of events stay exact in a float


def check_policy(policy: Policy) -> None:
    """Reject a policy whose parts do not fit together.

    Raises:
        PolicyError: with the path of the field, what is wrong and what is allowed.
    """
    reject_duplicates([model.name for model in policy.models], "models[...].name")
    raw = [model.topic for model in policy.models]
    reject_duplicates(raw, "models[...].topic")
    raw += [model.outcome.topic for model in policy.models if model.outcome is not None]
    reject_duplicates(raw, "models[...].outcome.topic")
    # An output topic that is a raw topic would feed the worker with its own records endlessly.
    written = [model.output_topic for model in policy.models if model.output_topic is not None]
    reject_duplicates([*raw, *written], "models[...].output_topic")
    for number, model in enumerate(policy.models):
        _check_model(model, f"models[{number}]")


def _check_model(model: ModelPolicy, where: str) -> None:
    _check_fields(model, where)
    _check_decision(model, where)
    for number, attribute in enumerate(model.attributes):
        _check_attribute(attribute, model.kind, f"{where}.attributes[{number}]")
        check_aliases(attribute.groups, attribute.aliases, model.missing, f"{where}.attributes[{number}]")
    _check_proxies(model, where)
    if model.segment is not None:
        check_labels(model.segment.values, f"{where}.segment.values")
        check_aliases(model.segment.values, model.segment.aliases, model.missing, f"{where}.segment")
    for number, feature in enumerate(model.features):
        _check_feature(feature, f"{where}.features[{number}]")
    _check_time(model.event_time, f"{where}.event_time")
    if model.score is not None:
        _check_score(model.score, model.kind, f"{where}.score")
    if model.outcome is not None:
        _check_outcome(model, model.outcome, f"{where}.outcome")
    for number, window in enumerate(model.windows):
        if window.size_s % model.event_time.pane_s:
            what = f"{window.size_s} is not a multiple of pane_s = {model.event_time.pane_s}"
            reject(what, f"{where}.windows[{number}].size_s")
    _check_names(model, where)
    n_cells = prod(n_labels(model)) * most_parts_of_a_cell(model)
    if n_cells > MAX_CELLS:
        what = (
            f"the labels have {n_cells:,} combinations, allowed are {MAX_CELLS:,}; declare fewer attributes or groups"
        )
        reject(what + (", or no cluster" if model.cluster else ""), f"{where}.attributes")
    _check_judging(model, where)


def _check_judging(model: ModelPolicy, where: str) -> None:
    detection = model.detection
    if model.model_version is not None and model.kind != "decisions":
        reject(f"not allowed for kind {model.kind!r}", f"{where}.model_version")
    if model.kind != "decisions" and model.privacy.exportable_records != "none":
        reject(f"must be 'none' for kind {model.kind!r}", f"{where}.privacy.exportable_records")
    if model.sealing is not None and (fault := sealing_fault(model.kind, model.sealing.auditors)):
        reject(fault, f"{where}.sealing")
    if model.anomalies is not None:
        numbers = [feature.name for feature in model.features] + ([SCORE] if model.score else [])
        field, fault = anomaly_fault(model.anomalies, numbers, [path for path, _ in declared_paths(model)])
        if fault:
            reject(fault, f"{where}.anomalies{field}")
    if model.cluster is not None and (fault := cluster_fault(model, model.cluster)):
        reject(fault, f"{where}.cluster")
    if detection.is_stratified and model.segment is None:
        reject("needs a segment, whose values are the strata", f"{where}.detection.is_stratified")
    if (period_s := detection.period_s) is not None and period_s % (pane_s := model.event_time.pane_s):
        reject(f"{period_s} is not a multiple of pane_s = {pane_s}", f"{where}.detection.period_s")
    if model.is_tested and (n := n_pairs(model)) > MAX_PAIRS:
        what = f"makes {n:,} groups and intersections, allowed are {MAX_PAIRS:,}; lower it or declare fewer groups"
        reject(what, f"{where}.detection.max_depth")


def n_pairs(model: ModelPolicy) -> int:
    """Return how many groups and intersections of groups are tested, each against its reference."""
    sizes = [len(attribute.groups) for attribute in model.attributes]
    depths = range(1, model.detection.max_depth + 1)
    return sum(prod(chosen) - 1 for depth in depths for chosen in combinations(sizes, depth))


def n_labels(model: ModelPolicy) -> list[int]:
    """Return the number of labels of each dimension: attributes, segment, decision or bins of amounts, score.

    Attributes and segment have two labels more than they declare: ``unknown`` and ``__other__``.
    """
    declared = [attribute.groups for attribute in model.attributes]
    declared += [model.segment.values] if model.segment is not None else []
    n_declared = [len(labels) + 2 for labels in declared]
    n_declared += [] if model.decision is None else [model.decision.n_labels]
    return n_declared + ([len(model.score.bins)] if model.score is not None else [])


def _check_fields(model: ModelPolicy, where: str) -> None:
    if not model.event_id.is_required:
        what = "must be true: records without an event id would be duplicates of each other"
        reject(what, f"{where}.event_id.is_required")
    faults = (camera_faults, publication_faults, allocation_faults, amount_faults)
    for field, fault in chain.from_iterable(faults_of(model) for faults_of in faults):
        reject(fault, f"{where}.{field}")
    _check_paths(model, where)


def _check_paths(model: ModelPolicy, where: str) -> None:
    if model.schema_subject is not None and model.format == "json":
        reject("needs format = 'avro', 'protobuf' or 'json-schema'", f"{where}.schema_subject")
    if model.drop and model.unknown_fields == "reject":
        reject("needs unknown_fields = 'drop'", f"{where}.drop")
    paths = [path for path, _ in declared_paths(model)]
    reject_duplicates(paths, where, what="path ")
    for path, fault in faults_of_places(model):
        reject(f"path {path!r}: {fault}", where)
    for outer in paths:
        for inner in paths:
            if inner.startswith(outer + "."):
                reject(f"path {inner!r} is inside path {outer!r}, which is a single value", where)


def _check_decision(model: ModelPolicy, where: str) -> None:
    decision = model.decision
    if model.is_tested != (decision is not None):
        need = "required" if decision is None else "not allowed"
        reject(f"{need} for kind {model.kind!r}", f"{where}.decision")
    if (labels := listed_decision(decision)) is not None:
        if not labels.unfavorable:
            reject("expected a list of at least 1 entries: all other values", f"{where}.decision.unfavorable")
        _check_values(labels, f"{where}.decision")


def _check_values(labels: Decision | Outcome, where: str) -> None:
    favorable = labels.favorable if isinstance(labels.favorable, tuple) else (labels.favorable,)
    values = (*favorable, *labels.unfavorable)
    if len({type(value) for value in values}) > 1:
        reject("favorable and unfavorable must be values of one type", where)
    reject_duplicates([json.dumps(value) for value in values], where)


def _check_score(score: Score, kind: str, where: str) -> None:
    if kind != "decisions":
        reject(f"not allowed for kind {kind!r}", where)
    if max(abs(score.minimum), abs(score.maximum)) > MAX_FIXED_POINT:
        reject(f"|score| must be at most {MAX_FIXED_POINT:,}, so that sums stay exact", where)
    bounds = (score.minimum, *score.edges, score.maximum)
    if any(not low < high for low, high in pairwise(bounds)):
        reject("must be rising edges between minimum and maximum", f"{where}.edges")
    reject_duplicates(score.bins, f"{where}.edges")
    if score.cut is not None and score.cut not in score.edges:
        reject(f"{score.cut:g} is not one of the edges ({listed(score.edges)})", f"{where}.cut")


def _check_outcome(model: ModelPolicy, outcome: Outcome, where: str) -> None:
    if model.kind != "decisions":
        reject(f"not allowed for kind {model.kind!r}", where)
    _check_values(outcome, where)
    _check_time(outcome.event_time, f"{where}.event_time")
    _check_paths(outcome_records_of(model), where)


def _check_time(time: EventTime | OutcomeTime, where: str) -> None:
    if time.time_zone is None:
        return
    if time.format != "iso8601":
        reject("needs format = 'iso8601'; numbers since 1970 have no zone", f"{where}.time_zone")
    try:
        ZoneInfo(time.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reject(f"unknown time zone {time.time_zone!r}; expected one such as 'Europe/Berlin'", f"{where}.time_zone")


def _check_attribute(attribute: Attribute, kind: str, where: str) -> None:
    check_bands(attribute, where)
    if not attribute.groups:
        reject("needs groups, or the edges of bands", where)
    if attribute.reference is None and kind != "counts":
        reject(f"a reference group is required, one of: {listed(attribute.groups)}", f"{where}.reference")
    check_groups(attribute.groups, attribute.reference, where)


def _check_proxies(model: ModelPolicy, where: str) -> None:
    if not model.attributes and not (model.proxies and model.score is None and model.outcome is None):
        reject("needs an attribute, or proxies without a score or outcome", f"{where}.attributes")
    if model.proxies and model.kind != "decisions":
        reject(f"not allowed for kind {model.kind!r}", f"{where}.proxies")
    if model.proxies and model.detection.unknown_groups != "excluded":
        reject("not allowed with proxies, whose groups are never unknown", f"{where}.detection.unknown_groups")
    for number, proxy in enumerate(model.proxies):
        check_groups(tuple(proxy.groups), proxy.reference, f"{where}.proxies[{number}]")


def _check_feature(feature: Feature, where: str) -> None:
    if not feature.minimum < feature.maximum:
        reject("minimum must be below maximum", where)
    if max(abs(feature.minimum), abs(feature.maximum)) * feature.scale > MAX_FIXED_POINT:
        reject(f"|value| * scale must be at most {MAX_FIXED_POINT:,}, so that sums stay exact", f"{where}.scale")


def _check_names(model: ModelPolicy, where: str) -> None:
    dimensions = [attribute.name for attribute in model.attributes] + [proxy.name for proxy in model.proxies]
    dimensions += [model.segment.name] if model.segment is not None else []
    parts = {DECISION: model.decision, SCORE: model.score, OUTCOME: model.outcome, CLUSTER: model.cluster}
    reserved = [name for name, part in parts.items() if part]
    reject_duplicates(dimensions, f"{where}.attributes[...].name", reserved=reserved)
    features = [feature.name for feature in model.features]
    reserved = [feature.name for feature in model.counted_features[len(model.features) :]]  # of score and amount, too
    reject_duplicates(features, f"{where}.features[...].name", reserved=reserved)
    reject_duplicates([window.name for window in model.windows], f"{where}.windows[...].name", reserved=["total"])
