"""Print the newest window of each attribute, and the alerts: ``python show.py``."""

from __future__ import annotations

import pandas as pd

import fairstream as fs

POLICY = "policy.toml"
COLUMNS = ["attribute", "group", "n", "rate", "disparate_impact_ratio", "gap", "state"]


def main() -> None:
    """Read results and alerts from Kafka (``FAIRSTREAM_KAFKA``) and print them."""
    pd.set_option("display.width", 150, "display.max_columns", 20)
    policy = fs.load_policy(POLICY)
    results = fs.results(policy, window="1m")
    if results.empty:
        print("No window has closed yet. Try again in a few seconds.")
        return
    newest = results[results["end"] == results["end"].max()]
    print(f"Window {newest['start'].iloc[0]} to {newest['end'].iloc[0]}")
    print(newest[COLUMNS].to_string(index=False))
    for alert in fs.alerts(policy).itertuples():
        print(f"\n{alert.change} ({alert.test}), estimated onset {alert.onset}:\n{alert.sentence}")


if __name__ == "__main__":
    main()
