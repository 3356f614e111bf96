"""Counts of a time range and compliance bundles, against a real log: every number is printed again by its command."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from producers.publish import Destination, publish
from stream_app.cli import app
from stream_app.policy import read_policy_text
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.logs import read_raw
from tests.programs.chaos.recount import recount
from tests.programs.chaos.schedule import Plan
from tests.support.audit_logs import verify_proof
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

RANGE = ("--from", "2026-01-01T00:00:00Z", "--to", "2030-01-01T00:00:00Z")
K = 10


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return a site with decisions of all kinds, which no worker has read, and an audit log."""
    folder = tmp_path_factory.mktemp("reports")
    site = open_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}", read_policy_text("loans"))
    events = disturbed_events(Plan(seed=17, n_events=6_000, rate=1e9, event_rate=50.0))
    publish(events, Destination(kafka, site.models[0]["topic"]))
    assert site.command("audit", "init").returncode == 0
    return site


@pytest.fixture(scope="module")
def bundle(site: Site) -> Path:
    folder = site.folder / "bundle"
    done = site.command("report", "eu-ai-act", *RANGE, "--from-raw", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def printed(site: Site, *words: str) -> list[dict[str, Any]]:
    """Return what a command prints, run in this process."""
    done = CliRunner().invoke(app, words, env=site.environ)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def counts_by_hand(site: Site, attributes: tuple[int, ...]) -> dict[str, list[int]]:
    """Return n and favorable by group, from the raw log, with nothing of the product."""
    [model] = site.models
    counts: dict[str, list[int]] = {}
    for records in read_raw(site.kafka, model["topic"]).values():
        for _, cell in recount(records, model).counted.values():
            pair = counts.setdefault(" & ".join(cell[place] for place in attributes), [0, 0])
            pair[0] += 1
            pair[1] += cell[-1] == "favorable"
    return counts


def test_every_number_of_a_bundle_is_printed_again_by_its_own_command(site: Site, bundle: Path) -> None:
    report = json.loads((bundle / "report.json").read_text("utf-8"))
    by_kind = {one["kind"]: one for one in report["evidence"]}
    assert by_kind.keys() == {
        "counts", "alerts", "judged", "policy", "topics", "retention", "audit", "audit-entries", "checklist"
    }  # fmt: skip
    for kind, one in by_kind.items():
        again = printed(site, *shlex.split(one["command"])[1:])
        if kind in ("audit", "audit-entries", "checklist"):  # the bundle itself has become an entry since
            assert len(again) >= len(one["records"])
        else:
            assert again == one["records"], one["command"]
    values = list(csv.DictReader((bundle / "values.csv").read_text("utf-8").splitlines()))
    in_csv = Counter(row["evidence"] for row in values if row["value"] != "")
    assert in_csv["counts"] > 300
    assert {row["command"] for row in values} == {one["command"] for one in by_kind.values() if one["records"]}


def test_what_is_on_the_paper_is_in_the_files(bundle: Path) -> None:
    page = (bundle / "report.html").read_text("utf-8")
    report = json.loads((bundle / "report.json").read_text("utf-8"))
    on_paper = [html.unescape(text) for text in re.findall(r'<pre class="shell">(.*?)</pre>', page, re.DOTALL)]
    copied = [shlex.split(text.replace("\\\n", "")) for text in on_paper]
    assert all(shlex.split(one["command"]) in copied for one in report["evidence"])
    rows = csv.DictReader((bundle / "values.csv").read_text("utf-8").splitlines())
    values = [row["value"].lstrip("'") for row in rows]
    numbers = [float(value) for value in values if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value)]
    known = {text for number in numbers for text in (f"{number:,.0f}", f"{number:.4f}", f"{number:+.4f}")}
    cells = re.findall(r'<td class="n">([-+]?[\d.,]+)</td>', page)
    assert len(cells) > 30
    assert set(cells) <= known


def test_the_counts_of_a_range_are_those_of_the_raw_log(site: Site) -> None:
    facts, *tables = printed(site, "replay", "count", *RANGE, "--by", "gender", "--by", "race+gender", "--json")
    for table, places in zip(tables, ((0,), (0, 1)), strict=True):
        by_hand = counts_by_hand(site, places)
        rows = [group for group in table["groups"] if group["n"] is not None]
        shown = {group["group"]: [group["n"], group["favorable"]] for group in rows}
        assert shown
        assert {name: by_hand[name] for name in shown} == shown
        assert min(n for n, _ in shown.values()) >= K
        assert facts["n_in_range"] == sum(n for n, _ in by_hand.values()) == table["n"]
        compared = [group for group in rows if group["impact_ratio"] is not None]
        highest = max(group["favorable"] / group["n"] for group in compared)
        ratios = [group["favorable"] / group["n"] / highest for group in compared]
        assert [group["impact_ratio"] for group in compared] == pytest.approx(ratios)


def test_the_manifest_has_the_digests_and_the_audit_log_proves_it(site: Site, bundle: Path, tmp_path: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    digests = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in manifest["files"]}
    assert manifest["files"] == digests
    assert {"report.html", "report.json", "values.csv"} == digests.keys()
    proof = json.loads((bundle / "audit-proof.json").read_text("utf-8"))
    assert hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest() in proof["entry"]
    key = (site.folder / "audit" / "verifier-key").read_text("utf-8").strip()
    assert "PROVEN" in verify_proof(tmp_path, proof, key)
    again = site.command("report", "eu-ai-act", *RANGE, "--out", str(bundle))
    assert again.returncode == 2
    assert "exists already" in again.stderr
