"""The answer of ``fairstream replay bisect`` as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from stream_app.pipeline.replay.bisect.bisection import Bisection
from stream_app.pipeline.replay.bisect.onset import Side
from stream_app.pipeline.replay.bisect.version_change import VersionChange, VersionSide

_MAX_SEGMENTS = 5
_MAX_VERSIONS = 8


def describe(bisection: Bisection, pair: str, k: int) -> Iterator[str]:
    """Yield the answer as lines for people; nothing without an onset."""
    onset = bisection.onset
    if onset is None:
        return
    p_value = f"p ≤ {max(onset.p_value, 1e-12):.2g}"
    yield f"{pair}: changed at {_moment(onset.pane_s)} (z = {onset.z:.1f}, {p_value})"
    yield (
        "  99% confidence interval for the change point, assuming an abrupt change: "
        f"{_moment(onset.earliest_s)} to {_moment(onset.latest_s)}"
    )
    if bisection.versions is not None:
        yield f"  model version: {_first_version(bisection.versions)}"
    if len(onset.segments) > 1:
        yield f"  segment: {onset.segments[0].segment}"
    yield f"  before: {_side(onset.before)}"
    yield f"  after: {_side(onset.after)}"
    change = f"  change of the gap {onset.after.gap - onset.before.gap:+.4f}"
    if "segments" in bisection.withheld:
        yield f"{change}; by segment: {_withheld(k)}"
    else:
        yield f"{change}, by segment:"
    for segment in onset.segments[:_MAX_SEGMENTS]:
        yield f"    {segment.segment}: mix {segment.mix:+.4f}, rate {segment.rate:+.4f}"
    if "versions" in bisection.withheld:
        yield f"  by model version: {_withheld(k)}"
    if bisection.versions is not None:
        yield from _versions(bisection.versions, k)
    places = ", ".join(f"[{partition}] {offset}" for partition, offset in sorted(bisection.offsets.items()))
    yield f"  first offset of the pane by partition: {places}"


def _withheld(k: int) -> str:
    return f"withheld, since fewer than {k} people would follow beside former releases"


def _first_version(change: VersionChange) -> str:
    """Return the version with which the change began."""
    if change.began_with is not None:
        [version] = [version for version in change.versions if version.version == change.began_with]
        first = "" if version.first_pane_s is None else f", first seen {_moment(version.first_pane_s)}"
        return f"{change.began_with}{first}: its share of the decisions rose most when the change began"
    names = [version.version for version in change.versions]
    if len(names) == 1:
        return f"{names[0]} before and after"
    return "no version's share rose when the change began"


def _versions(change: VersionChange, k: int) -> Iterator[str]:
    mix = f"mix {change.mix:+.4f} (change of version)"
    rate = f"rate {change.rate:+.4f} (change within a version)"
    yield f"  by model version: {mix}, {rate}:"
    for version in change.versions[:_MAX_VERSIONS]:
        before, after = _version_side(version.before, k), _version_side(version.after, k)
        parts = f"mix {version.mix:+.4f}, rate {version.rate:+.4f}"
        yield f"    {version.version}: {parts}; before {before}; after {after}"
    if len(change.versions) > _MAX_VERSIONS:
        yield f"    and {len(change.versions) - _MAX_VERSIONS} more, see --json"
    if change.is_cut:
        yield "    too many versions: the rest is counted as __other__; give a shorter time range"


def _version_side(side: VersionSide, k: int) -> str:
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
