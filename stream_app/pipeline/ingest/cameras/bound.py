"""Whose contribution to the counts is bounded, as the policy says."""

from __future__ import annotations

from stream_app.core.noise.contributions import Contributions
from stream_app.policy import ModelPolicy


def contributions_of(model: ModelPolicy) -> Contributions | None:
    """Return what bounds the contributions of tracks; None where the policy does not."""
    publication = model.publication
    if publication is None or publication.most_cells is None:
        return None
    return Contributions(publication.most_cells)


def track_number(model: ModelPolicy) -> int:
    """Return which of ``all_identifiers`` is that of the track; 0, the event id, where the policy names none."""
    track = None if model.publication is None else model.publication.track
    paths = [identifier.path for identifier in model.all_identifiers]
    return 0 if track is None else paths.index(track)
