"""A program as a user writes it: mypy --strict accepts it."""

from datetime import UTC, datetime

import pandas as pd

import fairstream as fs
from fairstream import testing

women, men = fs.GroupCount(n=100, favorable=45), fs.GroupCount(n=100, favorable=60)
ratio: float | None = fs.disparate_impact_ratio(women, men)
upper: float | None = fs.koopman(45, 100, 60, 100).upper
highest: str | None = fs.impact_ratios({"women": women, "men": men}).highest
worst: tuple[str, str] | None = fs.worst_hit({("f", "a"): women, ("m", "b"): men}, ("m", "b"))
value: float | None = fs.failure_rate(fs.ConfusionCount(tp=1, fp=2, fn=3, tn=4)).value
driver: str = fs.explain({"auto": women}, {"auto": men}).driver.value
bank = fs.DetectorBank([fs.parse_rule("dir:0.8")], fs.log_thresholds(0.1, [1.0]))
state: bytes = bank.snapshot()


def read(policy: str) -> pd.DataFrame:
    """Read the results of today."""
    results: pd.DataFrame = fs.results(policy, window="1m", start=datetime(2026, 1, 1, tzinfo=UTC))
    return results


def try_scenarios(policy: fs.Policy) -> fs.ReplayResult:
    """Replay a day under another limit."""
    return fs.replay(
        policy, start="1d", scenarios={"stricter": {"threshold.dir": 0.9}, "other": fs.load_policy("loans")}
    )


def find(counts: pd.DataFrame) -> bool:
    """Detect in a table."""
    detection: fs.Detection = fs.detect(counts, ["dir:0.8"], direction="low")
    return detection.has_alarm and bool(len(detection.pairs))


def run() -> pd.DataFrame:
    """Run a pipeline in memory."""
    pipeline = testing.InMemoryPipeline("loans")
    pipeline.send(testing.loan_events(100))
    try:
        pipeline.close_windows()
    except fs.FairStreamError as error:
        raise SystemExit(error.action) from error
    return pipeline.results()
