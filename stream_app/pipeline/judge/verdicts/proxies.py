"""Groups that are known by probabilities: one result for each proxy, and alerts that say how little is certain."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from stream_app import __version__
from stream_app.core.cause.sentence import describe_difference, describe_onset
from stream_app.core.fairness.proxy import NOTHING_KNOWN, GroupEstimate, PairEstimate, ValueRange
from stream_app.core.groups.comparison import PlainRule, Reason, State, worst_of
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.observations import Alarm, ObservedProxy
from stream_app.pipeline.judge.verdicts.alerts import OnsetCounts, PairObservation, Provenance, make_alert
from stream_app.pipeline.judge.verdicts.rows import undeclared_row
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import DECISION, FAVORABLE
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import Evidence, state_under
from stream_app.pipeline.records.results import SCHEMA, Bounds, GroupResult, ProxyValues, Result
from stream_app.policy import UNKNOWN, ModelPolicy

CAVEAT = (
    "estimated from probabilities, nobody's group is known: harm that differs among people with the same "
    "probabilities looks smaller than it is"
)


def judge_proxies(
    model: ModelPolicy,
    layout: CellLayout,
    cells: Mapping[int, Sequence[int]],
    observed: Sequence[ObservedProxy],
    context: WindowContext,
) -> list[Result]:
    """Return one result for each proxy in a window.

    Args:
        model: Its policy.
        layout: Layout of the cells.
        cells: Vectors by code.
        observed: The proxies in this window, from ``ProxyMonitor.observe``.
        context: What is known of the window beside its cells.
    """
    if not observed:
        return []
    everybody = _count(layout, cells)
    return [_result(model, of_proxy, everybody, context) for of_proxy in observed]


def proxy_alert(
    model: ModelPolicy,
    alarm: Alarm,
    pair: Subgroup,
    estimates: tuple[GroupEstimate, GroupEstimate, PairEstimate],
    onset_counts: OnsetCounts,
    provenance: Provenance,
) -> Alert:
    """Describe an alarm or a recovery about a group that is known by probabilities.

    Args:
        model: The policy.
        alarm: What changed.
        pair: About whom.
        estimates: What is known of the group, of its reference, and of both, since the onset.
        onset_counts: The time range of the estimates.
        provenance: By what the alert can be reproduced.
    """
    group, reference, compared = estimates
    ends_s = alarm.onset_earliest_s, alarm.onset_latest_s
    onset = describe_onset(alarm.onset_s, ends_s, is_over=not alarm.is_breach)
    sentence = _describe(model, pair, estimates, onset)
    [attribute], [label], [other] = pair.attributes, pair.labels, pair.reference
    observation = PairObservation(attribute, label, other, _rounded(group), _rounded(reference), None, sentence)
    alert = make_alert(model.name, alarm, observation, onset_counts, provenance)
    return msgspec.structs.replace(
        alert,
        rate=group.rate,
        disparate_impact_ratio=compared.ratio,
        gap=compared.gap,
        proxy=_proxy_values(group, compared),
    )


def _result(model: ModelPolicy, observed: ObservedProxy, everybody: GroupCount, context: WindowContext) -> Result:
    rows = list(_rows(model, observed))
    n, favorable = (
        max(total - sum(counted), 0)
        for total, counted in (
            (everybody.n, (row.n for row in rows)),
            (everybody.favorable, (row.favorable for row in rows)),
        )
    )
    if n:
        reference = next(row for row in rows if row.group == observed.proxy.reference)
        unknown = GroupCount(n, min(favorable, n))
        n_all = n + sum(row.n for row in rows)
        rows.append(undeclared_row((UNKNOWN,), unknown, GroupCount(reference.n, reference.favorable), n_all))
    span = context.span
    return Result(
        schema=SCHEMA,
        model=model.name,
        attribute=observed.proxy.name,
        window=span.window,
        size_s=span.end_s - span.start_s,
        start_s=span.start_s,
        end_s=span.end_s,
        revision=context.revision,
        reference=observed.proxy.reference,
        n=sum(row.n for row in rows),
        state=worst_of(row.state for row in rows),
        groups=tuple(rows),
        offsets=context.offsets,
        policy_hash=context.policy_hash,
        code_version=__version__,
    )


def _rows(model: ModelPolicy, observed: ObservedProxy) -> Iterator[GroupResult]:
    labels = list(observed.proxy.groups)
    reference = observed.groups[labels.index(observed.proxy.reference)]
    for label, group, pair, evidence in zip(labels, observed.groups, observed.pairs, observed.evidence, strict=True):
        yield _row(model, label, (group, reference, pair), evidence, reference_label=observed.proxy.reference)


def _row(
    model: ModelPolicy,
    label: str,
    estimates: tuple[GroupEstimate, GroupEstimate, PairEstimate | None],
    evidence: tuple[Evidence, ...],
    *,
    reference_label: str,
) -> GroupResult:
    group, reference, pair = estimates
    compared = pair or NOTHING_KNOWN
    rules = () if pair is None else _broken_rules(model, group, reference, pair)
    state = state_under(evidence)
    if rules and model.detection.plain_rules:
        state = worst_of([state, State.BREACH])
    count = _rounded(group)
    row = GroupResult(
        group=label,
        labels=(label,),
        n=count.n,
        favorable=count.favorable,
        rate=group.rate,
        disparate_impact_ratio=compared.ratio,
        gap=compared.gap,
        rate_bounds=_bounds(group.rate_interval),
        ratio_bounds=_bounds(compared.ratio_interval),
        gap_bounds=_bounds(compared.gap_interval),
        reason=Reason.REFERENCE if pair is None else _reason(model, group, reference),
        state=state,
        rules=rules,
        evidence=evidence,
        shortfall=None if pair is None else _shortfall(model, group, reference),
        proxy=_proxy_values(group, compared),
    )
    if pair is None or (state not in (State.WARNING, State.BREACH) and not rules):
        return row
    onsets = [
        (test.onset_s, (test.onset_earliest_s, test.onset_latest_s))
        for test in evidence
        if test.state is State.BREACH and test.onset_s is not None
    ]
    onset = describe_onset(*min(onsets)) if onsets else ""
    about = Subgroup(("",), (label,), (reference_label,))
    return msgspec.structs.replace(row, sentence=_describe(model, about, (group, reference, pair), onset))


def _broken_rules(
    model: ModelPolicy, group: GroupEstimate, reference: GroupEstimate, pair: PairEstimate
) -> tuple[PlainRule, ...]:
    """Return the plain rules that the estimates break; none about too few."""
    if min(group.n, reference.n) < model.rules.min_n or pair.gap is None:
        return ()
    broken = []
    if pair.ratio is None:
        broken.append(PlainRule.DISPARATE_IMPACT_UNDEFINED)
    elif pair.ratio < model.rules.min_disparate_impact_ratio:
        broken.append(PlainRule.DISPARATE_IMPACT_RATIO)
    if abs(pair.gap) > model.rules.max_gap:
        broken.append(PlainRule.GAP)
    return tuple(broken)


def _reason(model: ModelPolicy, group: GroupEstimate, reference: GroupEstimate) -> Reason | None:
    if not group.n:
        return Reason.NO_DECISIONS
    if not reference.n:
        return Reason.REFERENCE_EMPTY
    if not reference.favorable:
        return Reason.REFERENCE_RATE_ZERO
    if min(group.n, reference.n) < model.rules.min_n:
        return Reason.BELOW_MIN_N
    return None


def _shortfall(model: ModelPolicy, group: GroupEstimate, reference: GroupEstimate) -> int | None:
    """Return the expected favorable decisions that the group lacks to meet the ratio rule, rounded up."""
    if reference.rate is None:
        return None
    needed = model.rules.min_disparate_impact_ratio * reference.rate * group.n
    return max(0, math.ceil(needed - group.favorable))


def _describe(
    model: ModelPolicy, pair: Subgroup, estimates: tuple[GroupEstimate, GroupEstimate, PairEstimate], onset: str
) -> str:
    """Describe a pair in one sentence; no number about fewer than k expected decisions."""
    (group, reference, compared), [label], [other] = estimates, pair.labels, pair.reference
    n, n_reference = round(group.n), round(reference.n)
    rates = group.rate, reference.rate
    if min(n, n_reference) < model.privacy.k or rates[0] is None or rates[1] is None or compared.gap is None:
        return f"Not shown, fewer than {model.privacy.k} expected decisions about {label} or {other}; {CAVEAT}."
    ratio = "not computable" if compared.ratio is None else f"{compared.ratio:.2f}"
    limit = f"{model.rules.min_disparate_impact_ratio:g}"
    clauses = [
        f"Estimated disparate impact ratio {ratio} (limit {limit}) for {label} vs. {other}",
        f"rates {rates[0]:.1%} and {rates[1]:.1%}",
        f"rate difference {describe_difference(compared.gap, model.rules.max_gap)}",
        f"expected n = {n} and {n_reference}",
        *([onset] if onset else []),
    ]
    return f"{', '.join(clauses)}{_range(compared)}; {CAVEAT}; statistical, not causal."


def _range(compared: PairEstimate) -> str:
    """Say what the ratio can be whatever the dependence is."""
    if compared.ratio_bounds is None:
        return ""
    low, high = compared.ratio_bounds.lower, compared.ratio_bounds.upper
    return f"; without any assumption the ratio is at least {low:.2f}" + (
        "" if high is None else f", at most {high:.2f}"
    )


def _count(layout: CellLayout, cells: Mapping[int, Sequence[int]]) -> GroupCount:
    stride, n_labels = layout.radix_of(DECISION)
    favorable = dict(layout.dimensions)[DECISION].index(FAVORABLE)
    n = sum(vector[0] for vector in cells.values())
    k = sum(vector[0] for code, vector in cells.items() if code // stride % n_labels == favorable)
    return GroupCount(n, k)


def _rounded(group: GroupEstimate) -> GroupCount:
    n = round(group.n)
    return GroupCount(n, min(round(group.favorable), n))


def _proxy_values(group: GroupEstimate, pair: PairEstimate) -> ProxyValues:
    return ProxyValues(
        n_effective=group.n_effective,
        rate_bounds=_bounds(group.rate_bounds),
        ratio_bounds=_bounds(pair.ratio_bounds),
        gap_bounds=_bounds(pair.gap_bounds),
    )


def _bounds(values: ValueRange | None) -> Bounds | None:
    if values is None:
        return None
    upper = values.upper
    return Bounds(values.lower, upper if upper is not None and math.isfinite(upper) else None)
