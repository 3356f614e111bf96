"""``fairstream produce credit`` through a real worker: fair outcomes raise no alarm, worse ones of women raise one."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stream_app.edges.kafka.readers.live_results import open_alerts, open_all_results
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.policy import SHIPPED
from tests.programs.chaos.logs import read_raw
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N = 12_000  # decisions of each half; about 8,600 of them get an outcome
# Short panes and windows, since everything is sent within seconds.
POLICY = (
    (SHIPPED / "credit.toml")
    .read_text("utf-8")
    .replace("out_of_orderness_s = 5", "out_of_orderness_s = 5, pane_s = 1, idle_s = 2")
    .replace("{ period_s = 10 }", "{ wait_s = 3 }")
    .replace("\n[models.score]", 'windows = [{ name = "10s", size_s = 10 }]\n\n[models.score]')
)


def test_outcomes_of_women_that_get_worse_raise_an_alarm_and_fair_ones_do_not(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), POLICY, n_partitions=2)
    with site.worker():
        produce(site, "--seed", "1", "--label-drift", "0")
        site.wait_until("fair outcomes are judged", lambda: n_judged(site) == n_raw(site))
        assert alerts_of(site) == []
        fair, drift_start_s = totals_of(site), time.time()
        produce(site, "--seed", "2", "--label-drift", "1")
        site.wait_until("worse outcomes are judged", lambda: n_judged(site) == n_raw(site))
        site.wait_until("an alert", lambda: alerts_of(site) != [])
    [alert] = alerts_of(site)
    name = f"{site.models[0]['name']}/outcomes"
    assert (alert.model, alert.attribute, alert.group, alert.reference) == (name, "gender", "female", "male")
    assert (alert.test, alert.change) == ("outcome_low", "breach")
    assert alert.log10_e >= alert.log10_threshold
    assert alert.at_s > drift_start_s
    # An alert describes whole windows, and the first of them contains fair outcomes too: the gap in it is harm, but not
    # as large as that of the worse half, which depends on nothing but the seed.
    assert alert.gap is not None
    assert alert.gap < 0
    assert abs(gap_of(fair)) < 0.05
    assert gap_of(totals_of(site) - fair) < -0.1
    shown = read_by_command(site)
    assert {result["attribute"] for result in shown} == {"gender", "race"}
    women = next(group for result in shown for group in result["groups"] if group["group"] == "female")
    assert women["state"] == "breach"
    assert women["evidence"][0]["onset_s"] == alert.onset_s


def produce(site: Site, *options: str) -> None:
    done = site.command("produce", "credit", "--count", str(N), "--rate", "3000", "--outcome-delay", "1", *options)
    assert done.returncode == 0, done.stderr


def n_raw(site: Site) -> int:
    """Return how many cases have an outcome in the raw topic."""
    log = read_raw(site.kafka, site.models[0]["outcome"]["topic"])
    return len({json.loads(row.value or b"")["application_id"] for rows in log.values() for row in rows})


def n_judged(site: Site) -> int:
    """Return how many outcomes the newest running total contains."""
    totals = read_totals(site)
    return totals[-1].n if totals else -1


def read_totals(site: Site) -> list[OutcomeResult]:
    """Return all running totals by gender."""
    with open_all_results(site.kafka) as reader:
        return [
            result
            for result in reader.read_to_end()
            if isinstance(result, OutcomeResult)
            and result.model.startswith(site.app_id)
            and (result.window, result.attribute) == ("total", "gender")
        ]


def totals_of(site: Site) -> Counter[tuple[str, bool]]:
    """Return how many approved decisions of each gender have had a bad and a good outcome since the start."""
    counts: Counter[tuple[str, bool]] = Counter()
    for group in read_totals(site)[-1].groups:
        counts[group.group, True], counts[group.group, False] = group.tp, group.fp
    return counts


def gap_of(counts: Counter[tuple[str, bool]]) -> float:
    """Return the share of good outcomes of women minus that of men."""
    women, men = (counts[g, True] / (counts[g, True] + counts[g, False]) for g in ("female", "male"))
    return women - men


def alerts_of(site: Site) -> list[Alert]:
    with open_alerts(site.kafka) as reader:
        return [alert for alert in reader.read_to_end() if alert.model.startswith(site.app_id)]


def read_by_command(site: Site) -> list[dict[str, Any]]:
    """Return the running totals of outcomes as ``fairstream results`` shows them."""
    done = site.command("results", "--model", site.models[0]["name"], "--window", "total", "--json")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return [result for result in results if result["model"].endswith("/outcomes")]
