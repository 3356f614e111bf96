"""What ``fairstream replay bisect`` found, as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_app.pipeline.replay.bisect.bisection import Bisection
    from stream_app.pipeline.replay.bisect.onset import Side
    from stream_app.pipeline.replay.bisect.version_change import VersionChange, VersionSide

_MAX_SEGMENTS = 5
_MAX_VERSIONS = 8


def describe(found: Bisection, pair: str, k: int) -> Iterator[str]:
    """Yield what was found as lines for people; nothing without an onset."""
    onset = found.onset
    if onset is None:
        return
    chance = f"chance at most {max(onset.p_value, 1e-12):.2g}"
    yield f"{pair}: since {_moment(onset.pane_s)} (z = {onset.z:.1f}, {chance})"
    yield f"  99 % sure, if it came at once: from {_moment(onset.earliest_s)} to {_moment(onset.latest_s)}"
    if found.versions is not None:
        yield f"  model version: {_culprit(found.versions)}"
    if len(onset.segments) > 1:
        yield f"  segment: {onset.segments[0].segment}"
    yield f"  before: {_side(onset.before)}"
    yield f"  after: {_side(onset.after)}"
    yield f"  change of the gap {onset.after.gap - onset.before.gap:+.4f}, by segment:"
    for own in onset.segments[:_MAX_SEGMENTS]:
        yield f"    {own.segment}: mix {own.mix:+.4f}, rate {own.rate:+.4f}"
    if found.versions is not None:
        yield from _versions(found.versions, k)
    places = ", ".join(f"[{partition}] {offset}" for partition, offset in sorted(found.offsets.items()))
    yield f"  the pane begins in the records from offset: {places}"


def _culprit(versions: VersionChange) -> str:
    """Say with which version the change began."""
    if versions.began_with is not None:
        [own] = [own for own in versions.versions if own.version == versions.began_with]
        first = "" if own.first_pane_s is None else f", first seen {_moment(own.first_pane_s)}"
        return f"{versions.began_with}{first}: its share of the decisions rose most when the change began"
    names = [own.version for own in versions.versions]
    if len(names) == 1:
        return f"{names[0]} before and after"
    return "no version's share rose when the change began"


def _versions(versions: VersionChange, k: int) -> Iterator[str]:
    mix, rate = (
        f"mix {versions.mix:+.4f} (other versions decide)",
        f"rate {versions.rate:+.4f} (the same ones, otherwise)",
    )
    yield f"  by model version: {mix}, {rate}:"
    for own in versions.versions[:_MAX_VERSIONS]:
        before, after = _of_version(own.before, k), _of_version(own.after, k)
        yield f"    {own.version}: mix {own.mix:+.4f}, rate {own.rate:+.4f}; before {before}; after {after}"
    if len(versions.versions) > _MAX_VERSIONS:
        yield f"    and {len(versions.versions) - _MAX_VERSIONS} more, see --json"
    if versions.is_cut:
        yield "    more versions than are told apart: the surplus is __other__; give a shorter stretch"


def _of_version(side: VersionSide, k: int) -> str:
    n, n_reference = (f"fewer than {k}" if n is None else f"{n:,}" for n in (side.n, side.n_reference))
    if side.n is None and side.n_reference is None:
        return f"fewer than {k} decisions"
    gap = "" if side.gap is None else f"gap {side.gap:+.3f}, "
    return f"{gap}n {n} and {n_reference}"


def _side(side: Side) -> str:
    ratio = "none" if side.disparate_impact_ratio is None else f"{side.disparate_impact_ratio:.3f}"
    return f"ratio {ratio}, gap {side.gap:+.3f}, n {side.n:,} and {side.n_reference:,}"


def _moment(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
