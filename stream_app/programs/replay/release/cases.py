"""Which groups and cuts a mitigation may show beside former releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_app.errors import ReleaseRefusedError
from stream_app.pipeline.replay.scenarios.released_tables import range_ends
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.released_cuts import ScoreAxis, relate_axis, segments_of
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.tables import release_groups


@dataclass(frozen=True)
class ReleasedCases:
    """Decides what may be shown of the cases of a time range, and notes it in the ledger of releases.

    Attributes:
        former: What was shown before.
        attribute: The attribute of the groups.
        score: Name of the score; empty without.
        time_range: The time range.
    """

    former: FormerReleases
    attribute: str
    score: str
    time_range: TimeRange

    @property
    def k(self) -> int:
        """Fewest people about whom anything is shown."""
        return self.former.model.privacy.k

    def groups(self, part: str, people: Mapping[str, int]) -> set[str]:
        """Return the groups of which the number of cases may be shown; none where nothing may."""
        try:
            return release_groups(self.former, self.attribute, people, part, self.time_range)
        except ReleaseRefusedError:
            return set()

    def cuts(self, part: str, group: str, reached: Mapping[float, int]) -> set[float]:
        """Return the cuts of which the number of cases that reach them may be shown."""
        score = f"{self.score}, {part}" if part else self.score
        axis = ScoreAxis(score, *range_ends(self.time_range.from_s, self.time_range.to_s))
        counts = {cut: axis.count(self.attribute, group, cut, n) for cut, n in reached.items()}
        model = self.former.model
        [labels] = [labels_of(each) for each in model.attributes if each.name == self.attribute]
        with self.former.opened() as knowledge:
            relate_axis(knowledge, axis, self.attribute, labels, segments_of(model))
            order = sorted(counts, key=lambda cut: not knowledge.knows(counts[cut]))
            return {cut for cut in order if knowledge.add_for_good(counts[cut])}
