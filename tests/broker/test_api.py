"""The Python API on a site that a real worker judged: the same facts as the commands, and the examples of the docs."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, cast

import pandas as pd
import pytest

import fairstream as fs
from fairstream.testing import loan_events
from producers.publish import Destination, publish
from stream_app.edges.files.installation import RELEASES_FILE
from tests.support.paths import ROOT
from tests.support.servers.replay_stage import is_settled
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N_EVENTS = 9000
# At a full minute: windows of one minute then have the same events whenever this runs, three 3,000 and the last one 60.
START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=6)


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a site whose loans were fair for a minute and then were not."""
    folder = tmp_path_factory.mktemp("api")
    site = open_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}", "loans", n_partitions=2)
    with site.worker() as worker:
        events = loan_events(N_EVENTS, seed=7, drift="0@0,0.9@60s", start=START)
        few = loan_events(60, seed=8, start=START + timedelta(seconds=N_EVENTS / 50), event_rate=1)
        publish(chain(events, few), Destination(kafka, site.models[0]["topic"]))
        site.wait_until("all is counted and closed", lambda: is_settled(site))
        assert worker.stop() == 0
    return site


@pytest.fixture(autouse=True)
def environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRSTREAM_KAFKA", site.kafka)
    monkeypatch.setenv("FAIRSTREAM_STATE", str(site.folder))


