"""Detect when a rule was broken, from counts that your own program has; no Kafka, no files.

A hiring team counts invitations to interviews by day and gender. On day 40 the screening changes. The program prints
the alarm with its estimated onset, how large the effect is, and saves the chart.

    python detect.py [CHART.svg]
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import fairstream as fs
from fairstream.testing import simulate_counts

DAY_S = 86_400


def daily_counts() -> pd.DataFrame:
    """Return a row for each day; replace this by a query to your own database."""
    rows = simulate_counts(
        90, seed=11, n_a=40, n_b=60, rate_a=0.5, rate_b=0.5, change_at=40, rate_a_after=0.28, pane_s=DAY_S
    )
    return pd.DataFrame(rows)


def main() -> None:
    """Run the detectors and print what they report."""
    counts = daily_counts()
    detection = fs.detect(counts, rules=["dir:0.8"], direction="low", false_alarms_per_million=10)
    print(detection)
    for alarm in detection.alarms.itertuples():
        print(f"{alarm.type} on {alarm.start:%Y-%m-%d}, estimated onset {alarm.onset:%Y-%m-%d}")

    since = detection.pairs.set_index("over").loc["since alarm"]
    ratio, sequence = since["disparate_impact_ratio"], "disparate_impact_ratio_sequence"
    print(f"ratio since the alarm: {ratio:.2f} ({since[f'{sequence}_lower']:.2f} to {since[f'{sequence}_upper']:.2f})")

    last_month = counts.tail(30)[["k_a", "n_a", "k_b", "n_b"]].sum().astype(int)
    women = fs.GroupCount(n=int(last_month["n_a"]), favorable=int(last_month["k_a"]))
    men = fs.GroupCount(n=int(last_month["n_b"]), favorable=int(last_month["k_b"]))
    print(f"invitations missing in the last 30 days: {fs.shortfall(women, men)}")

    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(detection.to_svg(), "utf-8")


if __name__ == "__main__":
    main()
