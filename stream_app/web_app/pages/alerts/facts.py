"""What an alert says, in words and numbers: what, evidence, estimated onset, cause."""

from __future__ import annotations

from typing import NamedTuple

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.amounts.words import ratio_limits, shown_amount
from stream_app.pipeline.disclosure.verdict import describe_breach, describe_cause
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.evidence import KIND_OF_TEST, LimitKind
from stream_app.pipeline.records.results import ProxyValues
from stream_app.policy import ModelPolicy
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.parts.amounts import ratio_text
from stream_app.web_app.projection.alert_bodies import SealedNotice

SUPPRESSED = "Numbers are suppressed: they describe too few decisions."
_KINDS = {
    LimitKind.RATIO: "disparate impact ratio",
    LimitKind.GAP: "gap of the approval rates",
    LimitKind.EQUAL_OPPORTUNITY: "equal opportunity difference",
    LimitKind.FALSE_POSITIVE_RATE: "false positive rate difference",
    LimitKind.FAVORABLE_OUTCOME: "share of good outcomes among the approved",
    LimitKind.SCORE: "share of high scores",
    LimitKind.MEAN: "difference of means",
    LimitKind.MEAN_RATIO: "ratio of means",
}


class Fact(NamedTuple):
    """A row of the table of facts."""

    name: str
    value: str


def headline(alert: DisclosedAlert | SealedNotice, model: ModelPolicy) -> str:
    """Return an alert in one short sentence."""
    if isinstance(alert, SealedNotice):
        return "Sealed: only auditors can read what it is about"
    pair = f"{alert.group} vs. {alert.reference}"
    if alert.change == "recovery":
        return f"{pair}: {_KINDS[KIND_OF_TEST[alert.test]]} within the limit again"
    return describe_breach(alert, limit_of(alert, model))


def subject(alert: DisclosedAlert | SealedNotice) -> str:
    """Return what an alert is about, beside its model."""
    return "sealed" if isinstance(alert, SealedNotice) else alert.attribute


def facts_of(alert: DisclosedAlert, model: ModelPolicy) -> list[Fact]:
    """Return the facts of an alert, the most important first."""
    is_breach = alert.change == "breach"
    goal = "the limit is exceeded" if is_breach else "the values are within the limit again"
    facts = [
        Fact("What", f"{_KINDS[KIND_OF_TEST[alert.test]]}, {alert.group} vs. {alert.reference}"),
        Fact(
            "Confidence",
            f"evidence 10^{alert.log10_e:.1f} that {goal}; 10^{alert.log10_threshold:.1f} needed"
            " (a sequential test, valid under continuous monitoring)",
        ),
        Fact("False-alarm budget", _budget(alert, model)),
        Fact("Estimated onset" if is_breach else "Estimated end", _onset(alert)),
        Fact("Detected at" if is_breach else "Recovery at", utc_text(alert.at_s)),
        Fact("Values from", f"{utc_text(alert.start_s)} to {utc_text(alert.end_s)}"),
        *_values(alert),
        Fact("Unknown groups", "worst case" if alert.unknown_groups == "worst_case" else "excluded"),
        Fact("Policy", f"{alert.policy_hash}{'' if alert.policy_hash == model.hash() else ' (not the present one)'}"),
        Fact("Version", f"FairStream {alert.code_version}"),
        Fact("Alert", alert.id),
    ]
    return [fact for fact in facts if fact.value]


def sentence_of(alert: DisclosedAlert) -> str:
    """Return the sentence of an alert."""
    return alert.sentence or SUPPRESSED


def cause_sentence(alert: DisclosedAlert) -> str:
    """Return its cause in one sentence; empty where nothing was split."""
    text = describe_cause(alert)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def limit_of(alert: DisclosedAlert, model: ModelPolicy) -> float:
    """Return the limit that an alert is about, of the present policy."""
    kind, rules = KIND_OF_TEST[alert.test], model.rules
    if kind is LimitKind.MEAN:
        return rules.max_mean_difference or 0.0
    if kind is LimitKind.MEAN_RATIO:
        return rules.min_mean_ratio or 0.0
    if kind is LimitKind.RATIO:
        return rules.min_disparate_impact_ratio
    return rules.max_gap if kind in (LimitKind.GAP, LimitKind.SCORE) else rules.max_rate_difference


def _onset(alert: DisclosedAlert) -> str:
    if alert.onset_earliest_s is None or alert.onset_latest_s is None:
        return utc_text(alert.onset_s)
    ends = f"{utc_text(alert.onset_earliest_s)} to {utc_text(alert.onset_latest_s)}"
    return f"{utc_text(alert.onset_s)} (99% interval {ends}, for an abrupt change)"


def _budget(alert: DisclosedAlert, model: ModelPolicy) -> str:
    if alert.policy_hash != model.hash() or model.detection.procedure != "per_million":
        return ""
    most = model.detection.false_alarms_per_million
    return f"at most {most:g} expected false alarms per million decisions, over everything that is tested"


def _values(alert: DisclosedAlert) -> list[Fact]:
    if alert.is_hidden or alert.n is None or alert.n_reference is None:
        return []
    mark = " (estimated from probabilities)" if isinstance(alert.proxy, ProxyValues) else ""
    least = "at least " if alert.is_rounded else ""
    counted = Fact(
        "Counted", f"{least}{alert.n:,} of {alert.group}, {least}{alert.n_reference:,} of {alert.reference}{mark}"
    )
    if isinstance(alert.amounts, DisclosedAlertAmounts):
        return [counted, *_means(alert, alert.amounts)]
    about, ratio = _about(alert), alert.disparate_impact_ratio
    return [
        counted,
        Fact("Rate", "" if alert.rate is None else f"{about}{alert.rate:.1%} of {alert.group}"),
        Fact("Ratio", "not computable" if ratio is None else f"{about}{ratio:.3f}"),
        Fact("Gap", "" if alert.gap is None else f"{about}{100 * alert.gap:+.1f} percentage points"),
    ]


def _about(alert: DisclosedAlert) -> str:
    return "about " if alert.is_rounded else ""


def _means(alert: DisclosedAlert, amounts: DisclosedAlertAmounts) -> list[Fact]:
    known = ((alert.group, amounts.mean), (alert.reference, amounts.mean_reference))
    means = ", ".join(f"{shown_amount(mean, amounts.limit)} of {group}" for group, mean in known if mean is not None)
    difference, lower, upper = amounts.difference.value, amounts.difference.lower, amounts.difference.upper
    if difference is None:
        return [Fact(f"Mean {amounts.name}", means)]
    text = _about(alert) + shown_amount(difference, amounts.limit, is_signed=True)
    if lower is not None and upper is not None:
        text += f" (95% interval {shown_amount(lower, amounts.limit)} to {shown_amount(upper, amounts.limit)})"
    difference_fact = Fact("Difference", f"{text}; limit {amounts.limit:g}")
    return [Fact(f"Mean {amounts.name}", means), difference_fact, Fact("Ratio of means", _ratio_text(alert, amounts))]


def _ratio_text(alert: DisclosedAlert, amounts: DisclosedAlertAmounts) -> str:
    """Return the ratio of the means with its interval and limit; empty where none is limited."""
    if not isinstance(amounts.ratio, Measured) or not isinstance(amounts.least_ratio, float):
        return ""
    limits = f"limit {ratio_limits(amounts.least_ratio)}"
    return (
        f"{_about(alert)}{ratio_text(amounts.ratio)}; {limits}" if amounts.ratio.value is not None else "not computable"
    )
