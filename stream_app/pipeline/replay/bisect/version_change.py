"""The model version a change began with, and how much of the change is due to a change of version.

With ``w`` the share of a group's decisions that version v made and ``p`` the group's rate under it, before (0) and
after (1) the onset, and ``c = (P_0 + P_1)/2`` the mean of the group's rates, the change of a group's rate is the sum
over versions of::

    mix_v  = (w_1v - w_0v) * ((p_0v + p_1v)/2 - c)      change of version
    rate_v = (p_1v - p_0v) * (w_0v + w_1v)/2            change within a version

(``stream_app.core.cause.decomposition``, over time instead of over groups; a version that decides on one side only is
all mix). The parts of the reference are subtracted from those of the group, so that all parts sum to the change of the
gap. Where version 2 replaces version 1, each has half of the mix. It is statistical, not causal: a version that was
given other cases looks like one that decides differently.

The version a change began with: its share of the pair's decisions rose most from just before ``earliest_s`` to just
after ``latest_s`` of the onset, by at least 0.01, and by more than chance does in 1 of 100 changes (pooled z test of
two shares, times the number of versions). *Just* is a twentieth of a side, at least 500 decisions, in complete panes.
So a release long before or after the onset is not blamed, and neither is one that was rolled out over most of the
range: its shares and parts show it.

Suppression: for each group on each side, versions with fewer than k decisions are joined to ``__other__``, or to the
largest version where even together they are fewer. Everything except names of versions and starts of panes is computed
from these counts.

Source: Kitagawa 1955, Components of a Difference Between Two Rates; Agresti 2013, Categorical Data Analysis, 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import erfc, sqrt

import msgspec

from stream_app.core.cause.decomposition import decompose
from stream_app.pipeline.replay.bisect.onset import Onset, Pane, Segments, sums_of
from stream_app.policy import OTHER

_NEAR_SHARE = 0.05
_MIN_NEAR = 500
_MIN_RISE = 0.01
_MAX_CHANCE = 0.01
_Cell = tuple[int, int]  # decisions and favorable ones
_Table = tuple[Segments, Segments]  # the group's and the reference's counts by version


class VersionSide(msgspec.Struct, frozen=True, kw_only=True):
    """The pair under one version on one side of the onset.

    Attributes:
        n: Decisions of the group; None where they are fewer than k, possibly none.
        n_reference: Decisions of the reference, likewise.
        gap: Rate of the group - rate of the reference under this version; None where either is hidden.
    """

    n: int | None
    n_reference: int | None
    gap: float | None


class VersionPart(msgspec.Struct, frozen=True, kw_only=True):
    """One version.

    Attributes:
        version: Its label; ``__other__`` for small, unreadable and surplus ones.
        first_pane_s: Start of the first pane of the range in which it decided about the pair; None for ``__other__``.
        before: The pair under it before the onset.
        after: The pair under it from the onset on.
        mix: Its part of the change of the gap due to a change of version.
        rate: Its part due to a change within the version.
    """

    version: str
    first_pane_s: int | None
    before: VersionSide
    after: VersionSide
    mix: float
    rate: float


class VersionChange(msgspec.Struct, frozen=True, kw_only=True):
    """The versions at an onset; ``mix + rate`` is the change of the gap, and the sum over the versions.

    Attributes:
        began_with: The version with which the change began; None where no share rose at the onset.
        mix: Part of the change of the gap due to a change of version.
        rate: Part due to a change within a version.
        versions: Those that decided, the most decisions after the onset first.
        is_cut: Whether there were more versions than are counted separately; the surplus counts as ``__other__``.
    """

    began_with: str | None
    mix: float
    rate: float
    versions: tuple[VersionPart, ...]
    is_cut: bool


def explain_versions(panes: Sequence[Pane], onset: Onset, k: int, *, is_cut: bool = False) -> VersionChange:
    """Compare the versions before and after an onset.

    Args:
        panes: The pair by version, in order of time, with decisions of both groups on both sides of the onset.
        onset: The onset in the same panes.
        k: Fewest decisions of a group that are disclosed.
        is_cut: Whether the panes have fewer versions than the log.

    >>> from stream_app.pipeline.replay.bisect.onset import find_onset
    >>> old, new = ({"1": (100, 50)}, {"1": (100, 50)}), ({"2": (100, 30)}, {"2": (100, 50)})
    >>> panes = [(10 * number, *(old if number < 6 else new)) for number in range(10)]
    >>> change = explain_versions(panes, find_onset(panes, "gap", 10), 10)
    >>> change.began_with, change.mix, change.rate, [(v.version, v.first_pane_s, v.mix) for v in change.versions]
    ('2', -0.2, 0.0, [('2', 60, -0.1), ('1', 0, -0.1)])
    """
    before = _disclosed([pane for pane in panes if pane[0] < onset.pane_s], k)
    after = _disclosed([pane for pane in panes if pane[0] >= onset.pane_s], k)
    first_panes = _first_panes(panes)
    parts = _parts(before, after)
    order = sorted(parts, key=lambda version: (-_n_of(version, after), -_n_of(version, before), version))
    return VersionChange(
        began_with=_risen(panes, onset, {*after[0], *after[1]} - {OTHER}),
        mix=float(sum((mix for mix, _ in parts.values()), Fraction())),
        rate=float(sum((rate for _, rate in parts.values()), Fraction())),
        versions=tuple(
            VersionPart(
                version=version,
                first_pane_s=None if version == OTHER else first_panes[version],
                before=_side(version, before),
                after=_side(version, after),
                mix=float(parts[version][0]),
                rate=float(parts[version][1]),
            )
            for version in order
        ),
        is_cut=is_cut,
    )


def _disclosed(panes: Sequence[Pane], k: int) -> _Table:
    return _hide_small(sums_of(pane[1] for pane in panes), k), _hide_small(sums_of(pane[2] for pane in panes), k)


def _hide_small(counts: Segments, k: int) -> Segments:
    """Join versions with fewer than k decisions, so that none of them can be computed by subtraction."""
    joined = joined_versions(counts, k)
    return {
        name: (sum(counts[version][0] for version in versions), sum(counts[version][1] for version in versions))
        for name, versions in joined.items()
    }


def joined_versions(counts: Segments, k: int) -> dict[str, list[str]]:
    """Return which versions each name is shown for.

    >>> joined_versions({"1": (40, 20), "2": (3, 1), "3": (9, 4)}, 10)
    {'1': ['1'], '__other__': ['2', '3']}
    """
    shown = {version: [version] for version, cell in counts.items() if cell[0] >= k}
    small = [version for version in counts if version not in shown]
    if not small:
        return shown
    is_enough = sum(counts[version][0] for version in small) >= k or OTHER in shown or not shown
    target = OTHER if is_enough else max(shown, key=lambda version: (counts[version], version))
    return shown | {target: [*shown.get(target, ()), *small]}


def _parts(before: _Table, after: _Table) -> dict[str, tuple[Fraction, Fraction]]:
    """Return mix and rate part of each version."""
    parts = dict.fromkeys({**before[0], **before[1], **after[0], **after[1]}, (Fraction(), Fraction()))
    for sign, was, became in zip((1, -1), before, after, strict=True):
        split = decompose(became, was)
        for part in split.parts if split is not None else ():
            mix, rate = parts[part.segment]
            parts[part.segment] = mix + sign * part.mix, rate + sign * part.rate
    return parts


def _side(version: str, table: _Table) -> VersionSide:
    group, reference = (counts.get(version) for counts in table)
    return VersionSide(
        n=group[0] if group else None,
        n_reference=reference[0] if reference else None,
        gap=float(_rate(group) - _rate(reference)) if group and reference else None,
    )


def _risen(panes: Sequence[Pane], onset: Onset, shown: set[str]) -> str | None:
    """Return the version whose share of the pair rose most at the onset."""
    earlier = _near([pane for pane in reversed(panes) if pane[0] < onset.earliest_s])
    later = _near([pane for pane in panes if pane[0] >= onset.latest_s])
    n_earlier, n_later = sum(earlier.values()), sum(later.values())
    if not n_earlier or not n_later:
        return None
    names = sorted({*earlier, *later})
    rises = {name: later.get(name, 0) / n_later - earlier.get(name, 0) / n_earlier for name in names}
    version = max(names, key=lambda name: rises[name])
    pooled = (later.get(version, 0) + earlier.get(version, 0)) / (n_later + n_earlier)
    if rises[version] < _MIN_RISE or version not in shown:
        return None
    z = rises[version] / sqrt(pooled * (1 - pooled) * (1 / n_earlier + 1 / n_later))
    return version if len(names) * erfc(z / sqrt(2)) < _MAX_CHANCE else None


def _near(panes: Sequence[Pane]) -> dict[str, int]:
    """Return the pair's decisions by version in the first panes."""
    wanted = max(_MIN_NEAR, _NEAR_SHARE * sum(n for pane in panes for _, n in _decisions(pane)))
    near: dict[str, int] = {}
    for pane in panes:
        if sum(near.values()) >= wanted:
            break
        for version, n in _decisions(pane):
            near[version] = near.get(version, 0) + n
    return near


def _decisions(pane: Pane) -> Iterator[tuple[str, int]]:
    for counts in pane[1:]:
        yield from ((version, n) for version, (n, _) in counts.items())


def _first_panes(panes: Iterable[Pane]) -> dict[str, int]:
    first: dict[str, int] = {}
    for pane in panes:
        for version, _ in _decisions(pane):
            first.setdefault(version, pane[0])
    return first


def _n_of(version: str, table: _Table) -> int:
    return sum(counts.get(version, (0, 0))[0] for counts in table)


def _rate(cell: _Cell) -> Fraction:
    return Fraction(cell[1], cell[0])
