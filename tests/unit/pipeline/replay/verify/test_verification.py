"""What was judged over days, under changing policies, is verified from its beginning or from any checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import pytest

from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.judge.stored.checkpoints import verdict_digest
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.checkpoints import checkpoint_of, decode_piece, encode_piece, pieces_of
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_CHECKPOINTS
from tests.support.judged_world import (
    KEYS,
    START_S,
    Published,
    World,
    policy,
    published_log,
    raw_log,
    run,
    source_logs,
)

DAY_S = 86_400
N = 700  # records of a partition: three days
GROWING = [policy(), policy(ratio=0.85), policy(ratio=0.85, groups=("f", "m", "x"))]


def verified(
    world: World, source: str = "raw", begins: Mapping[int, int] | None = None, from_s: int | None = None
) -> Verification:
    newest = world.book.newest("m")
    assert newest is not None
    log = raw_log(world, begins) if source == "raw" else published_log(world, begins)
    new_counter = (lambda model, groups: RawCounter(model, KEYS, groups)) if source == "raw" else PublishedCounter
    sources = ModelSources(log, source, newest.model, new_counter, lambda *_: None)  # type: ignore[arg-type]
    verifier = Verifier(world.book, "m", Published(world), lambda: None)
    return verifier.verify(sources, ComparedRange(from_s, None), k=0)


@pytest.fixture(scope="module")
def steady() -> World:
    return run(source_logs(1, N), [policy()])


@pytest.fixture(scope="module")
def growing() -> World:
    return run(source_logs(2, N), GROWING)


@pytest.mark.parametrize("source", ["raw", "published"])
def test_days_of_verdicts_are_reproduced_from_the_first_record(steady: World, source: str) -> None:
    verification = verified(steady, source)
    assert verification.difference is None
    assert (verification.is_equal, verification.since_s, verification.n_missing) == (True, None, 0)
    assert verification.n_equal > 150
    assert steady.records(FAIRNESS_ALERTS)
    assert len(Published(steady).checkpoints()) == 3


@pytest.mark.parametrize("source", ["raw", "published"])
def test_when_retention_has_deleted_the_first_records_it_begins_at_a_checkpoint(steady: World, source: str) -> None:
    begins = dict.fromkeys(range(2), 230 if source == "raw" else 200)
    verification = verified(steady, source, begins)
    assert verification.difference is None
    assert verification.since_s is not None
    assert START_S + DAY_S <= verification.since_s <= START_S + 2 * DAY_S + 3600
    assert verification.n_equal > 50


def test_a_range_begins_at_the_last_checkpoint_before_it(steady: World) -> None:
    verification = verified(steady, from_s=START_S + 2 * DAY_S + 7200)
    assert verification.difference is None
    assert verification.since_s is not None
    assert verification.since_s >= START_S + 2 * DAY_S
    assert verification.n_records < N


def test_without_any_checkpoint_that_is_late_enough_it_says_what_is_lost(steady: World) -> None:
    with pytest.raises(ReplayError, match=r"raw\[0\] has lost the offsets .* retention has expired"):
        verified(steady, begins={0: N - 5})


@pytest.mark.parametrize("source", ["raw", "published"])
@pytest.mark.parametrize("seed", range(2))
def test_changes_of_the_policy_are_followed(source: str, seed: int) -> None:
    world = run(source_logs(seed, N), GROWING, seed)
    verification = verified(world, source)
    assert verification.difference is None, verification
    assert verification.policies == tuple(each.models[0].hash() for each in GROWING)
    assert verification.n_missing == verification.n_unexpected == 0


def test_each_checkpoint_is_a_beginning_also_between_policies(growing: World) -> None:
    heads = Published(growing).checkpoints()
    assert len({head.policy_hash for head in heads}) == 3
    for head in heads:
        verification = verified(growing, from_s=head.closed_before_s)
        assert (verification.difference, verification.since_entry) == (None, head.number)


def test_a_removed_group_is_followed_too() -> None:
    shrinking = [policy(groups=("f", "m", "x")), policy()]
    assert verified(run(source_logs(3, N), shrinking)).difference is None


def with_teams(logs: list[list[bytes]]) -> list[list[bytes]]:
    """Add a field ``team`` to most of the records that can be read: one of 30, in several spellings."""
    return [
        [
            value[:-1] + f', "team": "Team{" " * (number % 3)} {number * 7 % 30}"}}'.encode()
            if value.endswith(b"}") and number % 11
            else value
            for number, value in enumerate(log)
        ]
        for log in logs
    ]


@pytest.mark.parametrize("source", ["raw", "published"])
def test_decisions_in_clusters_are_reproduced_also_when_the_cluster_changes(source: str) -> None:
    teams, plain, identity = (
        policy(more=f'unknown_fields = "drop"\n{more}')
        for more in (
            'cluster = "team"',
            "",
            'cluster = "team"\nidentifiers = [{ path = "team", link_domain = "t", is_required = false }]',
        )
    )
    for seed, policies in enumerate(([teams], [plain, teams, identity, plain])):
        world = run(with_teams(source_logs(seed, N // 2)), policies, seed)
        verification = verified(world, source)
        assert verification.difference is None, verification
        assert verification.n_missing == verification.n_unexpected == 0
        assert verification.n_equal > 60
    assert any(b"cluster_bucket" in (value or b"") for value in world.published(0)[1])


def changed(world: World, topic: str, change: Callable[[bytes], bytes], at: int) -> World:
    """Return the world with one record changed."""
    records = world.records(topic)
    values = [change(record.value) if number == at else record.value for number, record in enumerate(records)]
    keys: list[bytes | None] = [record.key.encode() for record in records]
    return World(world.raw, world.book, world.written | {topic: [Outputs(topic, 0, keys, list(values))]})


def test_a_changed_record_after_the_checkpoint_is_found(steady: World) -> None:
    def worse(value: bytes) -> bytes:
        alert = decode_alert(value)
        return msgspec.json.encode(msgspec.structs.replace(alert, log10_e=alert.log10_e + 1))

    last = len(steady.records(FAIRNESS_ALERTS)) - 1
    verification = verified(changed(steady, FAIRNESS_ALERTS, worse, last), from_s=None)
    assert verification.difference is not None
    assert verification.difference.topic == FAIRNESS_ALERTS


def test_a_forged_state_of_a_checkpoint_is_rejected(steady: World) -> None:
    def forged(value: bytes) -> bytes:
        checkpoint = checkpoint_of([decode_piece(value)])
        entries = {key: b"\x93\x00\x01\x80" if key == ("total",) else data for key, data in checkpoint.entries.items()}
        [piece] = pieces_of(msgspec.structs.replace(checkpoint, entries=entries))
        return encode_piece(piece)

    with pytest.raises(ReplayError, match="was changed"):
        verified(changed(steady, FAIRNESS_CHECKPOINTS, forged, 2), begins={0: 500, 1: 500})


def test_a_checkpoint_that_the_journal_does_not_name_is_rejected(steady: World) -> None:
    def consistent_forgery(value: bytes) -> bytes:
        checkpoint = checkpoint_of([decode_piece(value)])
        entries = {key: b"\x93\x00\x01\x80" if key == ("total",) else data for key, data in checkpoint.entries.items()}
        head = msgspec.structs.replace(checkpoint.head, digest=verdict_digest(entries))
        [piece] = pieces_of(msgspec.structs.replace(checkpoint, head=head, entries=entries))
        return encode_piece(piece)

    with pytest.raises(ReplayError, match="is not the one that the judge made"):
        verified(changed(steady, FAIRNESS_CHECKPOINTS, consistent_forgery, 2), begins={0: 500, 1: 500})


def test_the_state_of_a_judge_is_complete_in_its_checkpoint(growing: World) -> None:
    for head in Published(growing).checkpoints():
        checkpoint = Published(growing).checkpoint(head)
        assert verdict_digest(checkpoint.entries) == head.digest
        assert {entry[0] for entry in checkpoint.entries} >= {"clock", "source", "window", "total", "monitor", "tested"}


def test_a_policy_that_is_not_registered_is_named(growing: World) -> None:
    newest = growing.book.newest("m")
    assert newest is not None
    lost = World(growing.raw, type(growing.book)([newest]), growing.written)
    verification = verified(lost)  # the oldest policies are unknown: it begins where the newest holds
    assert verification.policies == (newest.hash,)
    assert verification.since_s is not None
