"""A policy and the disposition of a sample, as text for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from stream_app.core.events.clusters import ClusterCounts
from stream_app.pipeline.disclosure.amounts.words import ratio_limits
from stream_app.pipeline.ingest.sample import SampledDimension, SampleReport
from stream_app.pipeline.ingest.sampled.periods import SampledPeriods
from stream_app.policy import N_BUCKETS, Decision, ModelPolicy, Rules
from stream_app.printed_text import in_one_line

_MOST_SHOWN = 30  # characters of a value


def describe_model(model: ModelPolicy, n_cells: int) -> str:
    """Return a few aligned lines about one model."""
    time = model.event_time
    lines = [
        ("hash", model.hash()),
        ("reads", f"{model.kind} from {model.topic}"),
        ("writes", model.output_topic or "no events"),
        ("event id", model.event_id.path),
        ("identifiers", _listed(identifier.path for identifier in model.identifiers)),
        (
            "event time",
            f"{time.path}, {time.format}, {time.out_of_orderness_s} s out of order, panes of {time.pane_s} s",
        ),
    ]
    if model.decision is not None:
        lines.append(("decision", f"{model.decision.path}: {_decision_words(model.decision)}"))
    for attribute in model.attributes:
        reference = f", compared with {attribute.reference}" if attribute.reference is not None else ""
        bands = f" (bands of the {attribute.derive or 'number'} in {attribute.path})" if attribute.edges else ""
        lines.append(("attribute", f"{attribute.name}: {_listed(attribute.groups)}{bands}{reference}"))
    for proxy in model.proxies:
        groups = f"{_listed(proxy.groups)}, compared with {proxy.reference}"
        lines.append(("proxy", f"{proxy.name}: {groups}; estimated from probabilities"))
        lines.append(("", "single groups and decisions only: no intersections, outcomes, scores"))
    if model.segment is not None:
        lines.append(("segment", f"{model.segment.name}: {_listed(model.segment.values)}"))
    if model.cluster is not None:
        lines.append(("cluster", f"{model.cluster}, in {N_BUCKETS} buckets{_not_by_cluster(model)}"))
    if model.model_version is not None:
        lines.append(("model version", model.model_version))
    lines += _outcome_lines(model)
    lines += [("feature", f"{feature.name}: {feature.minimum:g} to {feature.maximum:g}") for feature in model.features]
    lines += [
        *([("missing", _listed(map(repr, model.missing)))] if model.missing else []),
        ("kept", _listed(model.keep)),
        ("other fields", "become dead letters" if model.unknown_fields == "reject" else "are dropped and counted"),
        ("windows", _listed(window.name for window in model.windows)),
    ]
    if model.is_tested:
        lines.append(("breach", f"{_limits(model.rules)}, with at least {model.rules.min_n} decisions in each group"))
        waiting = f"wait {_length(int(model.wait_s))} for silent partitions"
        lines.append(("tests", f"of periods of {_length(model.period_s)}, {waiting}"))
        unknown = "count at their worst" if model.detection.unknown_groups == "worst_case" else "are not tested"
        lines.append(("", f"decisions of unknown groups {unknown}"))
    if model.kind == "allocations":
        ratio = model.rules.max_hours_ratio
        lines.append(("limit", f"hours per capita of a group / the reference above {ratio:g}, or its inverse"))
    else:
        lines.append(("published", f"groups of at least {model.privacy.k}"))
    lines.append(("counts", f"{n_cells} combinations of labels"))
    return _text_of(f"Model {model.name}", lines)


def _limits(rules: Rules) -> str:
    if rules.max_mean_difference is None:
        return f"ratio below {rules.min_disparate_impact_ratio:g} or gap above {rules.max_gap:g}"
    text = f"difference of means above {rules.max_mean_difference:g}"
    return text if rules.min_mean_ratio is None else f"{text}, or ratio not within {ratio_limits(rules.min_mean_ratio)}"


def _decision_words(decision: Decision) -> str:
    if decision.is_amount:
        low, high = decision.range
        return f"amount from {low:g} to {high:g}, {decision.favorable} is favorable, in {decision.bins} bins"
    unfavorable = _listed(str(value).lower() for value in decision.unfavorable)
    return f"{_listed(str(value).lower() for value in decision.favorable_values)} vs. {unfavorable}"


def _not_by_cluster(model: ModelPolicy) -> str:
    """Return what the tests of scores and outcomes use instead of the cluster; empty where there are none."""
    if model.score is None and model.outcome is None:
        return ""
    effect = model.detection.design_effect
    instead = "take decisions as independent" if effect == 1 else f"use the design effect {effect:g}"
    return f"; tests of scores and outcomes {instead}"


def _outcome_lines(model: ModelPolicy) -> list[tuple[str, str]]:
    lines = []
    if model.score is not None:
        cut = "" if model.score.cut is None else f", favorable from {model.score.cut:g}"
        lines.append(("score", f"{model.score.path}: {_listed(model.score.bins)}{cut}"))
    if (outcome := model.outcome) is not None:
        unfavorable = _listed(str(value).lower() for value in outcome.unfavorable)
        scope = ", for favorable decisions only" if outcome.is_selective else ""
        values = outcome.favorable if isinstance(outcome.favorable, tuple) else (outcome.favorable,)
        favorable = _listed(str(value).lower() for value in values)
        lines.append(("outcome", f"{outcome.path}: {favorable} vs. {unfavorable}{scope}"))
        lines.append(("", f"from {outcome.topic}, within {outcome.max_wait_d:g} days"))
    return lines


def describe_sample(report: SampleReport) -> str:
    """Return a few aligned lines about one sample."""
    lines = [("counted", _of(report.n_counted, report.outcomes))]
    if report.first_pane_s is not None and report.last_pane_s is not None:
        lines.append(("event times", f"{_time(report.first_pane_s)} to {_time(report.last_pane_s)}"))
    lines.append(("dead letters", _of(sum(report.dead_letters.values()), report.dead_letters)))
    lines += [("", f"{n} {fault}") for fault, n in report.faults.items()]
    if report.n_conflicts:
        lines.append(("", f"{report.n_conflicts} of an earlier id, with another decision"))
    lines += [
        ("late", str(report.n_late)),
        ("duplicates", str(report.n_duplicates)),
        ("tombstones", str(report.n_tombstones)),
    ]
    for dimension in report.dimensions:
        lines += _dimension_lines(dimension)
    partial = [feature for feature in report.features if feature.n < report.n_counted]
    lines += [(feature.name, f"{feature.n} of {report.n_counted} counted records have it") for feature in partial]
    for proxy in report.proxies or ():
        lines.append((proxy.name, f"{proxy.n} of {report.n_counted} counted records have probabilities"))
        if proxy.means:
            means = _listed(f"{group} {mean:.3f}" for group, mean in proxy.means.items())
            lines.append(("", f"mean probability: {means}"))
    if report.clusters is not None:
        lines.append(("clusters", _cluster_text(report.clusters, report.n_counted)))
    if report.periods is not None:
        lines += _period_lines(report.periods)
    if report.dropped:
        lines.append(("dropped", _of(sum(report.dropped.values()), report.dropped)))
    return _text_of(f"Sample of {report.n_records} records for model {report.model}", lines)


def _text_of(title: str, lines: Iterable[tuple[str, str]]) -> str:
    """Return a title and named lines below an empty line."""
    return "\n".join(["", in_one_line(title), *(in_one_line(f"  {name:<13} {text}") for name, text in lines)])


def _cluster_text(clusters: ClusterCounts, n_counted: int) -> str:
    text = (
        f"{clusters.n}; the largest of {N_BUCKETS} buckets has {_share(clusters.n_largest, n_counted)} of the decisions"
    )
    if not clusters.n_without:
        return text
    doubt = ": is the path right?" if 2 * clusters.n_without > n_counted else ""
    return f"{text}, {_share(clusters.n_without, n_counted)} have no cluster{doubt}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _period_lines(periods: SampledPeriods) -> list[tuple[str, str]]:
    length = _length(periods.period_s)
    lines = [
        ("periods", f"{periods.n_comparable} of {periods.n_periods} ({length} each) compare a group with its reference")
    ]
    if periods.proposed_s is not None:
        proposed = f"detection.period_s = {periods.proposed_s}"
        lines.append(("", f"too short for this stream; try {proposed} ({_length(periods.proposed_s)})"))
    elif periods.n_comparable == 0:
        lines.append(("", "no period length up to 28 days would do: check the groups of the policy"))
    return lines


def _length(seconds: int) -> str:
    """Return a length of time in its largest full unit.

    >>> _length(60), _length(5400), _length(86_400)
    ('1 min', '90 min', '1 d')
    """
    units = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    size_s, unit = next(unit for unit in units if seconds % unit[0] == 0)
    return f"{seconds // size_s} {unit}"


def _dimension_lines(dimension: SampledDimension) -> list[tuple[str, str]]:
    counts = f"{dimension.n_listed} in policy, {dimension.n_unknown} unknown, {dimension.n_other} not in policy"
    spellings = dimension.n_other_spellings
    lines = [(dimension.name, counts + (f" ({spellings} spelling{'s' * (spellings > 1)})" if spellings else ""))]
    n_undeclared = dimension.n_unknown + dimension.n_other
    if n_undeclared:
        share = n_undeclared / (n_undeclared + dimension.n_listed)
        lines.append(("", f"{share:.1%} have no value of the policy"))
    lines += [
        ("", f"{n} have {_shown(value)}, which the policy does not list") for value, n in dimension.others.items()
    ]
    lines += [("", f"{n} look like {label!r}; add an alias?") for label, n in dimension.look_alikes.items()]
    return lines


def _shown(value: str) -> str:
    """Write a value of a record on one line of printable text."""
    text = repr(value) if value.isprintable() else ascii(value)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "..."


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"


def _of(n: int, parts: dict[str, int]) -> str:
    return f"{n} ({', '.join(f'{count} {name}' for name, count in parts.items())})" if parts else str(n)


def _time(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
