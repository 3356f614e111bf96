"""A key is rotated while the stream runs, and alerts are sealed: live and replay agree, with and without the keys."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice

import pytest

from producers.publish import Destination, publish
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.files.key_file import add_key, key_file_path, load_keys
from stream_app.edges.keys.sealing_file import SealingFile
from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS
from tests.programs.chaos.disturbed import disturbed_events
from tests.programs.chaos.logs import read_json
from tests.programs.chaos.schedule import Plan
from tests.support.audit_logs import entries_of
from tests.support.servers.replay_stage import is_settled
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N_EVENTS = 12_000


@pytest.fixture(scope="module")
def site(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Send half of the events, begin an epoch at a minute of the other half, and go on while the worker runs."""
    folder = tmp_path_factory.mktemp("keys")
    site = open_site(kafka, folder, f"it-{folder.name}-{folder.stat().st_ino}", "loans")
    public = SealingFile(folder / "auditor").create().key.public
    with site.policy_file.open("a") as file:
        file.write(f'\n[models.sealing]\nauditors = ["{public}"]\n')
    events = list(disturbed_events(Plan(seed=5, n_events=N_EVENTS, rate=1e9, event_rate=25.0)))
    stream = iter(events)
    with site.worker() as worker:
        publish(islice(stream, len(events) // 2), Destination(kafka, site.models[0]["topic"]))
        site.wait_until("the first half is counted", lambda: is_settled(site))
        newest_s = max(time_of(event) for event in read_json(kafka, site.models[0]["output_topic"]))
        add_key(key_file_path(folder), int(newest_s // 60 + 2) * 60)
        site.wait_until("the key is noticed", lambda: "Pseudonym keys changed" in site.log_path.read_text())
        publish(stream, Destination(kafka, site.models[0]["topic"]))
        site.wait_until("all is counted and closed", lambda: is_settled(site))
        assert worker.stop() == 0
    return site


def time_of(event: dict[str, str]) -> float:
    return datetime.fromisoformat(event["ts"]).timestamp()


def test_no_window_has_two_pseudonyms_of_one_person(site: Site) -> None:
    old, new = load_keys(key_file_path(site.folder))
    kids: dict[int, set[str]] = {}
    for event in read_json(site.kafka, site.models[0]["output_topic"]):
        kids.setdefault(int(time_of(event) // 60), set()).add(event["applicant_id"].split(".")[1])
    assert {*map(frozenset, kids.values())} == {frozenset({old.kid}), frozenset({new.kid})}
    assert all(kids_of_minute == {expected(minute, old, new)} for minute, kids_of_minute in kids.items())


def expected(minute: int, old: RootKey, new: RootKey) -> str:
    return new.kid if minute * 60 >= new.valid_from_s else old.kid


@pytest.mark.parametrize("source", ["--from-raw", "--published"])
def test_live_and_replay_agree_over_the_rotation_sealed_alerts_included(site: Site, source: str) -> None:
    done = site.command("replay", "verify", "--json", source)
    verification = json.loads(done.stdout)
    assert (done.returncode, verification["is_equal"], verification["n_missing"]) == (0, True, 0), verification
    assert any(alert["change"] == "breach" for alert in sealed_alerts(site))


def test_an_auditor_reads_what_the_topic_does_not_say(site: Site) -> None:
    alerts = sealed_alerts(site)
    assert all(set(alert) >= {"sealed", "body"} and "group" not in alert for alert in alerts)
    auditor = site.folder / "auditor"
    create_log(Settings(state_dir=str(auditor)), "tests/auditor")
    arguments = ("alerts", "decrypt", "--reason", "Test of the rotation", "--json", "--last", "0")
    done = site.command(*arguments, "--state-dir", str(auditor))
    opened = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, len(opened)) == (0, len(alerts)), done.stderr
    assert {alert["attribute"] for alert in opened} >= {"gender"}
    entries = entries_of(auditor, "alerts-opened")
    assert {entry.data["reason"] for entry in entries} == {"Test of the rotation"}
    assert sum(len(entry.data["alerts"]) for entry in entries) == len(alerts)
    listed = site.command("alerts", "list", "--json", "--last", "0").stdout
    assert "gender" not in listed
    stranger = site.folder / "stranger"
    SealingFile(stranger).create()
    unaudited = site.folder / "unaudited"
    SealingFile(unaudited).path.parent.mkdir(mode=0o700, parents=True)
    SealingFile(unaudited).path.write_bytes(SealingFile(auditor).path.read_bytes())
    SealingFile(unaudited).path.chmod(0o600)
    denied = site.command(*arguments, "--state-dir", str(unaudited))
    assert (denied.returncode, denied.stdout, "fairstream audit init" in denied.stderr) == (2, "", True)
    refused = site.command(*arguments, "--state-dir", str(stranger))
    assert (refused.returncode, refused.stdout, "cannot be opened" in refused.stderr) == (1, "", True)


def sealed_alerts(site: Site) -> list[dict[str, object]]:
    name = site.models[0]["name"]
    return [alert for alert in read_json(site.kafka, FAIRNESS_ALERTS, site.app_id) if alert["model"] == name]
