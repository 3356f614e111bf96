"""A judge of a model with outcomes and scores, of which panes come one by one."""

from __future__ import annotations

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.pipeline.layout import outcome_layout_of
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import outcome_layout_hash
from tests.support.lanes.judge_lane import JudgeLane

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t" }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
windows = [{ name = "1m", size_s = 60 }]
score = { path = "p", minimum = 0, maximum = 1, edges = [0.3, 0.5, 0.7], cut = 0.5, reference_n = 1000 }
detection = { period_s = 10 }

[models.outcome]
topic = "raw-outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t" }
is_selective = true
"""
FULL = POLICY.replace("is_selective = true", "is_selective = false")
FAIR, WORSE = (45, 45), (25, 45)  # good outcomes of 50 approved women and of 50 approved men in each pane


class Court(JudgeLane):
    """Panes of decisions and of outcomes come one by one."""

    def outcomes_came(self, number: int, counts: dict[tuple[str, str, str], int]) -> None:
        """Hear of outcomes by sex, decision and outcome; scores are all in the bin above the cut."""
        layout = outcome_layout_of(self.model)
        cells: Cells = {}
        for (sex, decision, outcome), n in counts.items():
            if n:
                cells[_code(layout, sex=sex, decision=decision, score="[0.5,0.7)", outcome=outcome)] = [
                    n,
                    n,
                    6 * n,
                    36 * n,
                ]
        self.close_outcomes(number, outcome_layout_hash(self.model), cells)

    def approved_came(self, number: int, good: tuple[int, int], n: int = 50) -> None:
        """Hear of outcomes of approved women and men, of which some are good."""
        counts = {}
        for sex, k in zip("fm", good, strict=True):
            counts[sex, "favorable", "favorable"] = k
            counts[sex, "favorable", "unfavorable"] = n - k
        self.outcomes_came(number, counts)

    def decided(self, number: int, bins: dict[str, tuple[int, ...]]) -> None:
        """Hear of decisions by sex and bin; those from the cut on are approved."""
        layout = self.layout
        cells: Cells = {}
        for sex, counts in bins.items():
            for bin_, n in enumerate(counts):
                decision = "favorable" if bin_ >= 2 else "unfavorable"
                score = dict(layout.dimensions)["score"][bin_]
                cells[_code(layout, sex=sex, decision=decision, score=score)] = [n, n, 0, 0]
        self.close_pane(number, cells)

    def close_outcomes(self, number: int, layout_hash: str, cells: Cells) -> None:
        """Hear of outcomes by cell."""
        self.close_pane(number, cells, name="m/outcomes", layout_hash=layout_hash, topic="labels")

    def tests(self) -> list[tuple[PairTest, str]]:
        """Return test and change of each alert."""
        return [(alert.test, alert.change) for alert in self.alerts]


def _code(layout: CellLayout, **labels: str) -> int:
    return layout.code_of(known.index(labels[name]) for name, known in layout.dimensions)
