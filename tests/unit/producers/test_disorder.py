"""Late and repeated events."""

from __future__ import annotations

import pytest

from producers.event import Event
from producers.simulated.disorder import Disorder


def events(n: int) -> list[Event]:
    return [Event(b"%d" % i, b"{}", 100 * i) for i in range(n)]


def disorder(*, late: float = 0.0, repeat: float = 0.0, late_by_s: float = 5.0, seed: int = 1) -> Disorder:
    return Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by_s)


def test_without_shares_the_stream_stays_as_it_is() -> None:
    assert list(disorder().disturb(events(3000))) == events(3000)


def test_every_event_arrives_exactly_once_when_only_held_back() -> None:
    source = disorder(late=0.3)
    arrived = list(source.disturb(events(5000)))
    assert sorted(arrived, key=lambda event: event.time_ms) == events(5000)
    assert arrived != events(5000)
    # Binomial(5000, 0.3) within 5 standard deviations: false failure below 6e-7 for a new seed.
    assert abs(source.n_late - 1500) < 5 * 33


def test_no_event_arrives_later_than_the_longest_delay() -> None:
    newest_ms, worst_ms = 0, 0
    for event in disorder(late=0.3, late_by_s=5.0).disturb(events(5000)):
        newest_ms = max(newest_ms, event.time_ms)
        worst_ms = max(worst_ms, newest_ms - event.time_ms)
    assert 4000 < worst_ms <= 5000


def test_a_duplicate_is_the_same_event_after_its_original() -> None:
    source = disorder(late=0.2, repeat=0.2)
    arrived = list(source.disturb(events(5000)))
    assert len(arrived) == 5000 + source.n_duplicates
    assert set(arrived) == set(events(5000))
    assert max(arrived.count(event) for event in arrived[:200]) == 2
    assert abs(source.n_duplicates - 1000) < 5 * 29


def test_the_same_seed_disturbs_the_same_events() -> None:
    first, again = (list(disorder(late=0.2, repeat=0.1).disturb(events(2000))) for _ in range(2))
    assert first == again
    assert first != list(disorder(late=0.2, repeat=0.1, seed=2).disturb(events(2000)))


def test_a_longer_stream_begins_like_a_shorter_one() -> None:
    short, long = (list(disorder(late=0.2).disturb(events(n))) for n in (1000, 2000))
    n_before_the_end = 1000 - 60  # what is held back when the short one ends comes at once
    assert short[:n_before_the_end] == long[:n_before_the_end]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_nothing_and_of_everything_are_exact(share: float) -> None:
    source = disorder(late=share, repeat=share)
    assert len(list(source.disturb(events(500)))) == 500 + int(500 * share)
    assert (source.n_late, source.n_duplicates) == (int(500 * share), int(500 * share))
