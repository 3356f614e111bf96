"""What is known about each item of a checklist, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stream_app.pipeline.reports.checks import judge_check
from stream_app.pipeline.reports.evidence import Gathered, records_of
from stream_app.pipeline.reports.pack import CheckKind, PackCheck
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.checklist.confirmations import LogFacts
from stream_app.programs.checklist.items import ITEMS, Item, ItemReport, ItemState, Phase
from stream_app.settings import Settings

_DAY_S = 86_400
_MIN_K = 5  # of the original specification
_MAX_KEY_DAYS = 365
_SUSPECTED_DAYS = 30

Known = tuple[ItemState, str]


@dataclass(frozen=True)
class Facts:
    """What the items are judged by.

    Attributes:
        settings: The settings.
        policy: The policy.
        log: What the audit log says; None without one.
        gathered: What commands printed.
        now_s: The current time.
    """

    settings: Settings
    policy: Policy
    log: LogFacts | None
    gathered: Gathered
    now_s: float


def judge_items(phase: Phase | None, facts: Facts) -> list[ItemReport]:
    """Return what is known about the items of a list; of both lists for None."""
    return [_report(item, facts) for item in ITEMS if phase is None or phase in item.phases]


def _report(item: Item, facts: Facts) -> ItemReport:
    is_confirmed = item.valid_days is not None
    state, text = _confirmed(item, facts) if is_confirmed else _CHECKS[item.name](facts)
    advice = "" if state == "ok" else item.advice
    return ItemReport(
        item=item.name, title=item.title, state=state, text=text, advice=advice, is_confirmed=is_confirmed
    )


def _confirmed(item: Item, facts: Facts) -> Known:
    found = None if facts.log is None else facts.log.confirmations.get(item.name)
    if found is None:
        return "unknown", "Nobody has confirmed it." if facts.log else "There is no audit log that could say so."
    day = datetime.fromtimestamp(found.at_s, UTC).date()
    text = f"Confirmed on {day} by {found.by}: {found.note.rstrip(' .')}"
    age_days = int((facts.now_s - found.at_s) // _DAY_S)
    if age_days > (item.valid_days or 0):
        return "attention", f"{text} ({age_days} days ago; it is valid for {item.valid_days})."
    return "ok", f"{text}."


def _judged(facts: Facts) -> list[ModelPolicy]:
    return [model for model in facts.policy.models if model.kind == "decisions"]


def _names(models: Sequence[ModelPolicy]) -> str:
    return ", ".join(model.name for model in models)


def _validation(facts: Facts) -> Known:
    without = [model for model in _judged(facts) if not model.features and model.score is None]
    if without:
        return "attention", f"Records are validated, and no number has a range: {_names(without)}."
    return "ok", "Each record is validated by the policy; numbers outside their range are rejected."


def _anomaly_scores(facts: Facts) -> Known:
    without = [model for model in _judged(facts) if model.anomalies is None]
    if without:
        return "attention", f"Decisions get no anomaly score: {_names(without)}."
    return "ok", "Each decision gets an anomaly score."


def _rate_limits(facts: Facts) -> Known:
    settings = facts.settings
    return "ok", (
        f"Each token: {settings.api_reads_per_min:,} reading and {settings.api_writes_per_min:,} other requests a "
        f"minute; {settings.api_scores_per_day:,} different scores a day before it is suspected."
    )


def _encryption(facts: Facts) -> Known:
    weaknesses = facts.settings.connection.weaknesses()
    if weaknesses:
        return "attention", f"{' and '.join(weaknesses).capitalize()}."
    if facts.settings.is_encrypted:
        return "ok", "The connection to Kafka uses TLS."
    return "attention", "Kafka is on this machine only, without TLS."


def _record_seals(facts: Facts) -> Known:
    if facts.settings.record_key_file is None:
        return "attention", "Records between workers are not sealed: access rights alone protect them."
    if facts.settings.unsealed_records == "accept":
        return "attention", "Records are sealed, and unsealed ones are accepted."
    return "ok", "Records between workers are sealed; others are rejected."


def _small_groups(facts: Facts) -> Known:
    small = [model for model in facts.policy.models if model.privacy.k < _MIN_K]
    sizes = {model.privacy.k for model in facts.policy.models}
    if small:
        return "attention", f"k is below {_MIN_K}: {_names(small)}."
    if len(sizes) == 1:
        return "ok", f"Groups of fewer than {sizes.pop()} decisions are suppressed."
    by_model = ", ".join(f"{model.name} {model.privacy.k}" for model in facts.policy.models)
    return "ok", f"Groups of fewer decisions are suppressed: {by_model}."


def _fairness_limits(facts: Facts) -> Known:
    judged = _judged(facts)
    if not judged:
        return "attention", "The policy judges no model."
    texts = [
        f"{model.name}: {len(model.attributes) + len(model.proxies)} attributes, ratio at least "
        f"{model.rules.min_disparate_impact_ratio:g}, gap at most {model.rules.max_gap:g}"
        for model in judged
    ]
    return "ok", "; ".join(texts) + "."


def _retention(facts: Facts) -> Known:
    reports = records_of(facts.gathered, "retention")
    if not reports:
        return _missing(facts, "retention")
    wrong = [f"{report['topic']} ({report['verdict']})" for report in reports if report["verdict"] != "ok"]
    if wrong:
        return "attention", f"{len(wrong)} of {len(reports)} topics: {', '.join(wrong[:4])}."
    return "ok", f"All {len(reports)} topics keep records as long as they should."


def _distribution_shift(facts: Facts) -> Known:
    if not any(model.score is not None for model in _judged(facts)):
        return "unknown", "The policy has no score, so no shift of scores is tested."
    if "alerts" not in facts.gathered or facts.gathered["alerts"].exit_code != 0:
        return _missing(facts, "alerts")
    newest = {
        (record["model"], record["attribute"], record["group"]): record["change"]
        for record in records_of(facts.gathered, "alerts")
        if record.get("test") == "score_drift"
    }
    n_open = sum(change == "breach" for change in newest.values())
    if n_open:
        return "attention", f"The scores of {n_open} groups have shifted."
    return "ok", "No group's scores are in breach of its own past."


def _query_patterns(facts: Facts) -> Known:
    if facts.log is None:
        return "unknown", "There is no audit log that could say so."
    n = sum(at_s >= facts.now_s - _SUSPECTED_DAYS * _DAY_S for at_s in facts.log.suspected_s)
    if n:
        return "attention", f"In {_SUSPECTED_DAYS} days a client was suspected {n} times of copying the model."
    return "ok", f"In {_SUSPECTED_DAYS} days no client was suspected of copying the model."


def _checked(kind: CheckKind, days: int | None = None) -> Callable[[Facts], Known]:
    """Return a check that reports make too."""

    def check(facts: Facts) -> Known:
        result = judge_check(PackCheck(kind=kind, days=days), facts.gathered)
        return result.state, result.text

    return check


def _missing(facts: Facts, kind: str) -> Known:
    fault = next((one.fault for one in facts.gathered.values() if one.kind == kind), "")
    return "unknown", f"{fault}." if fault else "It could not be checked."


_CHECKS: dict[str, Callable[[Facts], Known]] = {
    "validation": _validation,
    "anomaly-scores": _anomaly_scores,
    "rate-limits": _rate_limits,
    "encryption": _encryption,
    "record-seals": _record_seals,
    "small-groups": _small_groups,
    "fairness-limits": _fairness_limits,
    "keys": _checked("keys-young", _MAX_KEY_DAYS),
    "audit-log": _checked("audit-verifies"),
    "retention": _retention,
    "open-breaches": _checked("open-breaches"),
    "distribution-shift": _distribution_shift,
    "query-patterns": _query_patterns,
}
