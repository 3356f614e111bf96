"""How often the group of a decision was not known: as the disclosed results say it, window by window."""

from __future__ import annotations

import msgspec

from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy
from stream_app.web_app.pages.verdict_rows import decode_body
from stream_app.web_app.projection.models import WindowRow

HOUR_S = 3600


class UnknownShare(msgspec.Struct, frozen=True, kw_only=True):
    """The undeclared groups of one attribute in one window.

    Attributes:
        attribute: Name of the attribute.
        window: Name of the window.
        start_s: Its start, event time.
        end_s: Its end, not included.
        n: Decisions; None where that would reveal a hidden group.
        unknown: Share of decisions whose group is not known, in [0, 1]; None for fewer than k.
        other: Share of decisions of a group that the policy does not list; None for fewer than k.
    """

    attribute: str
    window: str
    start_s: int
    end_s: int
    n: int | None
    unknown: float | None
    other: float | None


def singles_of(model: ModelPolicy) -> list[str]:
    """Return the names of the attributes and proxies of a model."""
    return [*(attribute.name for attribute in model.attributes), *(proxy.name for proxy in model.proxies)]


def window_names(model: ModelPolicy) -> list[str]:
    """Return the names of the windows of a model, the shortest first."""
    return [window.name for window in sorted(model.windows, key=lambda window: window.size_s)]


def default_window(model: ModelPolicy) -> str:
    """Return the longest window of at most an hour; the shortest one where none is that short."""
    windows = sorted(model.windows, key=lambda window: window.size_s)
    return next((window.name for window in reversed(windows) if window.size_s <= HOUR_S), windows[0].name)


def unknown_shares(model: ModelPolicy, window: str, most: int) -> list[UnknownShare]:
    """Return the shares of the newest windows of each attribute, the newest first."""
    shares: list[UnknownShare] = []
    for attribute in singles_of(model):
        rows = WindowRow.objects.filter(model=model.name, attribute=attribute, window=window).order_by("-end_s")
        shares += [share_of(decode_body(row.body)) for row in rows[:most]]
    return sorted(shares, key=lambda share: -share.end_s)


def share_of(result: DisclosedResult) -> UnknownShare:
    """Return the undeclared groups of one result."""
    return UnknownShare(
        attribute=result.attribute,
        window=result.window,
        start_s=result.start_s,
        end_s=result.end_s,
        n=result.n,
        unknown=_share(result, UNKNOWN),
        other=_share(result, OTHER),
    )


def percent(share: float | None, k: int) -> str:
    """Return a share as text, or what is known of it where there are fewer than k such decisions.

    >>> percent(0.0312, 10), percent(None, 10)
    ('3.1%', 'fewer than 10')
    """
    return f"fewer than {k:,}" if share is None else f"{share:.1%}"


def _share(result: DisclosedResult, label: str) -> float | None:
    group = next((group for group in result.groups if group.group == label), None)
    return None if group is None else group.share  # a group of fewer than k, or of nobody, has no row
