"""How much is simulated: the full form for published figures, and the quick form that checks each change."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.detect.methods.detector import LOG_C


@dataclass(frozen=True)
class Size:
    """Repetitions and lengths.

    Attributes:
        is_quick: Whether the acceptance numbers allow for chance in few runs.
        n_boundary_runs: Runs of a null stream on the limit that is judged.
        n_null_runs: Runs of every other null stream.
        n_null_panes: Length of a null stream.
        null_log_c: Natural log of the threshold on null streams: lower for shorter streams, so that there is something
            to count.
        n_delay_runs: Runs of each change.
        n_calm_panes: Fair panes before a change; a multiple of a window.
        n_oracle_runs: Runs that the oracle's threshold comes from.
        n_oracle_panes: Their length.
        n_recovery_runs: Runs of each violation that ends.
        n_river_runs: Runs for the detectors of river, which process them one by one.
        n_patience_runs: Runs of each cell of the patience table.
        longest_patience_n: Cells whose bound is above this number of decisions are left out.
        n_fault_runs: Runs of streams with faults.
        n_feed_runs: Runs of batch and burst feeds.
        n_feed_decisions: Decisions of such a run, on average.
        most_feed_periods: Periods of such a run, at most.
        n_onset_runs: Runs whose onset is estimated, of each change.
        n_pairs_runs: Runs of a model with many pairs.
    """

    is_quick: bool
    n_boundary_runs: int
    n_null_runs: int
    n_null_panes: int
    null_log_c: float
    n_delay_runs: int
    n_calm_panes: int
    n_oracle_runs: int
    n_oracle_panes: int
    n_recovery_runs: int
    n_river_runs: int
    n_patience_runs: int
    longest_patience_n: float
    n_fault_runs: int
    n_feed_runs: int
    n_feed_decisions: int
    most_feed_periods: int
    n_onset_runs: int
    n_pairs_runs: int


FULL = Size(
    is_quick=False,
    n_boundary_runs=200,
    n_null_runs=100,
    n_null_panes=10_000,
    null_log_c=LOG_C,
    n_delay_runs=200,
    n_calm_panes=1_000,
    n_oracle_runs=200,
    n_oracle_panes=10_000,
    n_recovery_runs=100,
    n_river_runs=20,
    n_patience_runs=100,
    longest_patience_n=math.inf,
    n_fault_runs=100,
    n_feed_runs=100,
    n_feed_decisions=1_000_000,
    most_feed_periods=5_000,
    n_onset_runs=300,
    n_pairs_runs=5,
)
QUICK = Size(
    is_quick=True,
    n_boundary_runs=100,
    n_null_runs=20,
    n_null_panes=1_000,
    null_log_c=math.log(5e6),
    n_delay_runs=40,
    n_calm_panes=200,
    n_oracle_runs=100,
    n_oracle_panes=1_000,
    n_recovery_runs=20,
    n_river_runs=3,
    n_patience_runs=10,
    longest_patience_n=1_000,
    n_fault_runs=20,
    n_feed_runs=20,
    n_feed_decisions=100_000,
    most_feed_periods=1_000,
    n_onset_runs=40,
    n_pairs_runs=1,
)
