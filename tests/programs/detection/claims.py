"""What must hold of the alerts of a run, each claim with what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.programs.detection.stage import FAIR, Alert, Told
from tests.programs.detection.streams import PANE_S, Sending
from tests.programs.detection.truth import MIN_RATIO, Question, broken_questions

WOMEN = Question("gender", "female", "ratio_low")
MOST_ONSET_ERROR = 0.15  # of the delay with which the drift was found
_OWN = ("model", "offsets", "policy_hash")  # what two runs of one stream need not share
_LEAST_RATE_SHARE = 0.9


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        text: What must hold.
        found: What was found, in short.
        is_kept: Whether it holds.
    """

    text: str
    found: str
    is_kept: bool


def all_claims(told: Told) -> Iterator[Claim]:
    """Check everything, in an order for a reader."""
    yield fair_stream_is_quiet(told)
    yield every_alert_is_true(told)
    yield each_is_found_and_cleared_once(told)
    yield women_are_found_in_time(told)
    yield onset_is_right(told)
    yield cause_is_rate(told)
    yield end_is_found(told)
    yield kills_fell_between(told)
    yield from (sending_changes_nothing(told, sending) for sending in Sending if sending is not Sending.ONCE)


def fair_stream_is_quiet(told: Told) -> Claim:
    """No alarm in a fair stream."""
    n_alerts = len(told.alerts[FAIR])
    return Claim(
        f"a fair stream of {told.scenario.n_fair:,} decisions raises no alarm",
        f"{n_alerts} alerts, {told.n_judged[FAIR]:,} decisions judged",
        n_alerts == 0 and told.n_judged[FAIR] >= told.scenario.n_fair - told.scenario.n_per_fair_pane,
    )


def every_alert_is_true(told: Told) -> Claim:
    """No alert about a pair whose rule the drift does not break, and none outside the drift and its end."""
    broken = broken_questions(told.attributes, told.scenario.level)
    drift_s = drift_span_s(told)
    wrong = [alert for alert in told.alerts[Sending.ONCE] if question_of(alert) not in broken]
    wrong += [alert for alert in breaches(told) if not drift_s[0] <= alert["pane_s"] < drift_s[1]]
    wrong += [alert for alert in clears(told) if alert["pane_s"] < drift_s[1]]
    return Claim(
        "no alert about a group that was not treated worse, no breach outside the drift, no recovery inside it",
        f"{len(told.alerts[Sending.ONCE])} alerts, {len(wrong)} wrong",
        not wrong,
    )


def each_is_found_and_cleared_once(told: Told) -> Claim:
    """One breach and one recovery for each rule that is broken for a group or an intersection."""
    broken = broken_questions(told.attributes, told.scenario.level)
    found = Counter((question_of(alert), alert["change"]) for alert in told.alerts[Sending.ONCE])
    wanted = Counter((question, change) for question in broken for change in ("breach", "recovery"))
    n_found = sum(found[question, "breach"] == found[question, "recovery"] == 1 for question in broken)
    return Claim(
        "every broken rule of every group and intersection: one breach, one recovery, no third alert",
        f"{n_found} of {len(broken)}",
        found == wanted,
    )


def women_are_found_in_time(told: Told) -> Claim:
    """The breach of the four-fifths rule for women is found within the drift; says group, values and words."""
    breach = breaches(told, WOMEN)[0]
    words = ("DIR 0.", f"(limit {MIN_RATIO:.2f}), female vs. male", "estimated onset 20")
    return Claim(
        "the breach for women names the group, the ratio and since when",
        f"after {delay_n(told):,} decisions: {breach['sentence']}",
        all(word in breach["sentence"] for word in words) and breach["disparate_impact_ratio"] < MIN_RATIO,
    )


def onset_is_right(told: Told) -> Claim:
    """The onset lies within 15 % of the delay from the true change."""
    error_n = n_until(told, breaches(told, WOMEN)[0]["onset_s"]) - told.scenario.n_before
    return Claim(
        f"its onset is right to {MOST_ONSET_ERROR:.0%} of the delay",
        f"{error_n:+,} decisions of {delay_n(told):,}",
        abs(error_n) <= MOST_ONSET_ERROR * delay_n(told),
    )


