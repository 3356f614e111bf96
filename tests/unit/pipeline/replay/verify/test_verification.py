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
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_CHECKPOINTS, FAIRNESS_JOURNAL
from tests.support.judged_world import KEYS, LogChange, Published, World, policy, published_log, raw_log, run
from tests.support.memory_logs import START_S, MemoryPartition, partitions

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
    return run(partitions(1, N), [policy()])


@pytest.fixture(scope="module")
def growing() -> World:
    return run(partitions(2, N), GROWING)


@pytest.mark.parametrize("source", ["raw", "published"])
def test_days_of_verdicts_are_reproduced_from_the_first_record(steady: World, source: str) -> None:
    verification = verified(steady, source)
    assert verification.difference is None
    assert (verification.is_equal, verification.n_missing) == (True, 0)
    assert (verification.since_s, verification.since_reason) == (None, None)
    assert verification.n_equal > 150
    assert steady.records(FAIRNESS_ALERTS)
    assert len(Published(steady).checkpoints()) == 3


@pytest.mark.parametrize("source", ["raw", "published"])
def test_when_retention_has_deleted_the_first_records_it_begins_at_a_checkpoint(steady: World, source: str) -> None:
    begins = dict.fromkeys(range(2), 230 if source == "raw" else 200)
    verification = verified(steady, source, begins)
    assert verification.difference is None
    assert verification.since_s is not None
    assert START_S + DAY_S <= verification.since_s <= START_S + 2 * DAY_S + 7200
    assert " has lost " in (verification.since_reason or "")
    assert verification.n_equal > 50


def test_a_range_begins_at_the_last_checkpoint_before_it(steady: World) -> None:
    verification = verified(steady, from_s=START_S + 2 * DAY_S + 7200)
    assert verification.difference is None
    assert verification.since_s is not None
    assert verification.since_s >= START_S + 2 * DAY_S
    assert (verification.n_records < N, verification.since_reason) == (True, None)


def test_without_any_checkpoint_that_is_late_enough_it_says_what_is_lost(steady: World) -> None:
    with pytest.raises(ReplayError, match=r"raw\[0\] has lost the offsets .* retention has expired"):
        verified(steady, begins={0: N - 5})


@pytest.mark.parametrize("source", ["raw", "published"])
@pytest.mark.parametrize("seed", range(2))
def test_changes_of_the_policy_are_followed(source: str, seed: int) -> None:
    world = run(partitions(seed, N), GROWING, seed)
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
    assert verified(run(partitions(3, N), shrinking)).difference is None


BOTH = [LogChange("re-created", 0), LogChange("re-created", 1)]
FEWER = [LogChange("re-created", 0), LogChange("gone", 1)]
LOGS_CHANGED = {
    "created again, one partition after the other": {15: BOTH[:1], 18: BOTH[1:]},
    "created again with fewer partitions": {20: FEWER},
    "and one comes back": {10: FEWER, 24: BOTH[1:]},
    "cut short": {17: [LogChange("cut", 1, 9)]},
    "many times": {6: BOTH, 9: [LogChange("cut", 0, 4)], 11: FEWER, 19: BOTH[1:], 22: [LogChange("cut", 1, 30)]},
    "at the very end": {39: BOTH},
}


@pytest.mark.parametrize("source", ["raw", "published"])
@pytest.mark.parametrize("what", LOGS_CHANGED)
def test_after_changes_of_the_logs_it_begins_with_the_first_checkpoint_in_the_new_ones(source: str, what: str) -> None:
    world = run(partitions(5, 400), GROWING, seed=5, changes=LOGS_CHANGED[what])
    verification = verified(world, source)
    assert verification.difference is None, verification
    assert verification.is_equal
    assert verification.since_entry is not None
    assert verification.since_reason is not None
    since = [entry for _, entry in Published(world).journal() if entry.number >= verification.since_entry]
    assert {str(entry.logs) for entry in since} == {str(since[-1].logs)}
    assert verification.n_equal >= (3 if what == "at the very end" else 30)


def test_a_changed_record_of_the_new_log_is_located_in_it() -> None:
    world = run(partitions(6, 400), [policy()], seed=6, changes={15: BOTH})
    values, counted = world.raw[1].values, [event.place for event in world.published(1)]
    at = next(n for n in range(120, 200) if b'"ok": true' in values[n] and (1, n) in counted)
    values[at] = values[at].replace(b'"ok": true', b'"ok": false')
    divergence = verified(world).divergence
    assert divergence is not None
    assert divergence.partition == 1
    assert divergence.first_offset <= at < divergence.next_offset


def test_an_alert_that_nothing_explains_is_found_where_no_other_one_follows_the_beginning() -> None:
    world = run(partitions(5, 400), [policy()], seed=5, changes=LOGS_CHANGED["at the very end"])
    assert verified(world).is_equal
    before = world.records(FAIRNESS_ALERTS)
    [newest] = [decode_alert(before[-1].value)]
    end_s = max(entry.advances[-1].tested_before_s or 0 for _, entry in Published(world).journal() if entry.advances)
    forged = msgspec.structs.replace(newest, at_s=end_s, pane_s=end_s - 3600)
    world.add([Outputs(FAIRNESS_ALERTS, 0, [forged.id.encode()], [msgspec.json.encode(forged)])])
    verification = verified(world)
    assert (verification.is_equal, verification.n_unexpected) == (False, 1)


def with_teams(logs: list[MemoryPartition]) -> list[MemoryPartition]:
    """Add a field ``team`` to most of the records that can be read: one of 30, in several spellings."""
    return [
        MemoryPartition(
            [
                value[:-1] + f', "team": "Team{" " * (number % 3)} {number * 7 % 30}"}}'.encode()
                if value.endswith(b"}") and number % 11
                else value
                for number, value in enumerate(log.values)
            ]
        )
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
        world = run(with_teams(partitions(seed, N // 2)), policies, seed)
        verification = verified(world, source)
        assert verification.difference is None, verification
        assert verification.n_missing == verification.n_unexpected == 0
        assert verification.n_equal > 60
    assert any(b"cluster_bucket" in (event.value or b"") for event in world.published(0))


def changed(world: World, topic: str, change: Callable[[bytes], bytes], at: int) -> World:
    """Return the world with one record changed."""
    records = world.records(topic)
    values = [change(record.value) if number == at else record.value for number, record in enumerate(records)]
    keys: list[bytes | None] = [record.key.encode() for record in records]
    return World(world.raw, world.book, world.written | {topic: [Outputs(topic, 0, keys, list(values))]})


def test_a_journal_that_ends_with_its_last_checkpoint_leaves_nothing_to_compare(steady: World) -> None:
    last = Published(steady).checkpoints()[-1].number
    journal = [record for record, entry in Published(steady).journal() if entry.number <= last]
    kept = Outputs(FAIRNESS_JOURNAL, 0, [record.key.encode() for record in journal], [r.value for r in journal])
    ended = World(steady.raw, steady.book, steady.written | {FAIRNESS_JOURNAL: [kept]})
    verification = verified(ended, from_s=START_S + 30 * DAY_S)
    assert (verification.is_equal, verification.n_equal, verification.since_entry) == (True, 0, last)


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
