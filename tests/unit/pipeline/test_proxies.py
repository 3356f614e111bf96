"""Groups that are known by probabilities, from raw records to results, alerts, replay and a changed policy."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
import pytest

from fairstream.testing import InMemoryPipeline
from stream_app.cli.layout.drawing import draw
from stream_app.cli.policy.text import describe_sample
from stream_app.cli.show.alert_text import describe_alert
from stream_app.cli.show.result_table import result_table
from stream_app.core.groups.comparison import State
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.metrics.fairness_metrics import FairnessMetrics
from stream_app.edges.metrics.series_limit import count_series
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.shown import disclose_window
from stream_app.pipeline.ingest.sample import SampleReport, try_sample
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import GroupResult, ProxyValues, Result
from stream_app.pipeline.replay.bisect.bisection import attribute_of
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.sources import LabelMap, PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verifier
from stream_app.policy import ModelPolicy, Policy, parse_policy
from stream_app.render.report.charts import draw_rates
from stream_app.render.report.subgroups import write_subgroups
from tests.support import judged_world, memory_logs
from tests.support.feeds import START_S, Decision, Run, Upload, play, replayed_alerts, without_offsets
from tests.support.memory_logs import MemoryPartition

KEY = RootKey("abcdef", 0, bytes(range(32)))
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, idle_s = 5 }
proxies = [{ name = "race", groups = { white = "p.white", black = "p.black" }, reference = "white" }]
windows = [{ name = "1m", size_s = 60 }, { name = "1h", size_s = 3600 }]
detection = { period_s = 60, false_alarms_per_million = 100 }
privacy = { k = 5 }
"""


@dataclass(frozen=True)
class Estimated(Decision):
    """A decision about somebody whose group is known by probabilities."""

    p: Any = None

    def encode(self) -> bytes:
        """Return the raw record."""
        record = {"id": f"d{self.number}", "t": self.time_s, "ok": self.is_approved, "p": self.p}
        return json.dumps({name: value for name, value in record.items() if value is not None}).encode()


