"""``replay verify`` over decisions and outcomes of ``fairstream produce credit``, as a real worker judged them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from stream_app.policy import SHIPPED
from stream_app.topics import FAIRNESS_RESULTS, outcome_join_topic
from tests.programs.chaos.logs import read_json, read_raw
from tests.support.servers.replay_stage import is_settled, live_results
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

# Short panes and windows, since everything is sent within seconds.
POLICY = (
    (SHIPPED / "credit.toml")
    .read_text("utf-8")
    .replace("out_of_orderness_s = 5", "out_of_orderness_s = 5, pane_s = 1, idle_s = 2")
    .replace("\n[models.score]", 'windows = [{ name = "10s", size_s = 10 }]\n\n[models.score]')
)


def test_decisions_and_outcomes_are_recomputed_and_a_lost_join_topic_is_reported(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), POLICY, n_partitions=2)
    name = site.models[0]["name"]
    with site.worker() as worker:
        sent = site.command("produce", "credit", "--count", "4000", "--rate", "2000", "--outcome-delay", "1")
        assert sent.returncode == 0, sent.stderr
        site.wait_until("all decisions are judged", lambda: is_settled(site))
        site.wait_until("all outcomes are judged", lambda: n_judged(site) == n_raw(site))
        assert worker.stop() == 0
    verification = json.loads(verify(site, "--json"))
    outcomes = verification["outcomes"]
    assert (verification["is_equal"], outcomes["is_equal"]) == (True, True)
    assert (outcomes["model"], outcomes["n_missing"], outcomes["n_unexpected"]) == (f"{name}/outcomes", 0, 0)
    assert verification["n_equal"] >= len(live_results(site)) >= len(site.models[0]["attributes"])
    assert outcomes["n_equal"] >= len(outcome_results(site)) >= len(site.models[0]["attributes"])
    assert f"{outcomes['n_equal']:,} about its outcomes" in " ".join(verify(site, "--published").split())

    check_alternatives(site, tmp_path / "alternatives")

    topic = outcome_join_topic(site.app_id, name)
    admin = AdminClient({"bootstrap.servers": kafka})
    for done in admin.delete_records([TopicPartition(topic, 0, 2)]).values():
        done.result(120)
    assert f"{topic}[0] has lost the offsets 0 to 1" in verify(site, code=2)
    admin.delete_topics([topic])[topic].result(120)
    assert f"The outcome-join topic {topic} is gone" in verify(site, code=2)


def verify(site: Site, *arguments: str, code: int = 0) -> str:
    done = site.command("replay", "verify", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout or done.stderr


def check_alternatives(site: Site, folder: Path) -> None:
    """Search for alternatives among cuts of the score, and replay one of them on its own."""
    done = site.command("replay", "search", "--cuts", "0.30:0.70:0.05", "--out", str(folder), "--unsafe-exact")
    assert done.returncode in (0, 1), done.stderr
    assert {path.name for path in folder.iterdir()} == {
        "alternatives.csv", "alternatives.json", "alternatives.svg", "report.html",
    }  # fmt: skip
    result = json.loads((folder / "alternatives.json").read_bytes())
    assert (result["n_outcomes"], result["is_selective"], len(result["alternatives"])) == (n_raw(site), True, 9)
    at_half, logged = result["alternatives"][4], result["logged"]
    assert at_half["rule"] == "0.5"  # the cut of the lender: the same decisions
    assert {**at_half, "pairs": 0} | {"log_e_approvals": 0, "log_e_outcomes": 0} == {
        **logged, "pairs": 0, "score": "score", "rule": "0.5", "log_e_approvals": 0, "log_e_outcomes": 0,
    }  # fmt: skip
    assert result["alternatives"][0]["outcomes"]["n_not_known"] > logged["outcomes"]["n_not_known"]

    mitigated = site.command(
        "mitigate", "--attribute", "gender", "--goal", "parity", "--trade-off", "repayment",
        "--out", str(folder / "mitigation"), "--json",
    )  # fmt: skip
    assert mitigated.returncode == 0, mitigated.stderr
    answer = json.loads(mitigated.stdout)
    known = logged["favorable"] - logged["outcomes"]["n_not_known"]
    assert (answer["label"], answer["n"], answer["missing"]) == ("outcome", known, "selective_outcomes")
    assert [row["group"] for row in answer["weights"]] == ["female", "female", "male", "male"]
    [decided] = [rule for rule in answer["trade_off"]["rules"] if rule["rule"] == "logged"]
    assert decided["approved"] == pytest.approx(logged["rate"])
    assert list(decided["repayment"].values()) == pytest.approx([logged["outcomes"][end] for end in ("lower", "upper")])
    assert {path.name for path in (folder / "mitigation").iterdir()} == {
        "mitigation.json", "weights.csv", "trade-off.csv", "trade-off.svg",
    }  # fmt: skip

    run = site.command("replay", "run", "--alternative", "0.35", "--run", "own", "--consistency", "0", "--unsafe-exact")
    assert run.returncode == 0, run.stderr
    lines = (site.folder / "replays" / "own" / "results-0.jsonl").read_bytes().splitlines()
    totals = {r["attribute"]: r for r in map(json.loads, lines) if r["window"] == "total"}
    for pair in result["alternatives"][1]["pairs"]:
        rows = {row["group"]: row for row in totals[pair["attribute"]]["groups"]}
        names = ("n", "favorable", "rate", "disparate_impact_ratio", "gap")
        assert [pair[name] for name in names] == [rows[pair["group"]][name] for name in names]


def n_raw(site: Site) -> int:
    """Return how many cases have an outcome in the raw topic."""
    log = read_raw(site.kafka, site.models[0]["outcome"]["topic"])
    return len({json.loads(row.value or b"")["application_id"] for rows in log.values() for row in rows})


def n_judged(site: Site) -> int:
    """Return how many outcomes are in the newest running total."""
    totals = [
        result["n"]
        for result in outcome_results(site)
        if (result["window"], result["attribute"]) == ("total", "gender")
    ]
    return totals[-1] if totals else -1


def outcome_results(site: Site) -> list[dict[str, Any]]:
    name = f"{site.models[0]['name']}/outcomes"
    return [result for result in read_json(site.kafka, FAIRNESS_RESULTS, site.app_id) if result["model"] == name]
