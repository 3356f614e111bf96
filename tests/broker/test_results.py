"""Results on a real broker: committed ones only, to the end, and what the command prints of them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.readers.live_results import open_results
from stream_app.errors import BrokerUnavailableError, TopicError
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.records.results import Result, Span, encode_result
from stream_app.policy import load_policy, read_policy_text
from stream_app.topics import FAIRNESS_RESULTS, TopicSpec, declared_topics
from tests.programs.chaos.logs import wait_until_decided
from tests.support.lanes.judging import judge_plainly
from tests.support.paths import ROOT

POLICY = load_policy("loanapp")
MODEL = POLICY.models[0]
LAYOUT = layout_of(MODEL)


def result(model: str, end_s: int, revision: int = 0, **counts: tuple[int, int]) -> Result:
    labels = LAYOUT.dimensions[0][1]
    cells = {}
    for group, (n, favorable) in counts.items():
        for decision, count in enumerate((favorable, n - favorable)):
            cells[LAYOUT.code_of((labels.index(group), 0, 0, decision))] = [count]
    span = Span("100s", end_s - 100, end_s)
    race = judge_plainly(MODEL, LAYOUT, cells, span, revision=revision)[0]
    return Result(**{name: getattr(race, name) for name in Result.__struct_fields__} | {"model": model})


@pytest.fixture
def topic(kafka: str) -> TopicSpec:
    """Return the topic of the results, on the broker."""
    (spec,) = [spec for spec in declared_topics(POLICY, "unused") if spec.name == FAIRNESS_RESULTS]
    create_topics(kafka, [spec])
    return spec


def write(kafka: str, name: str, transactions: list[tuple[list[Result], bool]]) -> None:
    """Write results in transactions that are committed or aborted, as a lane would."""

    async def run() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=name)
        await producer.start()
        try:
            for results, is_committed in transactions:
                await producer.begin_transaction()
                for own in results:
                    await producer.send_and_wait(
                        FAIRNESS_RESULTS, encode_result(own), key=own.key.encode(), partition=0
                    )
                await (producer.commit_transaction() if is_committed else producer.abort_transaction())
        finally:
            await producer.stop()

    asyncio.run(run())
    wait_until_decided(kafka, [FAIRNESS_RESULTS])  # a killed worker of another test may hide what is behind its records


def policy_file(folder: Path, model: str) -> Path:
    """Write the policy ``loanapp`` with another name of its model."""
    path = folder / f"{model}.toml"
    path.write_text(read_policy_text("loanapp").replace(f'"{MODEL.name}"', f'"{model}"', 1), "utf-8")
    return path


def run_command(
    kafka: str, policy: Path, *arguments: str, code: int = 0, columns: int = 200
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments, "--kafka", kafka, "--policy", str(policy)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(columns)},
    )
    assert done.returncode == code, done.stderr
    return done


def test_only_committed_results_are_read_and_reading_ends(
    kafka: str, topic: TopicSpec, fresh_name: Callable[[str], str]
) -> None:
    model = fresh_name("model")
    kept, dropped = result(model, 100, white=(40, 30)), result(model, 200, white=(40, 30))
    write(kafka, model, [([kept], True), ([dropped], False), ([kept], True), ([dropped], False)])
    with open_results(kafka, topic.name) as reader:
        found = [own for own in reader.read_to_end() if own.model == model]
        assert list(reader.read_to_end()) == []
    assert found == [kept, kept]


@pytest.mark.usefixtures("topic")
def test_the_command_shows_the_newest_window_and_hides_small_groups(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    model = fresh_name("model")
    policy = policy_file(tmp_path, model)

    def lines_of(*arguments: str) -> list[str]:
        return run_command(kafka, policy, "results", "--model", model, *arguments).stdout.splitlines()

    old = result(model, 100, white=(400, 300), black=(30, 10), hispan=(3, 1))
    new = result(model, 200, white=(400, 300), black=(30, 20), hispan=(30, 20))
    corrected = result(model, 200, 1, white=(400, 300), black=(30, 10), hispan=(30, 20))
    write(kafka, model, [([old, new], True), ([corrected], True)])
    (line,) = lines_of("--json")
    shown = json.loads(line)
    assert (shown["end_s"], shown["revision"], shown["state"]) == (200, 1, "breach")
    lines = lines_of("--last", "0", "--json")
    assert [json.loads(line)["end_s"] for line in lines] == [100, 200]
    groups = {group["group"]: group for group in json.loads(lines[0])["groups"]}
    assert (groups["hispan"]["n"], groups["hispan"]["hidden"]) == (None, "small_cell")
    assert (groups["black"]["n"], groups["black"]["hidden"]) == (None, "complementary")
    assert len(lines_of("--all", "--json")) == 3
    exact = json.loads(lines_of("--last", "0", "--json", "--unsafe-exact")[0])
    assert [group["n"] for group in exact["groups"]] == [30, 3, 400]
    table = "\n".join(lines_of("--last", "0"))
    assert "<10" in table
    assert "0.4444" in table  # 10/30 over 300/400
    assert "breach" in table


@pytest.mark.usefixtures("topic")
def test_only_models_of_the_policy_are_shown_and_a_wrong_name_lists_the_valid_ones(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    ours, theirs = fresh_name("ours"), fresh_name("theirs")
    write(kafka, ours, [([result(name, 100, white=(400, 300), black=(300, 100)) for name in (ours, theirs)], True)])
    policy = policy_file(tmp_path, ours)
    shown = run_command(kafka, policy, "results", columns=60)
    assert f"{ours}, 100s:" in shown.stdout
    assert theirs not in shown.stdout
    assert "Not shown: model" in " ".join(shown.stderr.split())
    assert max(map(len, shown.stdout.splitlines())) <= 60
    for command, flag, valid in (
        ("results", "--model", ours),
        ("results", "--window", "100s, 500s, 1h, total"),
        ("results", "--attribute", "race, sex, and intersections such as race+sex"),
    ):
        refused = run_command(kafka, policy, command, flag, "nothing", code=2)
        assert (refused.stdout, refused.stderr.count("\n")) == ("", 1)
        assert refused.stderr.endswith(f"Known: {valid}\n")


@pytest.mark.usefixtures("topic")
def test_forged_results_are_named_or_shown_escaped_beside_the_honest_ones(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    model = fresh_name("model")
    policy = policy_file(tmp_path, model)
    honest = result(model, 100, white=(400, 300), black=(300, 100))
    far = msgspec.structs.replace(honest, end_s=2**62)
    groups = [msgspec.structs.replace(group, group="\x1b[2J\x9b31m[bold]x") for group in honest.groups]
    shown = msgspec.structs.replace(honest, attribute="a\x1b]0;t\x07", groups=groups)
    write(kafka, model, [([far, shown, honest], True)])
    for flags in (["--last", "0"], ["--json", "--all"]):
        done = run_command(kafka, policy, "results", "--model", model, *flags)
        assert "Traceback" not in done.stderr
        assert all(sign.isprintable() or sign == "\n" for sign in done.stdout + done.stderr)
        assert re.search(r"fairness-results\[\d+\] offset \d+", done.stderr.replace("\n", " "))
        assert "x1b" in done.stdout or "u001b" in done.stdout


def test_following_shows_what_is_committed_later(
    kafka: str, topic: TopicSpec, fresh_name: Callable[[str], str]
) -> None:
    model = fresh_name("model")
    arrived: Queue[Result] = Queue()

    def follow() -> None:
        with open_results(kafka, topic.name) as reader:
            for own in reader.follow():
                if own.model == model:
                    arrived.put(own)
                    return

    follower = threading.Thread(target=follow)
    follower.start()
    later = result(model, 300, white=(40, 30))
    write(kafka, model, [([later], True)])
    assert arrived.get(timeout=180) == later
    follower.join(timeout=180)


def test_a_missing_topic_and_a_missing_broker_are_one_clear_error(kafka: str, fresh_name: Callable[[str], str]) -> None:
    with pytest.raises(TopicError, match="fairstream topics create"):
        open_results(kafka, fresh_name("nowhere"))
    with pytest.raises(BrokerUnavailableError, match="--kafka"):
        open_results("127.0.0.1:1")
