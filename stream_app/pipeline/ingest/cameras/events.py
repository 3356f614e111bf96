"""From the records of cameras to the texts of their events: the very first step, before anything else is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stream_app.core.events.cameras.adapter import CameraAdapter, TrackRename
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.pipeline.ingest.event_batch import MAX_IN_RECORD
from stream_app.pipeline.ingest.fields import labeled_parts
from stream_app.pipeline.layout import index_by_label, layout_of
from stream_app.policy import ModelPolicy, canonical_label, declared_paths, label_text


class CameraEvents:
    """Turns the records of one model into the texts of their events.

    Args:
        adapter: Reads one record.
    """

    def __init__(self, adapter: CameraAdapter) -> None:
        self._adapter = adapter

    def split(
        self,
        places: Sequence[int],
        values: Sequence[bytes],
        rejected: dict[int, Reason],
        dropped: Counter[str],
        renames: list[tuple[int, TrackRename]],
    ) -> tuple[list[int], list[bytes]]:
        """Return the events of some records as JSON texts, each with the place of its record in the batch.

        A record that cannot be read is rejected, and so is one with an object that cannot be read; the other objects of
        such a record count. A record without objects has no events, and nothing is wrong with it.

        Args:
            places: Place of each record in the batch.
            values: The records.
            rejected: Reason by place, added to in place.
            dropped: Counter of what was left behind, by kind, added to in place.
            renames: Which tracks are one object, each with the place of its record, added to in place.
        """
        event_places, texts = [], []
        for place, value in zip(places, values, strict=True):
            events = self._adapter.events(value)
            if isinstance(events, Reason):
                rejected[place] = events
                continue
            dropped.update(events.left)
            renames += [(place, rename) for rename in events.renames]
            for text in events.texts:
                if isinstance(text, Reason):
                    rejected.setdefault(place, text)
                else:
                    event_places.append(place)
                    texts.append(text)
        return event_places, texts


def camera_events_of(model: ModelPolicy) -> CameraEvents | None:
    """Return what splits the records of a model; None where they are no records of cameras."""
    if model.record is None:
        return None
    dimensions = layout_of(model).dimensions
    groups = {
        part.path: _group_of(index_by_label(labels, part.aliases, model.missing), len(labels) - 1)
        for part, (_, labels) in zip(labeled_parts(model), dimensions, strict=True)
    }
    adapter = CameraAdapter(
        model.record.layout,
        frozenset(path for path, _ in declared_paths(model)),
        model.windows[0].size_s,
        groups,
        min(model.max_list_items, MAX_IN_RECORD),
        has_renames=applies_renames(model),
    )
    return CameraEvents(adapter)


def applies_renames(model: ModelPolicy) -> bool:
    """Return whether tracks that a camera renames become one.

    Not where the contributions of a track are bounded: a rename would let one track change the counts of others, and
    the guarantee of the noise is about one track. Nor where sums of features are counted, which could not be taken
    back, or where an event is not a track in one cell and window.
    """
    parts = labeled_parts(model)
    is_plain = all(not getattr(part, "edges", ()) and getattr(part, "derive", None) is None for part in parts)
    is_bounded = model.publication is not None and model.publication.most_cells is not None
    return (
        model.record is not None
        and model.event_id.path == "id"
        and not is_bounded
        and not model.counted_features
        and model.cluster is None
        and is_plain
        and len({part.path for part in parts}) == len(parts)
    )


def numbers_in(places: Sequence[int]) -> NDArray[np.int64]:
    """Return the number of each event in its record, shape (n,).

    Args:
        places: Place of the record of each, ascending.

    >>> numbers_in([0, 0, 3, 5, 5, 5]).tolist()
    [0, 1, 0, 0, 1, 2]
    """
    column = np.array(places, np.int64)
    first = np.searchsorted(column, column)
    return np.arange(len(column)) - first


def _group_of(number_by_label: dict[str, int], other: int) -> Callable[[str | None], int]:
    return lambda value: number_by_label.get(canonical_label(label_text(value)), other)
