"""What must be true of the alerts of a run, each claim with what was observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.programs.detection.stage import FAIR, Alert, DetectionRun
from tests.programs.detection.streams import PANE_S, Sending
from tests.programs.detection.truth import MIN_RATIO, Question, broken_questions

WOMEN = Question("gender", "female", "ratio_low")
MOST_ONSET_ERROR = 0.15  # of the delay with which the drift was detected
_OF_THE_STREAM = ("model", "offsets", "policy_hash")  # what two streams of the same decisions need not share
_LEAST_RATE_SHARE = 0.9


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        text: What must be true.
        observed: What was observed, in short.
        is_kept: Whether it is true.
    """

    text: str
    observed: str
    is_kept: bool


def all_claims(run: DetectionRun) -> Iterator[Claim]:
    """Check everything, in an order for a reader."""
    yield fair_stream_is_quiet(run)
    yield every_alert_is_true(run)
    yield each_broken_rule_has_one_breach_and_one_recovery(run)
    yield the_breach_for_women_is_described(run)
    yield onset_is_right(run)
    yield cause_is_rate(run)
    yield the_recovery_is_dated(run)
    yield kills_came_between(run)
    yield from (sending_changes_nothing(run, sending) for sending in Sending if sending is not Sending.ONCE)


def fair_stream_is_quiet(run: DetectionRun) -> Claim:
    """No alarm in a fair stream."""
    n_alerts = len(run.alerts[FAIR])
    return Claim(
        f"a fair stream of {run.scenario.n_fair:,} decisions raises no alarm",
        f"{n_alerts} alerts, {run.n_judged[FAIR]:,} decisions judged",
        n_alerts == 0 and run.n_judged[FAIR] >= run.scenario.n_fair - run.scenario.n_per_fair_pane,
    )


def every_alert_is_true(run: DetectionRun) -> Claim:
    """No alert about a pair whose rule the drift does not break, and none outside the drift and its end."""
    broken = broken_questions(run.attributes, run.scenario.level)
    drift_s = drift_span_s(run)
    wrong = [alert for alert in run.alerts[Sending.ONCE] if question_of(alert) not in broken]
    wrong += [alert for alert in breaches(run) if not drift_s[0] <= alert["pane_s"] < drift_s[1]]
    wrong += [alert for alert in recoveries(run) if alert["pane_s"] < drift_s[1]]
    return Claim(
        "no alert about a group that was not treated worse, no breach outside the drift, no recovery inside it",
        f"{len(run.alerts[Sending.ONCE])} alerts, {len(wrong)} wrong",
        not wrong,
    )


def each_broken_rule_has_one_breach_and_one_recovery(run: DetectionRun) -> Claim:
    """One breach and one recovery for each rule that is broken for a group or an intersection."""
    broken = broken_questions(run.attributes, run.scenario.level)
    observed = Counter((question_of(alert), alert["change"]) for alert in run.alerts[Sending.ONCE])
    expected = Counter((question, change) for question in broken for change in ("breach", "recovery"))
    n_once = sum(observed[question, "breach"] == observed[question, "recovery"] == 1 for question in broken)
    return Claim(
        "every broken rule of every group and intersection: one breach, one recovery, no third alert",
        f"{n_once} of {len(broken)}",
        observed == expected,
    )


def the_breach_for_women_is_described(run: DetectionRun) -> Claim:
    """The breach of the four-fifths rule for women comes within the drift and names group, ratio and onset."""
    breach = breaches(run, WOMEN)[0]
    words = ("DIR 0.", f"(limit {MIN_RATIO:.2f}), female vs. male", "estimated onset 20")
    return Claim(
        "the breach for women names the group, the ratio and the onset",
        f"after {delay_n(run):,} decisions: {breach['sentence']}",
        all(word in breach["sentence"] for word in words) and breach["disparate_impact_ratio"] < MIN_RATIO,
    )


def onset_is_right(run: DetectionRun) -> Claim:
    """The onset differs from the true change by at most 15 % of the delay."""
    error_n = n_until(run, breaches(run, WOMEN)[0]["onset_s"]) - run.scenario.n_before
    return Claim(
        f"its onset is accurate to {MOST_ONSET_ERROR:.0%} of the delay",
        f"{error_n:+,} decisions of {delay_n(run):,}",
        abs(error_n) <= MOST_ONSET_ERROR * delay_n(run),
    )


