"""When a pair began to be a breach: what would have been told, as one moment for each episode."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from stream_app.core.fairness.pairs import State
from stream_app.pipeline.disclosed import DisclosedResult


class Episode(msgspec.Struct, frozen=True, order=True):
    """A stretch of windows in which a pair is a breach without a break.

    Attributes:
        attribute: Protected attribute.
        group: The group.
        window: Name of the window.
        from_s: End of the first window of the episode, when it was told, event time in seconds.
        to_s: End of the last one.
    """

    attribute: str
    group: str
    window: str
    from_s: int
    to_s: int


class AlertChange(msgspec.Struct, frozen=True, kw_only=True):
    """How the episodes of one pair differ between two runs.

    Attributes:
        attribute: Protected attribute.
        group: The group.
        window: Name of the window.
        kind: ``gained``, ``lost`` or ``moved`` in time.
        original_s: Start of the episode in the first run; None when it has none.
        what_if_s: Start in the second.
    """

    attribute: str
    group: str
    window: str
    kind: str
    original_s: int | None
    what_if_s: int | None


def episodes_of(results: Iterable[DisclosedResult]) -> list[Episode]:
    """Return every episode, in order of pair and time; the newest revision of a window counts."""
    newest = {(own.attribute, own.window, own.end_s): own for own in results}
    found: dict[tuple[str, str, str], list[Episode]] = {}
    open_: set[tuple[str, str, str]] = set()
    for (attribute, window, end_s), result in sorted(newest.items(), key=lambda item: item[0]):
        for group in result.groups:
            pair = attribute, group.group, window
            if group.state is not State.BREACH:
                open_.discard(pair)
            elif pair in open_:
                found[pair][-1] = msgspec.structs.replace(found[pair][-1], to_s=end_s)
            else:
                open_.add(pair)
                found.setdefault(pair, []).append(Episode(*pair, end_s, end_s))
    return sorted(episode for episodes in found.values() for episode in episodes)


def compare_episodes(original: Iterable[Episode], what_if: Iterable[Episode]) -> list[AlertChange]:
    """Pair the episodes of two runs in order; those that begin at the same moment are the same.

    >>> one, other = Episode("sex", "f", "1h", 3600, 7200), Episode("sex", "f", "1h", 7200, 7200)
    >>> [change.kind for change in compare_episodes([one], [other])], compare_episodes([one], [one])
    (['moved'], [])
    """
    before, after = _starts(original), _starts(what_if)
    changes = []
    for pair in sorted({*before, *after}):
        ours, theirs = before.get(pair, []), after.get(pair, [])
        same = set(ours) & set(theirs)
        lost, gained = [at for at in ours if at not in same], [at for at in theirs if at not in same]
        moved = list(zip(lost, gained, strict=False))
        changes += [_change(pair, "moved", *times) for times in moved]
        changes += [_change(pair, "lost", at, None) for at in lost[len(moved) :]]
        changes += [_change(pair, "gained", None, at) for at in gained[len(moved) :]]
    return changes


def _starts(episodes: Iterable[Episode]) -> dict[tuple[str, str, str], list[int]]:
    starts: dict[tuple[str, str, str], list[int]] = {}
    for own in sorted(episodes):
        starts.setdefault((own.attribute, own.group, own.window), []).append(own.from_s)
    return starts


def _change(pair: tuple[str, str, str], kind: str, original_s: int | None, what_if_s: int | None) -> AlertChange:
    attribute, group, window = pair
    return AlertChange(
        attribute=attribute, group=group, window=window, kind=kind, original_s=original_s, what_if_s=what_if_s
    )