def cause_is_rate(told: Told) -> Claim:
    """Women fare worse inside products; they do not apply for others."""
    cause = breaches(told, WOMEN)[0]["cause"]
    return Claim(
        "its cause is the rate of approvals, not the mix of products",
        f"{cause['driver']}: rate {cause['rate']:+.3f}, mix {cause['mix']:+.3f}, most in {cause['leading_segment']}",
        cause["driver"] in ("rate", "rate_not_mix") and cause["rate"] <= _LEAST_RATE_SHARE * cause["gap"] < 0,
    )


def end_is_found(told: Told) -> Claim:
    """The recovery comes after the recovery, dated by it."""
    clear = clears(told, WOMEN)[0]
    after_n = n_until(told, clear["at_s"]) - told.scenario.n_before - told.scenario.n_drift
    onset_n = n_until(told, clear["onset_s"]) - told.scenario.n_before - told.scenario.n_drift
    return Claim(
        "the recovery for women comes after the recovery and dates it",
        f"after {after_n:,} decisions, dated {onset_n:+,}: {clear['sentence']}",
        after_n > 0 and abs(onset_n) <= max(after_n, told.scenario.n_per_pane),
    )


def kills_fell_between(told: Told) -> Claim:
    """Each kill came after the breach and before the recovery."""
    seen = [{(question_of(alert), alert["change"]) for alert in alerts} for alerts in told.alerts_at_kills]
    return Claim(
        "the worker was killed with SIGKILL between breach and recovery",
        f"{len(seen)} times, with {', '.join(str(len(each)) for each in seen)} alerts told",
        len(seen) == told.scenario.n_kills
        and all((WOMEN, "breach") in each and not any(change == "recovery" for _, change in each) for each in seen),
    )


def sending_changes_nothing(told: Told, sending: Sending) -> Claim:
    """The same decisions sent in another way give the same alerts, bit for bit."""
    own, other = (sorted(map(comparable, told.alerts[each])) for each in (Sending.ONCE, sending))
    is_same_n = told.n_judged[sending] == told.n_judged[Sending.ONCE]
    texts = {
        Sending.TWICE: f"every event sent twice ({told.n_held.get(sending, 0):,} repeats)",
        Sending.LATE: f"5 % of the events late within the bound ({told.n_held.get(sending, 0):,} held back)",
        Sending.KILLED: f"{told.scenario.n_kills} kill -9 between breach and recovery",
        Sending.SINGLE: "one partition instead of four",
        Sending.ONCE: "the same again",
    }
    return Claim(
        f"{texts[sending]}: the same alerts, bit for bit",
        f"{len(other)} alerts, {sum(a == b for a, b in zip(own, other, strict=False))} equal of {len(own)}",
        own == other and bool(own) and is_same_n and told.n_late == 0,
    )


def question_of(alert: Alert) -> Question:
    """Return what an alert is about."""
    return Question(alert["attribute"], alert["group"], alert["test"])


def comparable(alert: Alert) -> tuple[str, ...]:
    """Return all of an alert but what names the stream; floats as JSON has them, so that equal means bit for bit."""
    return tuple(f"{name}={value!r}" for name, value in sorted(alert.items()) if name not in _OWN)


def breaches(told: Told, question: Question | None = None) -> list[Alert]:
    """Return the breaches of the stream that was sent once, of one question or all."""
    return _of(told, "breach", question)


def clears(told: Told, question: Question | None = None) -> list[Alert]:
    """Return the recoveries likewise."""
    return _of(told, "recovery", question)


def _of(told: Told, change: str, question: Question | None) -> list[Alert]:
    alerts = [alert for alert in told.alerts[Sending.ONCE] if alert["change"] == change]
    return [alert for alert in alerts if question in (None, question_of(alert))]


def drift_span_s(told: Told) -> tuple[int, int]:
    """Return begin and end of the drift, event time."""
    scenario = told.scenario
    begin_s = told.start_s + scenario.time_s(scenario.n_before)
    return begin_s, begin_s + scenario.time_s(scenario.n_drift)


def n_until(told: Told, time_s: int) -> int:
    """Return how many decisions were made before a time."""
    return (time_s - told.start_s) // PANE_S * told.scenario.n_per_pane


def delay_n(told: Told) -> int:
    """Return how many decisions it took to find the drift for women."""
    return n_until(told, breaches(told, WOMEN)[0]["at_s"]) - told.scenario.n_before
