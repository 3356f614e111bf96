"""Which groups and cuts of a search may be shown beside former releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stream_app.core.alternatives.tables import ScoreTable
from stream_app.core.privacy.disclosure import disclose_cells
from stream_app.pipeline.replay.scenarios.released_tables import Labels, TableMaker
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.released_cuts import ScoreAxis, SearchRelease, choose_cuts, segments_of
from stream_app.pipeline.replay.search.request import SearchedPair
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.programs.replay.release.former import FormerReleases


def release_search(
    former: FormerReleases,
    tables: Sequence[Sequence[ScoreTable]],
    scores: Sequence[str],
    pairs: Sequence[SearchedPair],
    segments: Sequence[str],
    time_range: TimeRange,
) -> SearchRelease:
    """Return which groups and cuts a search may show, and note them in the ledger of releases of the state folder.

    Args:
        former: What was shown before.
        tables: Counts by source of scores and attribute.
        scores: Name of each source.
        pairs: Groups and their references.
        segments: Name of each segment.
        time_range: The range that was counted.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    maker, k, ends = TableMaker(former.model), former.model.privacy.k, (time_range.from_s, time_range.to_s)
    attributes = {pair.place: pair.attribute for pair in pairs}
    released = []
    for place, attribute in attributes.items():
        people = tables[0][place].counts.sum(axis=(0, 1, 3, 4)).tolist()
        counts: dict[Labels, int] = {(label,): n for label, n in zip(labels_of(attribute), people, strict=True)}
        sides = {(label,) for pair in pairs if pair.place == place for label in (pair.group, str(attribute.reference))}
        visible = disclose_cells(counts, k).shown & sides
        released.append(maker.of_counts([attribute.name], counts, visible, *ends))
    with former.opened() as knowledge:
        kept = former.choose(knowledge, released)
        axes = [ScoreAxis(score, released[0].start_s, released[0].end_s) for score in scores]
        chosen = choose_cuts(knowledge, tables, axes, pairs, segments, segments_of(former.model), k)
    hidden = {
        place: frozenset(
            label for cell in table.shown if cell not in cells for label in maker.labels_of(table.attributes, cell)
        )
        for place, table, cells in zip(attributes, released, kept, strict=True)
    }
    return replace(chosen, withheld=hidden)
