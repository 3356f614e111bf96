"""What must be true of the notifications about breaches whose beginning and end are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import NamedTuple

from stream_app.edges.notify.notification import FIRING, NotifiedAlert
from tests.programs.page_check.messages import Message

BREACH = "FairnessBreach"
MAX_LENGTH = 1500
PAGE_GOAL_S, RESOLVED_GOAL_S = 60, 180
_EVIDENCE = re.compile(r"evidence 10\^([\d.]+) against the limit \(10\^([\d.]+) needed\); .*95% interval .*; n >= ")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SHARE = re.compile(r"approved ([\d.]+)% as often as .*; limit ([\d.]+)%")
_GAP = re.compile(r"([\d.]+) percentage points below .*; limit ([\d.]+)$")


class Episode(NamedTuple):
    """One breach of a model, as it was made; seconds since the epoch.

    Attributes:
        model: Name of the model.
        attribute: The attribute whose groups are treated differently.
        drift_s: When the decisions became unfair.
        recovery_s: When they became fair again.
        end_s: Until when they stayed fair.
    """

    model: str
    attribute: str
    drift_s: float
    recovery_s: float
    end_s: float


class Claim(NamedTuple):
    """A claim, whether it holds, and what was seen where it does not."""

    text: str
    failures: tuple[str, ...]


class Story(NamedTuple):
    """The messages about a model from a drift until the next one."""

    episode: Episode
    messages: tuple[Message, ...]

    def alerts(self, status: str) -> list[tuple[float, NotifiedAlert]]:
        """Return the breaches that were reported in a status, with the time of the message."""
        return [
            (message.at_s, alert)
            for message in self.messages
            for alert in message.notification.alerts
            if (alert.status, alert.labels["alertname"]) == (status, BREACH)
        ]


def stories_of(episodes: Iterable[Episode], messages: Sequence[Message]) -> list[Story]:
    """Return what was sent about each breach."""
    return [
        Story(
            episode,
            tuple(
                message
                for message in messages
                if episode.drift_s <= message.at_s < episode.end_s
                and any(alert.labels.get("model") == episode.model for alert in message.notification.alerts)
            ),
        )
        for episode in episodes
    ]


def check(stories: Sequence[Story], length_of: Callable[[Message], int]) -> list[Claim]:
    """Check all claims.

    Args:
        stories: What was sent about each breach.
        length_of: Length of a message as it is rendered.
    """
    claims: list[tuple[str, Callable[[Story], str]]] = [
        ("every breach is paged", _is_paged),
        ("the first page names the attribute and a value beyond the limit", _has_value),
        ("the replay command covers the onset", _covers_onset),
        ("the first page has evidence beyond its threshold, n and an interval", _has_confidence),
        ("a breach and its intersections are one alert with at most two messages", _is_told_twice),
        ("the resolved message says when it ended and how long it lasted", _is_resolved),
        ("nothing warns after the recovery", _is_silent_after),
        (f"every message has fewer than {MAX_LENGTH} characters", lambda story: _is_short(story, length_of)),
    ]
    return [
        Claim(text, tuple(f"{story.episode.model}: {found}" for story in stories if (found := find(story))))
        for text, find in claims
    ]


def times_of(stories: Iterable[Story]) -> tuple[list[float], list[float]]:
    """Return the seconds from each drift to its page, and from each recovery to its resolved message."""
    pages, resolved = [], []
    for story in stories:
        pages += [at_s - story.episode.drift_s for at_s, _ in story.alerts(FIRING)[:1]]
        resolved += [at_s - story.episode.recovery_s for at_s, _ in story.alerts("resolved")[-1:]]
    return pages, resolved


def describe_times(stories: Iterable[Story]) -> str:
    """Return how long the messages took."""
    pages, resolved = times_of(stories)
    to_page = _describe("drift to page", pages, PAGE_GOAL_S)
    return f"{to_page}; {_describe('recovery to resolved', resolved, RESOLVED_GOAL_S)}"


def _describe(name: str, seconds: Sequence[float], goal_s: int) -> str:
    """Return median and maximum of some times beside their goal."""
    if not seconds:
        return f"{name} never"
    return f"{name} p50 {median(seconds):.0f} s, max {max(seconds):.0f} s of {len(seconds)} (goal {goal_s} s)"


def _is_paged(story: Story) -> str:
    return "" if story.alerts(FIRING) else "no page"


def _first(story: Story) -> NotifiedAlert | None:
    return next((alert for _, alert in story.alerts(FIRING)), None)


def _has_value(story: Story) -> str:
    if (alert := _first(story)) is None:
        return ""
    summary = alert.annotations["summary"]
    is_about = alert.labels["attribute"] == story.episode.attribute
    if found := _SHARE.search(summary):
        return "" if is_about and float(found[1]) < float(found[2]) else summary
    found = _GAP.search(summary)
    return "" if is_about and found and float(found[1]) > float(found[2]) else summary


def _covers_onset(story: Story) -> str:
    if (alert := _first(story)) is None:
        return ""
    times = _TIME.findall(alert.annotations["since"])[:1] + _TIME.findall(alert.annotations["replay"])
    if len(times) != 3:
        return f"{alert.annotations['since']} | {alert.annotations['replay']}"
    onset_s, from_s, to_s = (datetime.fromisoformat(time).timestamp() for time in times)
    return "" if from_s < onset_s < to_s else " ".join(times)


def _has_confidence(story: Story) -> str:
    if (alert := _first(story)) is None:
        return ""
    text = alert.annotations["evidence"]
    found = _EVIDENCE.search(text)
    return "" if found and float(found[1]) >= float(found[2]) else text


def _is_told_twice(story: Story) -> str:
    sent = [
        (round(message.at_s - story.episode.drift_s), message.notification.status, alert.labels["attribute"])
        for message in story.messages
        for alert in message.notification.alerts
        if alert.labels["alertname"] == BREACH
    ]
    return "" if len(sent) <= 2 else str(sent)


def _is_resolved(story: Story) -> str:
    resolved = story.alerts("resolved")
    if not resolved:
        return "not resolved"
    text = resolved[-1][1].annotations.get("ended", "")
    return (
        ""
        if re.fullmatch(rf"{_TIME.pattern} \(event time\), after [\dhms ]+(; \d+ subgroups not yet)?", text)
        else f"ended: {text!r}"
    )


def _is_silent_after(story: Story) -> str:
    others = {
        alert.labels["alertname"]
        for message in story.messages
        for alert in message.notification.alerts
        if message.at_s > story.episode.recovery_s and alert.status == FIRING
    }
    return ", ".join(sorted(others - {BREACH}))


def _is_short(story: Story, length_of: Callable[[Message], int]) -> str:
    lengths = [length_of(message) for message in story.messages]
    return "" if max(lengths, default=0) < MAX_LENGTH else f"{max(lengths)} characters"
