"""``fairstream produce credit`` through a real worker: fair outcomes are left alone, worse ones of women are found."""

from __future__ import annotations

import json
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

pytestmark = pytest.mark.timeout(280)

N = 12_000  # decisions of each half; about 8,600 of them get an outcome
# Short panes and windows, since everything is sent within seconds.
POLICY = (
    (SHIPPED / "credit.toml")
    .read_text("utf-8")
    .replace("out_of_orderness_s = 5", "out_of_orderness_s = 5, pane_s = 1, idle_s = 2")
    .replace("\n[models.score]", 'windows = [{ name = "10s", size_s = 10 }]\n\n[models.score]')
)


def test_outcomes_of_women_that_get_worse_are_found_and_fair_ones_are_left_alone(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), POLICY, n_partitions=2)
    with site.worker():
        produce(site, "--seed", "1", "--label-drift", "0")
        site.wait_until("fair outcomes are judged", lambda: n_judged(site) == n_raw(site))
        assert alerts_of(site) == []
        produce(site, "--seed", "2", "--label-drift", "1")
        site.wait_until("worse outcomes are judged", lambda: n_judged(site) == n_raw(site))
        site.wait_until("an alert", lambda: alerts_of(site) != [])
    [alert] = alerts_of(site)
    name = f"{site.models[0]['name']}/outcomes"
    assert (alert.model, alert.attribute, alert.group, alert.reference) == (name, "gender", "female", "male")
    assert (alert.test, alert.change) == ("outcome_low", "breach")
    assert alert.gap is not None
    assert alert.gap < -0.1
    shown = read_by_command(site)
    assert {own["attribute"] for own in shown} == {"gender", "race"}
    women = next(group for own in shown for group in own["groups"] if group["group"] == "female")
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
    """Return how many outcomes the newest running total holds."""
    with open_all_results(site.kafka) as reader:
        totals = [
            result.n
            for result in reader.read_to_end()
            if isinstance(result, OutcomeResult)
            and result.model.startswith(site.app_id)
            and (result.window, result.attribute) == ("total", "gender")
        ]
    return totals[-1] if totals else -1


def alerts_of(site: Site) -> list[Alert]:
    with open_alerts(site.kafka) as reader:
        return [alert for alert in reader.read_to_end() if alert.model.startswith(site.app_id)]


def read_by_command(site: Site) -> list[dict[str, Any]]:
    """Return the running totals of outcomes as ``fairstream results`` shows them."""
    done = site.command("results", "--model", site.models[0]["name"], "--window", "total", "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [own for own in told if own["model"].endswith("/outcomes")]