def decisions(n: int, *, unfair: range = range(0), seed: int = 1, of: int = 10) -> list[Estimated]:
    """Return ``of`` decisions a second; between some of them, areas where more black people live are approved less."""
    draw = random.Random(seed)
    made = []
    for number in range(n):
        black = draw.choice((0.05, 0.9))
        rate = 0.25 if number in unfair and black > 0.5 else 0.7
        p = {"white": round(0.98 - black, 3), "black": black}
        made.append(Estimated(number, START_S + number // of, "", draw.random() < rate, p))
    return made


def by_minute(made: Iterable[Estimated], n_partitions: int = 1) -> list[Upload]:
    uploads: dict[tuple[int, int], list[Decision]] = {}
    for decision in made:
        at = (decision.time_s // 60 * 60 + 65, decision.number % n_partitions)
        uploads.setdefault(at, []).append(decision)
    return [Upload(at_s + 0.1 * partition, partition, part) for (at_s, partition), part in sorted(uploads.items())]


def policy(**fields: Any) -> Policy:
    parsed = parse_policy(POLICY)
    return msgspec.structs.replace(parsed, models=(msgspec.structs.replace(parsed.models[0], **fields),))


@pytest.fixture(scope="module")
def run() -> Run:
    return play(by_minute(decisions(40_000, unfair=range(15_000, 30_000))), policy())


def of(run: Run, test: PairTest) -> list[Alert]:
    return [alert for alert in run.alerts if alert.test is test]


def newest(run: Run, window: str) -> Result:
    results = [result for result in run.pipeline.exact_results() if result.window == window]
    return max((result for result in results if isinstance(result, Result)), key=lambda result: result.end_s)


def rows_of(result: Result) -> dict[str, GroupResult]:
    return {group.group: group for group in result.groups}


def test_a_violation_and_its_end_are_detected_once_each_and_dated(run: Run) -> None:
    breach, recovery = of(run, PairTest.RATIO_LOW)
    assert (breach.change, recovery.change) == ("breach", "recovery")
    assert abs(breach.onset_s - START_S - 1500) <= 60
    assert breach.at_s - START_S - 1500 <= 180
    assert abs(recovery.onset_s - START_S - 3000) <= 60
    assert not of(run, PairTest.RATIO_HIGH)
    assert not of(run, PairTest.GAP_HIGH)


def test_an_alert_says_that_groups_are_estimated_and_what_that_can_hide(run: Run) -> None:
    [breach, _] = of(run, PairTest.RATIO_LOW)
    assert isinstance(breach.proxy, ProxyValues)
    assert breach.proxy.ratio_bounds is not None
    assert breach.proxy.ratio_bounds.lower < (breach.disparate_impact_ratio or 0)
    for part in ("Estimated disparate impact ratio", "nobody's group is known", "looks smaller than it is", "black"):
        assert part in breach.sentence
    shown = disclose_alert(breach, 5)
    assert (shown.proxy, shown.is_hidden) == (breach.proxy, False)
    assert disclose_alert(breach, breach.n + 1).proxy is msgspec.UNSET


def test_a_replay_of_raw_records_says_the_same_as_live(run: Run) -> None:
    assert without_offsets(replayed_alerts(run.pipeline)) == without_offsets(run.alerts)


def test_a_restart_changes_nothing_and_neither_do_partitions() -> None:
    made = decisions(12_000, unfair=range(4_000, 12_000))
    once = play(by_minute(made), policy())
    assert of(once, PairTest.RATIO_LOW)
    restarted = play(by_minute(made), policy(), is_restarted=True)
    assert restarted.alerts == once.alerts
    spread = play(by_minute(made, 3), policy(), n_partitions=3)
    assert without_offsets(spread.alerts) == without_offsets(once.alerts)
    assert newest(spread, "1h").groups == newest(once, "1h").groups


def test_every_decision_counts_for_each_group_by_its_probability(run: Run) -> None:
    result = newest(run, "total")
    made = decisions(40_000, unfair=range(15_000, 30_000))
    rows = rows_of(result)
    assert list(rows) == ["white", "black", "unknown"]
    assert result.n == len(made)
    for group in ("white", "black"):
        n = sum(decision.p[group] for decision in made)
        favorable = sum(decision.p[group] for decision in made if decision.is_approved)
        assert rows[group].n == pytest.approx(n, abs=1)
        assert rows[group].rate == pytest.approx(favorable / n, abs=1e-4)
        squares, proxy = sum(decision.p[group] ** 2 for decision in made), rows[group].proxy
        assert isinstance(proxy, ProxyValues)
        assert proxy.n_effective == pytest.approx(n * n / squares, rel=1e-3)
    assert rows["unknown"].n == pytest.approx(0.02 * len(made), abs=2)
    assert rows["unknown"].proxy is msgspec.UNSET
    black, white = rows["black"].rate or 0, rows["white"].rate or 1
    assert rows["black"].disparate_impact_ratio == pytest.approx(black / white)


def test_a_running_total_has_no_interval_of_chance_and_keeps_the_range(run: Run) -> None:
    shown = disclose_window(newest(run, "total"), 5)
    for group in shown.groups:
        assert (group.rate_bounds, group.ratio_bounds, group.gap_bounds) == (None, None, None)
    assert shown.groups[1].proxy is not msgspec.UNSET
    window = disclose_window(newest(run, "1m"), 5)
    assert window.groups[1].ratio_bounds is not None


def test_metrics_say_which_groups_are_estimated_and_what_their_ratio_can_be(run: Run) -> None:
    metrics = FairnessMetrics(policy(), max_series=1000)
    results = [result for result in run.pipeline.exact_results() if isinstance(result, Result)]
    metrics.take(results, run.alerts)
    samples = {
        (sample.name, sample.labels.get("window"), sample.labels.get("group")): sample.value
        for family in metrics.families()
        for sample in family.samples
    }
    assert samples["fairstream_proxy_info", None, None] == 1
    least, most = (
        samples[f"fairstream_proxy_disparate_impact_ratio_{end}", "1h", "black"] for end in ("lower", "upper")
    )
    assert least < samples["fairstream_disparate_impact_ratio", "1h", "black"] < most
    assert 0 < len(samples) <= count_series(policy())
    assert samples["fairstream_threshold_ratio", None, None] in (0.8, 0.2)


def test_tables_charts_and_frames_mark_estimated_groups(run: Run) -> None:
    shown = [disclose_window(newest(run, "1h"), 5)]
    assert "race, compared with white, groups estimated from probabilities" in draw(result_table(shown), 80).plain
    assert ", estimated groups" in describe_alert(disclose_alert(run.alerts[0], 5)).plain.splitlines()[0]
    subgroups = write_subgroups(ScenarioResults("original", shown, []), policy().models[0].rules)
    assert "black vs. white" in subgroups
    assert ", estimated<" in subgroups
    assert "race: approval rate by window of 1h, estimated from probabilities" in draw_rates(shown, policy().models[0])
    frame = run.pipeline.results()
    black = frame[(frame["group"] == "black") & (frame["window"] == "1h")].iloc[0]
    assert black["least_ratio"] < black["disparate_impact_ratio"] < black["most_ratio"]
    assert (run.pipeline.alerts()["least_ratio"] < 0.8).all()


def test_versions_are_not_compared_for_estimated_groups() -> None:
    with pytest.raises(ConfigError, match="estimated from probabilities"):
        attribute_of(policy().models[0], "black", None)


def test_a_group_of_few_expected_members_is_hidden_with_everything_about_it() -> None:
    rare = [
        Estimated(number, START_S + number // 10, "", number % 2 == 0, {"white": 0.9, "black": 0.005})
        for number in range(600)
    ]
    result = newest(play(by_minute(rare), policy()), "1m")
    white, black, *_ = disclose_window(result, 5).groups
    assert (black.hidden, black.n, black.proxy) == ("small_cell", None, msgspec.UNSET)
    assert rows_of(result)["black"].state is State.INSUFFICIENT
    assert white.state is None


PROBABILITIES = [
    ({"white": 0.7, "black": 0.2}, True, None),
    ({"white": 1, "black": 0}, True, None),
    ({"white": 0.5, "black": 0.500_000_9}, True, None),
    (None, False, None),
    ({"white": None, "black": None}, False, None),
    ({"white": 0.7, "black": 0.4}, False, "race (sum above 1)"),
    ({"white": 0.7}, False, "race (incomplete)"),
    ({"white": 0.7, "black": None}, False, "race (incomplete)"),
    ({"white": "0.7", "black": 0.2}, False, "p.white"),
    ({"white": True, "black": 0.2}, False, "p.white"),
    ({"white": 1.01, "black": 0.0}, False, "p.white"),
    ({"white": -0.01, "black": 0.5}, False, "p.white"),
    ({"white": 0.7, "black": [0.2]}, False, "p.black"),
]


@pytest.mark.parametrize(("p", "has_any", "dropped"), PROBABILITIES)
def test_bad_probabilities_never_reject_a_record_and_are_counted_by_reason(
    p: object, dropped: str | None, *, has_any: bool
) -> None:
    good = [Estimated(number, START_S, "", True, {"white": 0.25, "black": 0.5}) for number in range(20)]
    tested = Estimated(99, START_S, "", True, p)
    records = [decision.encode() for decision in (*good[:10], tested, *good[10:])]
    pipeline = InMemoryPipeline(policy())
    pipeline.send_records(records, time_s=START_S + 1.0)
    assert not pipeline.dead_letters()
    with_any = [event for event in pipeline.published() if (event.get("p") or {}).get("white") is not None]
    assert (len(pipeline.published()), len(with_any)) == (21, 20 + has_any)
    report = sample(records)
    [proxy] = report.proxies or []
    assert (report.n_counted, proxy.n) == (21, 20 + has_any)
    # One that cannot be read makes those of the record incomplete.
    expected = {dropped, "race (incomplete)"} if dropped is not None and dropped.startswith("p.") else {dropped}
    assert report.dropped == dict.fromkeys(expected - {None}, 1)


def sample(records: Sequence[bytes]) -> SampleReport:
    n = len(records)
    times_ms = np.full(n, START_S * 1000, np.int64)
    return try_sample(policy().models[0], [Batch("raw", 0, 0, n, np.arange(n), list(records), times_ms)], KEY)


def test_a_sample_says_how_many_have_probabilities_and_their_mean() -> None:
    made = [Estimated(n, START_S, "", True, {"white": 0.25, "black": 0.5} if n % 2 else None) for n in range(40)]
    report = sample([each.encode() for each in made])
    [proxy] = report.proxies or []
    assert (proxy.name, proxy.n, proxy.means) == ("race", 20, {"white": 0.25, "black": 0.5})
    assert report.features == []
    assert "20 of 40 counted records have probabilities" in describe_sample(report)
    few = sample([each.encode() for each in made[:4]])
    assert [each.means for each in few.proxies or []] == [{}]


WORLD = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "case" }}
decision = {{ path = "ok", favorable = true, unfavorable = [false] }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [{{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }}]
{proxies}
segment = {{ name = "product", path = "product", values = ["home", "car"] }}
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ min_n = 3, min_disparate_impact_ratio = 0.8 }}
detection = {{ false_alarms_per_million = 100000, wait_s = 60, period_s = 7200, is_stratified = true }}
unknown_fields = "drop"
deduplication_window = 20
"""
RACE = 'proxies = [{ name = "race", groups = { white = "w", black = "b" }, reference = "white" }]'
MORE = 'proxies = [{ name = "race", groups = { white = "w", black = "b", asian = "a" }, reference = "white" }]'
POLICIES = [parse_policy(WORLD.format(proxies=proxies)) for proxies in ("", RACE, MORE)]


def world_logs(n: int) -> list[list[bytes]]:
    """Return the records of two partitions; after some time black people are approved less; some lack probabilities."""
    draw = random.Random(4)
    logs: list[list[bytes]] = [[], []]
    for partition, offset in itertools.product(range(2), range(n)):
        black = draw.choice((0.1, 0.85))
        p = {"w": 0.95 - black, "b": black, "a": 0.03} if draw.random() < 0.9 else {"w": 2, "b": black}
        record = {
            "id": f"{partition}-{offset}",
            "t": memory_logs.START_S + offset * memory_logs.STEP_S,
            "sex": draw.choice(("f", "m")),
            "product": draw.choice(("home", "car", None)),
            "ok": draw.random() < (0.05 if black > 0.5 and offset > n // 2 else 0.8),
        }
        logs[partition].append(json.dumps(record | p).encode())
    return logs


@pytest.mark.parametrize("source", ["raw", "published"])
@pytest.mark.parametrize("policies", [POLICIES[1:2], POLICIES, POLICIES[::-1]])
def test_days_of_verdicts_are_reproduced_also_when_a_policy_grows_by_a_proxy(
    source: Literal["raw", "published"], policies: Sequence[Policy]
) -> None:
    world = judged_world.run(list(map(MemoryPartition, world_logs(480))), policies)
    assert any(result.attribute == "race" for _, result in judged_world.Published(world).results())
    log = judged_world.raw_log(world) if source == "raw" else judged_world.published_log(world)
    newest = world.book.newest("m")
    assert newest is not None

    def counter(model: ModelPolicy, groups: LabelMap) -> RawCounter | PublishedCounter:
        return RawCounter(model, judged_world.KEYS, groups) if source == "raw" else PublishedCounter(model, groups)

    sources = ModelSources(log, source, newest.model, counter, lambda *_: None)
    verification = Verifier(world.book, "m", judged_world.Published(world), lambda: None).verify(
        sources, ComparedRange(None, None), k=0
    )
    assert verification.difference is None, verification
    assert (verification.is_equal, verification.n_missing, verification.n_unexpected) == (True, 0, 0)
    restarts = [each for _, each in judged_world.Published(world).alerts() if isinstance(each, MonitoringRestart)]
    ended = {test.group for restart in restarts for test in restart.ended_breaches if test.attribute == "race"}
    assert ("black" in ended) == (policies == POLICIES[::-1])
    if policies == POLICIES[1:2]:
        alerts = [alert for _, alert in judged_world.Published(world).alerts() if isinstance(alert, Alert)]
        assert any((alert.attribute, alert.test) == ("race", PairTest.RATIO_LOW) for alert in alerts)
