"""``replay run``, ``compare`` and exports of a run, against topics that a real worker judged."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from producers.publish import Destination, publish
from stream_app.edges.kafka.local.broker import LocalKafka
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.logs import read_topic
from tests.programs.chaos.schedule import Plan
from tests.support.servers.brokers import START_S
from tests.support.servers.replay_stage import judged_site, live_results
from tests.support.servers.sites import Site, open_site
from tests.support.tiers import skip_or_fail

pytestmark = pytest.mark.timeout(900)

Counts = dict[tuple[str, str, int, str], tuple[int, int]]


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("replay-run")
    return judged_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}")


def replay(site: Site, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = site.command("replay", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def run(site: Site, name: str, *arguments: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    manifest = json.loads(replay(site, "run", "--json", "--run", name, *arguments).stdout)
    path = site.folder / "replays" / name / "results-0.jsonl"
    return manifest, [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def counts_of(results: list[dict[str, Any]]) -> Counts:
    newest = {
        (result["attribute"], result["window"], result["end_s"]): result
        for result in results
        if result["window"] != "total"
    }
    return {
        (*key, group["group"]): (group["n"], group["favorable"])
        for key, result in newest.items()
        for group in result["groups"]
        if group["n"]
    }


def test_raw_records_and_published_events_give_equal_counts_and_those_of_the_live_windows(site: Site) -> None:
    from_raw, raw = run(site, "raw", "--from-raw", "--unsafe-exact")
    from_published, published = run(site, "published", "--published", "--unsafe-exact")
    assert counts_of(raw) == counts_of(published)
    assert from_raw["consistency"] == from_published["consistency"]
    live = counts_of(live_results(site))
    common = live.keys() & counts_of(raw).keys()
    assert len(common) > 200
    assert {key: live[key] for key in common} == {key: counts_of(raw)[key] for key in common}


def test_the_same_run_again_has_the_same_digest_and_its_folder_is_for_its_owner_only(site: Site) -> None:
    first, _ = run(site, "first")
    second, _ = run(site, "second")
    assert first["scenarios"] == second["scenarios"]
    folder = site.folder / "replays" / "first"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    listed = [json.loads(line)["run"] for line in replay(site, "list", "--json").stdout.splitlines()]
    assert {"first", "second"} <= set(listed)


def test_a_range_has_complete_windows_with_the_counts_of_the_complete_log(site: Site) -> None:
    _, whole = run(site, "whole", "--unsafe-exact")
    ends = sorted({result["end_s"] for result in whole if result["window"] == "1m"})
    from_s, to_s = ends[2] - 30, ends[-3] + 5
    manifest, part = run(site, "part", "--unsafe-exact", "--from", str(from_s), "--to", str(to_s))
    windows = [result for result in part if result["window"] != "total"]
    assert windows
    # The range is extended to complete comparison periods of a minute.
    assert all(from_s - 60 <= result["start_s"] and result["end_s"] <= to_s + 60 for result in windows)
    everything = counts_of(whole)
    assert {key: everything[key] for key in counts_of(part)} == counts_of(part)
    assert (manifest["from_s"], manifest["to_s"]) == (from_s, to_s)


def test_small_groups_are_hidden_unless_exact_values_are_requested(site: Site) -> None:
    _, results = run(site, "hidden")
    shown = [group["n"] for result in results for group in result["groups"] if group["n"] is not None]
    assert min(shown) >= 10
    assert any(group["hidden"] for result in results for group in result["groups"])


def test_a_scenario_that_changes_the_alerts_ends_with_2_and_another_with_0(site: Site) -> None:
    strict = replay(site, "compare", "--json", "--set", "threshold.dir=0.95", "--scenario", "k=20", code=2)
    scenarios = json.loads(strict.stdout)["scenarios"]
    assert [scenario["scenario"] for scenario in scenarios] == ["threshold.dir=0.95", "k=20"]
    assert {change["kind"] for change in scenarios[0]["alerts"]} <= {"gained", "lost", "moved"}
    assert scenarios[0]["alerts"]
    assert not scenarios[1]["alerts"]
    same = json.loads(replay(site, "compare", "--json", "--set", "k=20").stdout)
    assert same["scenarios"][0]["alerts"] == []


def test_a_scenario_compared_with_live_has_the_same_numbers(site: Site) -> None:
    """Alerts may differ: where partitions fell silent, the clock closed the panes of the live tests; see ``verify``."""
    done = site.command("replay", "compare", "--json", "--with", "live", "--set", "threshold.gap=0.25")
    assert done.returncode in {0, 2}, done.stderr
    [compared] = json.loads(done.stdout)["scenarios"]
    assert compared["original"] == "live"
    numbers = [delta for delta in compared["deltas"] if delta["field"] == "n" and delta["original"] is not None]
    assert len(numbers) > 8
    assert {delta["delta"] for delta in numbers} == {0}


def test_another_group_map_counts_from_the_records(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "groups.toml"
    table.write_text('[race]\nblack = "minority"\nasian = "minority"\nhispanic = "minority"\n', "utf-8")
    done = site.command("replay", "compare", "--json", "--run", "mapped", "--group-map", str(table), "--unsafe-exact")
    assert done.returncode in {0, 2}, done.stderr
    original, mapped = (
        [
            json.loads(line)
            for line in (site.folder / "replays" / "mapped" / f"results-{n}.jsonl").read_text().splitlines()
        ]
        for n in (0, 1)
    )
    before, after = (race_counts(results) for results in (original, mapped))
    assert after["minority"] == before["black"] + before["asian"] + before["hispanic"]
    assert after["white"] == before["white"]


def race_counts(results: list[dict[str, Any]]) -> dict[str, int]:
    totals = [result for result in results if (result["window"], result["attribute"]) == ("total", "race")]
    return {group["group"]: group["n"] for result in totals for group in result["groups"]}


def test_exports_contain_the_same_rows_and_no_formula(site: Site, tmp_path: Path) -> None:
    run(site, "exported")
    rows = list(csv.DictReader(io.StringIO(replay(site, "export", "exported").stdout)))
    lines = [json.loads(line) for line in replay(site, "export", "exported", "--format", "json").stdout.splitlines()]
    assert len(rows) == len(lines) > 50
    assert not any(
        cell.startswith(("=", "+", "-", "@")) and not is_number(cell) for row in rows for cell in row.values()
    )
    parquet = pytest.importorskip("pyarrow.parquet")
    replay(site, "export", "exported", "--format", "parquet", "--out", str(tmp_path / "rows.parquet"))
    table = parquet.read_table(tmp_path / "rows.parquet")
    assert table.num_rows == len(rows)
    assert table.column("n").to_pylist() == [line["n"] for line in lines]
    assert parquet.read_table(site.folder / "replays" / "exported" / "results-0.parquet").num_rows == len(rows)


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_promtool_makes_blocks_from_the_open_metrics_of_a_run(site: Site, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        skip_or_fail("promtool is not installed")
    run(site, "measured")
    replay(site, "openmetrics", "measured", "--out", str(tmp_path / "run.txt"))
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "run.txt"), str(tmp_path / "data")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (tmp_path / "data" / "wal").mkdir()  # `dump` opens what a server would
    dumped = subprocess.run(
        ["promtool", "tsdb", "dump", str(tmp_path / "data")], capture_output=True, text=True, check=True
    )
    assert 'run="measured"' in dumped.stdout
    assert "fairstream_disparate_impact_ratio" in dumped.stdout


def test_republished_records_keep_key_date_and_allowed_headers(site: Site) -> None:
    name = f"replay-{site.app_id}"
    sent = json.loads(replay(site, "republish", "--json", "--run", "r1", "--to-topic", name, "--rate", "100000").stdout)
    originals = {(m.partition(), m.offset()): m for m in read_topic(site.kafka, site.models[0]["output_topic"])}
    copies = list(read_topic(site.kafka, name))
    assert len(copies) == sent["n_records"] == len(originals)
    for copy in copies:
        headers = dict(copy.headers())
        topic, partition, offset = headers["x-replay-origin"].decode().rsplit(":", 2)
        original = originals[int(partition), int(offset)]
        assert (copy.key(), copy.value(), copy.timestamp()[1]) == (
            original.key(),
            original.value(),
            original.timestamp()[1],
        )
        assert (topic, copy.partition()) == (original.topic(), original.partition())
        assert set(headers) == {"source", "x-replay-id", "x-replay-origin"}
    assert "does not begin with replay-" in replay(site, "republish", "--to-topic", "other", code=2).stderr
    raw = site.models[0]["topic"]
    assert "counted again" in replay(site, "republish", "--to-topic", raw, "--unsafe-any-topic", code=2).stderr
    for not_published in ("--from-raw", f"--source-topic={raw}"):
        assert "may contain identifiers" in replay(site, "republish", not_published, code=2).stderr


def test_bisect_finds_the_pane_and_the_direction_of_the_drift(site: Site) -> None:
    answer = json.loads(replay(site, "bisect", "--json", "--group", "female", "--metric", "gap").stdout)
    onset = answer["onset"]
    start_s = min(result["start_s"] for result in live_results(site) if result["window"] == "total")
    assert start_s + 60 <= onset["pane_s"] <= start_s + 300  # the drift rises from 60 s to 300 s
    assert onset["z"] < -5
    assert onset["after"]["gap"] < onset["before"]["gap"]
    change = sum(part["mix"] + part["rate"] for part in onset["segments"])
    assert change == pytest.approx(onset["after"]["gap"] - onset["before"]["gap"])
    assert set(answer["offsets"]) <= {"0", "1", "2", "3"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--from", "1h", "--to", "2h"), "ends before it"),
        (("run", "--from", "yesterday"), "Invalid time"),
        (("run", "--from", "2000-01-01T00:00:00Z", "--to", "2000-01-02T00:00:00Z"), "has no event"),
        (("run", "--speed", "fast"), "Invalid --speed"),
        (("run", "--run", "../up"), "Invalid run id"),
        (("run", "--model", "robots"), "No model"),
        (("run", "--source-topic", "nowhere"), "Missing topics: nowhere"),
        (("verify", "--alert", "ffffffffffff"), "No alert"),
        (("compare",), "No scenario is given"),
        (("compare", "--set", "treshold=1"), "Unknown setting"),
        (("export", "unknown"), "No completed run"),
        (("bisect", "--group", "robot"), "attributes have the group"),
        (("republish", "--from", "1h", "--to", "2h"), "ends before it"),
    ],
)
def test_a_wrong_request_is_rejected_with_2_in_one_line(site: Site, arguments: tuple[str, ...], words: str) -> None:
    done = replay(site, *arguments, code=2)
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_policy_that_does_not_fit_the_records_is_rejected(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(site.policy_file.read_text("utf-8").replace('path = "approved"', 'path = "granted"'), "utf-8")
    assert "fits none of" in replay(site, "run", "--policy", str(other), "--run", "unfit", code=2).stderr
    assert "does not fit" in replay(site, "run", "--policy", str(other), "--published", "--run", "unfit", code=2).stderr
    assert not (site.folder / "replays" / "unfit").exists()


def test_a_broker_that_goes_away_in_the_middle_leaves_an_error_and_no_run(tmp_path: Path, app_id: str) -> None:
    with LocalKafka(tmp_path / "kafka", start_timeout_s=START_S) as broker:
        site = open_site(broker.bootstrap, tmp_path, app_id, "loans", n_partitions=2)
        publish(
            disturbed_events(Plan(seed=5, n_events=150_000, rate=1e9, event_rate=50.0)),
            Destination(site.kafka, site.models[0]["topic"]),
        )
        command = [sys.executable, "-m", "stream_app", "replay", "run", "--rate", "10000", "--json"]
        environ = {**os.environ, **site.environ}
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stderr is not None
            assert "progress" in child.stderr.readline()
            broker.kill()
            _, error = child.communicate(timeout=300)
    assert child.returncode == 2
    assert "Lost the Kafka broker" in error.splitlines()[-1]
    assert not list(tmp_path.glob("replays/*"))