def facts_of(site: Site, *command: str) -> list[dict[str, Any]]:
    done = site.command(*command, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def cells_of(frame: pd.DataFrame, names: tuple[str, ...]) -> list[list[Any]]:
    return [[None if pd.isna(cell) else cell for cell in row] for row in frame[list(names)].to_numpy(dtype=object)]


def test_results_have_the_rows_of_the_command(site: Site) -> None:
    frame = fs.results(site.policy)
    names = (
        "attribute",
        "window",
        "group",
        "n",
        "favorable",
        "rate",
        "disparate_impact_ratio",
        "gap",
        "state",
        "hidden",
    )
    facts = facts_of(site, "results", "--model", site.models[0]["name"], "--last", "0")
    rows = [[{**result, **group}[name] for name in names] for result in facts for group in result["groups"]]
    assert len(rows) > 100
    assert cells_of(frame, names) == rows
    assert frame["hidden"].notna().any()
    bounds = [group["ratio_bounds"] or {"lower": None} for result in facts for group in result["groups"]]
    assert cells_of(frame, ("disparate_impact_ratio_lower",)) == [[bound["lower"]] for bound in bounds]


def test_arguments_select_windows(site: Site) -> None:
    every = fs.results(site.policy_file)
    start, end = START + timedelta(minutes=1), START + timedelta(minutes=3)
    some = fs.results(str(site.policy_file), window="1m", attribute="gender", start=start, end=end.isoformat())
    selected = every[(every["window"] == "1m") & (every["attribute"] == "gender")]
    selected = selected[(selected["start"] >= start) & (selected["end"] <= end)]
    assert len(some) == 4
    pd.testing.assert_frame_equal(some, selected.reset_index(drop=True))
    assert len(fs.outcome_results(site.policy)) == len(fs.amount_results(site.policy)) == 0
    with pytest.raises(fs.PolicyError, match="No model 'x'"):
        fs.results(site.policy, model="x")
    for wrong, known in (({"attribute": "nothing"}, "gender, race, age"), ({"window": "2m"}, "1m, 5m, 1h, total")):
        with pytest.raises(fs.ConfigError, match=f"Known: {known}"):
            fs.results(site.policy, **wrong)


def test_alerts_are_those_of_the_command(site: Site) -> None:
    names = ("id", "attribute", "group", "reference", "test", "change", "n", "gap", "sentence", "is_hidden")
    facts = facts_of(site, "alerts", "list", "--model", site.models[0]["name"], "--last", "0")
    assert len(facts) > 0
    assert cells_of(fs.alerts(site.policy), names) == [[fact[name] for name in names] for fact in facts]
    first = fs.alerts(site.policy, attribute="gender").iloc[0]
    assert abs(first["onset"] - START - timedelta(seconds=60)) < timedelta(seconds=30)


@pytest.mark.parametrize("published", [True, False])
def test_a_replay_has_the_rows_of_the_command_and_notes_what_it_released(site: Site, *, published: bool) -> None:
    before = {*site.folder.iterdir(), site.folder / RELEASES_FILE}
    replayed = fs.replay(site.policy, published=published, scenarios={"strict": {"threshold.dir": 0.95, "k": 20}})
    assert set(site.folder.iterdir()) == before
    assert replayed.scenarios == ("original", "strict")
    source = "--published" if published else "--from-raw"
    name = f"run-{published}".lower()
    [manifest] = facts_of(site, "replay", "run", source, "--run", name)
    assert (replayed.n_records, replayed.n_counted) == (manifest["n_records"], manifest["n_counted"])
    lines = (site.folder / "replays" / name / "results-0.jsonl").read_text("utf-8").splitlines()
    names = ("attribute", "window", "group", "n", "favorable", "rate", "gap", "state", "hidden")
    rows = [
        [{**result, **group}[column] for column in names]
        for result in map(json.loads, lines)
        for group in result["groups"]
    ]
    original = replayed.results[replayed.results["scenario"] == "original"]
    assert cells_of(original, names) == rows
    strict = replayed.results[replayed.results["scenario"] == "strict"]
    assert set(strict["k"]) == {20}
    assert (strict["n"].dropna() >= 20).all()
    alerts = replayed.alerts[replayed.alerts["scenario"] == "original"]
    assert alerts["id"].isin(fs.alerts(site.policy)["id"]).sum() > 0


def test_a_scenario_can_be_a_policy_or_another_reference(site: Site) -> None:
    replayed = fs.replay(
        str(site.policy_file),
        start=START + timedelta(minutes=1),
        scenarios={"same": site.policy, "women": {"reference.gender": "female"}},
    )
    by_scenario = dict(iter(replayed.results.groupby("scenario")))
    pd.testing.assert_frame_equal(
        by_scenario["same"].drop(columns="scenario").reset_index(drop=True),
        by_scenario["original"].drop(columns="scenario").reset_index(drop=True),
    )
    gender = by_scenario["women"][by_scenario["women"]["attribute"] == "gender"]
    assert set(gender["reference"]) == {"female"}


def test_errors_say_what_to_do(site: Site) -> None:
    with pytest.raises(fs.ReplayError, match="has no event"):
        fs.replay(site.policy, start="2020-01-01T00:00:00Z", end="2020-01-02T00:00:00Z")
    with pytest.raises(fs.ConfigError):
        fs.replay(site.policy, scenarios={"x": {"threshold": 1}})
    with pytest.raises(fs.ConfigError, match="'original'"):
        fs.replay(site.policy, scenarios={"original": {"min_n": 10}})
    with pytest.raises(fs.PolicyError):
        fs.replay(site.policy, scenarios={"open": {"k": 0}})
    with pytest.raises(fs.TopicError):
        fs.replay("loanapp")
    with pytest.raises(fs.ConfigError, match="counted, not judged"):
        fs.replay("camera", model="camera")
    with pytest.raises(fs.BrokerUnavailableError):
        fs.results(site.policy, kafka="127.0.0.1:1")


def test_the_examples_of_the_docs_run(site: Site) -> None:
    document = ROOT.joinpath("docs", "api.md").read_text("utf-8").replace('"loans"', repr(str(site.policy_file)))
    blocks = re.findall(r"<!-- needs Kafka -->\n```python\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, object] = {"fs": fs}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for block in blocks:
            exec(compile(block, "docs/api.md", "exec"), names)  # noqa: S102 - our own examples
    latest, breaches, n_breaches = (cast(Any, names[name]) for name in ("latest", "breaches", "n_breaches"))
    assert latest["n"].sum() == 60
    assert latest.loc["female", "state"] == "breach"
    assert (breaches["change"] == "breach").sum() > 10
    assert n_breaches["stricter"] > n_breaches["original"] > 0
    assert set(n_breaches.index) == {"original", "stricter", "looser"}
    assert "stricter" in printed.getvalue()