def cause_is_rate(run: DetectionRun) -> Claim:
    """Women fare worse inside products; they do not apply for others."""
    cause = breaches(run, WOMEN)[0]["cause"]
    return Claim(
        "its cause is the rate of approvals, not the mix of products",
        f"{cause['driver']}: rate {cause['rate']:+.3f}, mix {cause['mix']:+.3f}, most in {cause['leading_segment']}",
        cause["driver"] in ("rate", "rate_not_mix") and cause["rate"] <= _LEAST_RATE_SHARE * cause["gap"] < 0,
    )


def the_recovery_is_dated(run: DetectionRun) -> Claim:
    """The recovery is reported after the drift has ended, and dates its end."""
    recovery = recoveries(run, WOMEN)[0]
    after_n = n_until(run, recovery["at_s"]) - run.scenario.n_before - run.scenario.n_drift
    onset_n = n_until(run, recovery["onset_s"]) - run.scenario.n_before - run.scenario.n_drift
    return Claim(
        "the recovery for women comes after the end of the drift and dates it",
        f"after {after_n:,} decisions, dated {onset_n:+,}: {recovery['sentence']}",
        after_n > 0 and abs(onset_n) <= max(after_n, run.scenario.n_per_pane),
    )


def kills_came_between(run: DetectionRun) -> Claim:
    """Each kill came after the breach and before the recovery."""
    seen = [{(question_of(alert), alert["change"]) for alert in alerts} for alerts in run.alerts_at_kills]
    return Claim(
        "the worker was killed with SIGKILL between breach and recovery",
        f"{len(seen)} times, with {', '.join(str(len(alerts)) for alerts in seen)} alerts reported",
        len(seen) == run.scenario.n_kills
        and all(
            (WOMEN, "breach") in alerts and not any(change == "recovery" for _, change in alerts) for alerts in seen
        ),
    )


def sending_changes_nothing(run: DetectionRun, sending: Sending) -> Claim:
    """The same decisions sent in another way give the same alerts, bit for bit."""
    once, other = (sorted(map(comparable, run.alerts[stream])) for stream in (Sending.ONCE, sending))
    is_same_n = run.n_judged[sending] == run.n_judged[Sending.ONCE]
    texts = {
        Sending.TWICE: f"every event sent twice ({run.n_disordered.get(sending, 0):,} duplicates)",
        Sending.LATE: f"5 % of the events late within the bound ({run.n_disordered.get(sending, 0):,} delayed)",
        Sending.KILLED: f"{run.scenario.n_kills} kill -9 between breach and recovery",
        Sending.SINGLE: "one partition instead of four",
        Sending.ONCE: "the same again",
    }
    return Claim(
        f"{texts[sending]}: the same alerts, bit for bit",
        f"{len(other)} alerts, {sum(a == b for a, b in zip(once, other, strict=False))} equal of {len(once)}",
        once == other and bool(once) and is_same_n and run.n_late == 0,
    )


def question_of(alert: Alert) -> Question:
    """Return what an alert is about."""
    return Question(alert["attribute"], alert["group"], alert["test"])


def comparable(alert: Alert) -> tuple[str, ...]:
    """Return all of an alert but what names the stream; floats as JSON has them, so that equal means bit for bit."""
    return tuple(f"{name}={value!r}" for name, value in sorted(alert.items()) if name not in _OF_THE_STREAM)


def breaches(run: DetectionRun, question: Question | None = None) -> list[Alert]:
    """Return the breaches of the stream that was sent once, of one question or all."""
    return _of(run, "breach", question)


def recoveries(run: DetectionRun, question: Question | None = None) -> list[Alert]:
    """Return the recoveries of the stream that was sent once, of one question or all."""
    return _of(run, "recovery", question)


def _of(run: DetectionRun, change: str, question: Question | None) -> list[Alert]:
    alerts = [alert for alert in run.alerts[Sending.ONCE] if alert["change"] == change]
    return [alert for alert in alerts if question in (None, question_of(alert))]


def drift_span_s(run: DetectionRun) -> tuple[int, int]:
    """Return start and end of the drift, event time."""
    scenario = run.scenario
    start_s = run.start_s + scenario.time_s(scenario.n_before)
    return start_s, start_s + scenario.time_s(scenario.n_drift)


def n_until(run: DetectionRun, time_s: int) -> int:
    """Return how many decisions were made before a time."""
    return (time_s - run.start_s) // PANE_S * run.scenario.n_per_pane


def delay_n(run: DetectionRun) -> int:
    """Return how many decisions it took to detect the drift for women."""
    return n_until(run, breaches(run, WOMEN)[0]["at_s"]) - run.scenario.n_before
