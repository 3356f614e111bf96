"""What is known about the items of a checklist."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.reports.evidence import Evidence
from stream_app.policy import load_policy
from stream_app.programs.audit.places import create_log
from stream_app.programs.checklist.confirmations import Confirmation, LogFacts, confirm, read_log_facts
from stream_app.programs.checklist.items import ITEMS, ItemReport, confirmed_items
from stream_app.programs.checklist.judge import Facts, judge_items
from stream_app.settings import Settings

DAY_S = 86_400.0
NOW_S = 1_796_040_000.0


def reports(
    log: LogFacts | None = None, settings: Settings | None = None, policy: str = "loans"
) -> dict[str, ItemReport]:
    facts = Facts(settings or Settings(), load_policy(policy), log, {}, NOW_S)
    return {report.item: report for report in judge_items(None, facts)}


def test_both_lists_have_every_item_of_the_guideline() -> None:
    facts = Facts(Settings(), load_policy("loans"), None, {}, NOW_S)
    before = {report.item for report in judge_items("pre-deployment", facts)}
    ongoing = {report.item for report in judge_items("ongoing", facts)}
    assert {"validation", "rate-limits", "anomaly-scores", "adversarial-test", "fairness-limits", "keys"} <= before
    assert {"query-patterns", "open-breaches", "distribution-shift", "adversarial-test", "access-review"} <= ongoing
    assert before | ongoing == {item.name for item in ITEMS}


def test_without_evidence_an_item_is_unknown_or_needs_attention_and_says_what_to_do() -> None:
    known = reports()
    assert {known[name].state for name in ("retention", "open-breaches", "keys")} == {"unknown"}
    assert all(report.advice for report in known.values() if report.state != "ok")
    assert all(report.text for report in known.values())


@pytest.mark.parametrize(("age_days", "state"), [(0.0, "ok"), (90.9, "ok"), (91.0, "attention")])
def test_a_confirmation_is_valid_for_its_days(age_days: float, state: str) -> None:
    log = LogFacts({"access-review": Confirmation(NOW_S - age_days * DAY_S, "ops", "done")})
    report = reports(log)["access-review"]
    assert report.state == state
    assert "by ops: done" in report.text
    assert reports(LogFacts({}))["access-review"].state == "unknown"


def test_suspected_clients_of_the_last_thirty_days_need_attention() -> None:
    assert reports(LogFacts({}, (NOW_S - 31 * DAY_S,)))["query-patterns"].state == "ok"
    assert reports(LogFacts({}, (NOW_S - 29 * DAY_S,)))["query-patterns"].state == "attention"
    assert reports()["query-patterns"].state == "unknown"


def test_settings_and_policy_decide_about_encryption_seals_and_ranges() -> None:
    insecure = Settings(kafka="broker.example:9092")
    assert reports(settings=insecure)["encryption"].state == "attention"
    assert reports(settings=Settings(security_protocol="SSL"))["encryption"].state == "ok"
    assert reports(settings=Settings(record_key_file="k"))["record-seals"].state == "ok"
    assert reports()["record-seals"].state == "attention"
    assert reports()["validation"].state == "ok"


def test_topics_that_keep_records_too_long_are_named() -> None:
    retention = Evidence(
        kind="retention",
        command="x",
        is_reproduced=False,
        exit_code=1,
        records=({"topic": "raw", "verdict": "too long"}, {"topic": "alerts", "verdict": "ok"}),
    )
    facts = Facts(Settings(), load_policy("loans"), None, {"retention": retention}, NOW_S)
    [report] = [report for report in judge_items("ongoing", facts) if report.item == "retention"]
    assert (report.state, report.text) == ("attention", "1 of 2 topics: raw (too long).")


def test_the_newest_confirmation_is_read_back_from_the_audit_log(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(Settings(), state_dir=str(tmp_path))
    assert read_log_facts(settings) is None
    with pytest.raises(ConfigError, match="audit init"):
        confirm(settings, "access-review", "ops", "done")
    create_log(settings, "test/log")
    assert read_log_facts(settings) == LogFacts({})  # nobody has confirmed anything; there is a log
    confirm(settings, "access-review", "ops", "first")
    confirm(settings, "access-review", "ops", "second")
    log = read_log_facts(settings)
    assert log is not None
    assert log.confirmations["access-review"].note == "second"
    assert log.confirmations.keys() <= confirmed_items().keys()
