"""A policy changes while its deployment lives: counts go on exactly, by one worker and by two with different files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer

from stream_app.edges.kafka.admin import create_topics
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS, declared_topics
from tests.programs.chaos.logs import read_json
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

POLICY = """
[[models]]
name = "{name}"
topic = "{name}-raw"
event_id = {{ path = "id", link_domain = "app" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_ms", out_of_orderness_s = 1, pane_s = 2, idle_s = 1 }}
attributes = [{{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }}]
keep = ["age", "zone"]
detection = {{ wait_s = 2 }}
windows = [{{ name = "2s", size_s = 2 }}, {{ name = "10s", size_s = 10 }}]
"""
AGE = '{ name = "age", path = "age", groups = ["old", "young"], reference = "young" }'


def policy(name: str) -> str:
    return POLICY.format(name=name)


def grown(text: str) -> str:
    """Return the policy with one more group, an attribute before the others, a segment, a feature and a window."""
    text = text.replace('groups = ["f", "m"]', 'groups = ["m", "x", "f"]').replace(
        "attributes = [", f"attributes = [{AGE}, "
    )
    text = text.replace('keep = ["age", "zone"]', 'segment = { name = "zone", path = "zone", values = ["a", "b"] }')
    return text.replace("windows = [", 'windows = [{ name = "20s", size_s = 20 }, ')


def send(site: Site, model: str, sexes: Iterable[str], *, favorable: int = 1) -> None:
    """Send one decision for each letter; the first ``favorable`` of two are approved."""
    producer = Producer({"bootstrap.servers": site.kafka})
    now_ms = int(time.time() * 1000)
    for number, sex in enumerate(sexes):
        event = {
            "id": f"{model}-{now_ms}-{number}", "t": now_ms + number, "ok": number % 2 < favorable, "sex": sex,
            "age": "old", "zone": "a",
        }  # fmt: skip
        producer.produce(f"{site.app_id}-{model}-raw", json.dumps(event).encode(), key=str(number).encode())
    assert producer.flush(120) == 0


def totals(site: Site, model: str, attribute: str = "sex") -> dict[str, int]:
    """Return the decisions of each group in the newest running totals."""
    newest: dict[str, int] = {}
    for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id):
        if (result["model"], result["window"], result["attribute"]) == (f"{site.app_id}-{model}", "total", attribute):
            newest = {group["group"]: group["n"] for group in result["groups"] if group["n"]}
    return newest


def n_windows_twice(site: Site) -> int:
    """Return how many windows of an attribute were published twice with one revision."""
    keys = [
        (result["model"], result["window"], result["end_s"], result["attribute"], result["revision"])
        for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id)
        if result["model"].startswith(site.app_id) and result["window"] != "total"
    ]
    return len(keys) - len(set(keys))


def write_policy(site: Site, path: Path, *texts: str) -> Site:
    """Return the site with another policy, whose topics exist."""
    models = (
        "".join(texts)
        .replace('name = "loans', f'name = "{site.app_id}-loans')
        .replace('= "loans', f'= "{site.app_id}-loans')
    )
    path.write_text("schema = 1\n" + models, "utf-8")
    changed = replace(site, policy_file=path)
    create_topics(site.kafka, declared_topics(changed.policy, site.app_id, partitions=2))
    return changed


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    return open_site(kafka, tmp_path, app_id, policy("loans"), n_partitions=2)


def test_a_grown_policy_goes_on_counting_under_the_same_application_id(site: Site, tmp_path: Path) -> None:
    with site.worker() as worker:
        send(site, "loans", "fm" * 60 + "x" * 10)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 130)
        assert worker.stop() == 0
    assert totals(site, "loans") == {"f": 60, "m": 60, "__other__": 10}
    wide = write_policy(site, tmp_path / "wide.toml", grown(policy("loans")))
    with wide.worker() as worker:
        send(site, "loans", "fmx" * 20)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 190)
        assert worker.exit_code() is None
    assert totals(site, "loans") == {"f": 80, "m": 80, "x": 20, "__other__": 10}
    assert totals(site, "loans", "age") == {"old": 60, "unknown": 130}
    assert n_windows_twice(site) == 0
    with site.worker() as worker:  # the former file: the newer policy is followed, and the log says so
        send(site, "loans", "x" * 10)
        site.wait_until("all are counted", lambda: totals(site, "loans").get("x") == 30)
        assert worker.stop() == 0
    assert "A newer policy is registered and followed" in site.log_path.read_text("utf-8")
    assert site.command("policy", "activate", str(site.policy_file)).returncode == 0
    with site.worker():
        send(site, "loans", "x" * 10)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 210)
    assert totals(site, "loans") == {"f": 80, "m": 80, "__other__": 50}


def test_what_is_retained_is_counted_again_once_through_a_crash_and_can_be_verified(site: Site, tmp_path: Path) -> None:
    with site.worker() as worker:
        send(site, "loans", "fm" * 60 + "x" * 10)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 130)
        assert worker.stop() == 0
    wide = write_policy(site, tmp_path / "wide.toml", grown(policy("loans")))
    activated = wide.command("policy", "activate", "--recount")
    assert "counts its retained records again" in activated.stdout, activated
    log = site.log_path
    with wide.worker() as worker:
        site.wait_until("it counts again", lambda: "Counted again under another policy" in log.read_text("utf-8"))
        worker.kill()
    with wide.worker() as worker:
        send(site, "loans", "fmx" * 20)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 190)
        assert worker.stop() == 0
    assert totals(site, "loans") == {"f": 80, "m": 80, "x": 30}
    assert totals(site, "loans", "age") == {"old": 190}
    assert n_windows_twice(site) == 0
    verified = wide.command("replay", "verify", "--from-raw", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["since_entry"] is not None
    assert "followed this policy already" in wide.command("policy", "activate", "--recount").stdout


@pytest.mark.parametrize("is_new_first", [False, True])
def test_a_rolling_update_that_changes_adds_and_removes_models_loses_nothing(
    site: Site,
    tmp_path: Path,
    is_new_first: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    former = write_policy(site, tmp_path / "former.toml", policy("loans"), policy("loans-gone"))
    later = write_policy(site, tmp_path / "later.toml", grown(policy("loans")), policy("loans-added"))
    first, second = (later, former) if is_new_first else (former, later)
    logs = [replace(one, folder=site.folder / name) for one, name in ((first, "first"), (second, "second"))]
    for log in logs:
        log.folder.mkdir()
    keys = {"FAIRSTREAM_STATE": str(site.folder)}

    def sent() -> int:
        return sum(sum(totals(site, model).values()) for model in ("loans", "loans-gone", "loans-added"))

    with logs[0].worker(**keys) as one:
        send(site, "loans", "fmx" * 20)
        send(site, first.models[1]["name"].removeprefix(f"{site.app_id}-"), "fm" * 20)
        site.wait_until("the first worker has counted", lambda: sent() == 100)
        with logs[1].worker(**keys) as other:
            for model in ("loans", "loans-gone", "loans-added"):
                send(site, model, "fmx" * 10)
            site.wait_until("both have counted", lambda: sent() == 190)
            assert (one.exit_code(), other.exit_code()) == (None, None)
            assert one.stop() == 0
            send(site, "loans", "x" * 5)
            site.wait_until("the second goes on alone", lambda: sent() == 195)
            assert other.stop() == 0
    assert n_windows_twice(site) == 0
    counted = totals(site, "loans")
    assert (counted["f"], counted["m"], counted.get("x", 0) + counted.get("__other__", 0)) == (30, 30, 35)


def test_the_way_that_a_message_names_works_and_so_does_the_way_back(site: Site, tmp_path: Path) -> None:
    with site.worker() as worker:
        send(site, "loans", "fm" * 50)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 100)
        assert worker.stop() == 0
    other_panes = write_policy(site, tmp_path / "panes.toml", policy("loans").replace("pane_s = 2", "pane_s = 1"))
    with other_panes.worker() as worker:
        assert worker.wait(300) == 70
    last = site.log_path.read_text("utf-8").strip().splitlines()[-1]
    assert "event_time.pane_s changed from 2 to 1" in last
    assert "set FAIRSTREAM_APP_ID, then run fairstream topics create and the workers" in last
    second = replace(other_panes, app_id=f"{site.app_id}-2")  # the topics keep their names
    assert second.command("topics", "create").returncode == 0
    n_before = sum(1 for _ in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id))
    with second.worker() as worker:
        site.wait_until(
            "it is counted again",
            lambda: sum(1 for _ in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id)) > n_before,
        )
        assert worker.stop() == 0
    with site.worker() as worker:
        send(site, "loans", "fm" * 10)
        site.wait_until("the first goes on", lambda: sum(totals(site, "loans").values()) == 120)
        assert worker.stop() == 0


def test_a_stricter_limit_keeps_a_breach_open_and_says_that_monitoring_was_restarted(
    site: Site, tmp_path: Path
) -> None:
    def breaches() -> list[str]:
        return [
            alert["change"]
            for alert in read_json(site.kafka, FAIRNESS_ALERTS, site.app_id)
            if alert["model"].startswith(site.app_id)
        ]

    with site.worker() as worker:
        for _ in range(3):
            send(site, "loans", "m" * 400, favorable=2)
            send(site, "loans", "f" * 400, favorable=0)
        site.wait_until("a breach is reported", lambda: "breach" in breaches())
        assert worker.stop() == 0
    n_before = len(breaches())
    strict = policy("loans").replace("windows", "rules = { min_disparate_impact_ratio = 0.81 }\nwindows")
    with write_policy(site, tmp_path / "strict.toml", strict).worker() as worker:
        site.wait_until("the restart is reported", lambda: "restart" in breaches())
        send(site, "loans", "mf" * 20)
        site.wait_until("all are counted", lambda: sum(totals(site, "loans").values()) == 2440)
        assert worker.stop() == 0
    assert "recovery" not in breaches()[n_before:]
    newest = [r for r in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if r["model"].startswith(site.app_id)][-1]
    assert [group["state"] for group in newest["groups"] if group["group"] == "f"] == ["breach"]
    listed = [json.loads(line) for line in site.command("alerts", "list", "--json", "--last", "0").stdout.splitlines()]
    assert "restart" in [alert["change"] for alert in listed if alert["model"].startswith(site.app_id)]
