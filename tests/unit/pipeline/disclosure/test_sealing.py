"""Sealed alerts: clear of group, rate and cause, bound to their place, and the same in live and replay."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.privacy.sealing import AuditorKey, SealError
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.errors import ConfigError, KeyFileError, PolicyError
from stream_app.pipeline.disclosure.sealing import AlertSealer, open_alert, published_alert
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.report import JudgeReport
from stream_app.pipeline.records.alerts import (
    Alert,
    MonitoringRestart,
    NamedTest,
    SealedAlert,
    decode_alert_record,
    encode_record,
    encode_sealed,
)
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.pipeline.replay.verify.compared_range import ComparedRange, range_of_alert
from stream_app.pipeline.replay.verify.verification import Verification, Verifier
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.policy.limits import Sealing
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_PARTIALS
from tests.support.judged_world import KEYS, Published, World, policy, raw_log, run
from tests.support.memory_logs import partitions
from tests.support.sample_alert import ALERT

AUDITORS = [AuditorKey(bytes([number]) * 32) for number in (1, 2)]
STRANGER = AuditorKey(bytes([3]) * 32)
PUBLIC = [key.public for key in AUDITORS]
SEALER = AlertSealer(KEYS, os.urandom)
RESTART = MonitoringRestart(
    model="loans",
    at_s=None,
    former_policy_hash="a",
    policy_hash="b",
    n_kept=0,
    n_restarted=1,
    open_breaches=(NamedTest("gender", "female", "ratio_low"),),
    ended_breaches=(),
    sentence="One test of gender, female, restarts",
    offsets={},
    code_version="v",
)


def sealed_toml(scope: str = "everywhere") -> str:
    return f"[models.sealing]\nauditors = {PUBLIC!r}\nscope = {scope!r}\n"


def loans(**changes: Any) -> ModelPolicy:
    return msgspec.structs.replace(load_policy("loans").models[0], **changes)


@pytest.mark.parametrize("alert", [ALERT, RESTART])
def test_the_clear_part_names_no_group_rate_or_cause(alert: Alert | MonitoringRestart) -> None:
    data = encode_record(SEALER.seal(alert, PUBLIC))
    for secret in (b"female", b"male", b"gender", b"0.384", b"ratio", b"sentence", b"cause", alert.id.encode()):
        assert secret not in data
    fields = set(msgspec.json.decode(data))
    clear = {"schema", "sealed", "id", "model", "change", "at_s", "policy_hash", "code_version", "digest"}
    assert fields == clear | {"shares", "nonce", "body"}
    for key in AUDITORS:
        assert open_alert(decode_alert_record(data), [STRANGER, key]) == alert  # type: ignore[arg-type]


def test_every_alert_has_the_same_length_whatever_it_is_about() -> None:
    long = msgspec.structs.replace(ALERT, group="a & b & c", attribute="x+y+z", sentence="Long. " * 100)
    lengths = {len(SEALER.seal(alert, PUBLIC).body) for alert in (ALERT, long)}
    assert len(lengths) == 1


@given(st.sampled_from(["id", "model", "change", "at_s", "policy_hash", "code_version", "digest", "schema"]))
def test_a_body_in_another_envelope_is_refused(name: str) -> None:
    other = msgspec.structs.replace(ALERT, group="other", at_s=120, change="recovery", model="cards", policy_hash="i")
    envelope = msgspec.structs.replace(SEALER.seal(other, PUBLIC), code_version="w", schema=2)
    sealed = SEALER.seal(ALERT, PUBLIC)
    moved = msgspec.structs.replace(sealed, **{name: getattr(envelope, name)})
    with pytest.raises(SealError):
        open_alert(moved, AUDITORS)


def test_a_whole_token_that_is_moved_to_another_alert_is_refused() -> None:
    one, two = SEALER.seal(ALERT, PUBLIC), SEALER.seal(msgspec.structs.replace(ALERT, at_s=120, pane_s=60), PUBLIC)
    with pytest.raises(SealError):
        open_alert(msgspec.structs.replace(one, shares=two.shares, nonce=two.nonce, body=two.body), AUDITORS)


def test_what_was_not_sealed_by_a_worker_is_found_with_the_pseudonym_keys() -> None:
    """Anybody who knows the public keys can seal; the digest of a true alert does not fit another content."""
    forger = AlertSealer([RootKey("forgerkk", 0, b"f" * 32)], os.urandom)
    forged = forger.seal(ALERT, PUBLIC)
    alert = open_alert(forged, AUDITORS)
    assert not SEALER.is_authentic(forged, alert)
    true = SEALER.seal(ALERT, PUBLIC)
    assert SEALER.is_authentic(true, open_alert(true, AUDITORS))


def test_the_id_and_the_digest_are_no_oracle_for_readers_of_the_topic() -> None:
    """All contents that an alert can have are tried: found with the key, and not without it."""
    sealed = SEALER.seal(ALERT, PUBLIC)
    guesses = [
        msgspec.structs.replace(ALERT, group=group, change=change, favorable=n)
        for group, change, n in product(("male", "female", "other"), ("breach", "recovery"), range(380, 390))
    ]
    without = AlertSealer([RootKey("guessing", 0, bytes(32))])
    assert ALERT in guesses
    assert not any(sealed.id == guess.id or sealed.digest in encode_record(guess).decode() for guess in guesses)
    assert not any(without.envelope(guess).digest == sealed.digest for guess in guesses)
    assert [guess for guess in guesses if SEALER.envelope(guess).digest == sealed.digest] == [ALERT]


def test_a_sealed_alert_is_never_written_in_clear_for_lack_of_keys() -> None:
    model = loans(sealing=Sealing(auditors=tuple(PUBLIC)))
    with pytest.raises(KeyFileError, match="are sealed"):
        published_alert(ALERT, model, None)
    assert published_alert(ALERT, loans(), None) is ALERT


@pytest.fixture(scope="module", params=["everywhere", "records"])
def world(request: pytest.FixtureRequest) -> World:
    return run(partitions(1, 700), [policy(more=sealed_toml(request.param)), policy(0.85, more=sealed_toml())])


def verified(world: World, sealer: AlertSealer | None) -> Verification:
    newest = world.book.newest("m")
    assert newest is not None
    sources = ModelSources(
        raw_log(world), "raw", newest.model, lambda model, groups: RawCounter(model, KEYS, groups), lambda *_: None
    )
    verifier = Verifier(world.book, "m", Published(world), lambda: None, sealer)
    return verifier.verify(sources, ComparedRange(None, None), k=0)


def test_a_replay_gives_the_same_sealed_alerts(world: World) -> None:
    records = [decode_alert_record(record.value) for record in world.records(FAIRNESS_ALERTS)]
    assert records
    assert all(isinstance(record, SealedAlert) and open_alert(record, AUDITORS) for record in records)
    verification = verified(world, AlertSealer(KEYS))
    assert (verification.is_equal, verification.difference) == (True, None)
    with pytest.raises(KeyFileError, match="are sealed"):
        verified(world, None)
    with pytest.raises(ConfigError, match="is sealed"):
        range_of_alert("m", records[0].id, records)


@pytest.mark.parametrize(
    "change", [lambda _: {"digest": "0" * 32}, lambda alert: {"at_s": alert.at_s + 1}, lambda _: {"id": "f" * 12}]
)
def test_a_replay_finds_a_sealed_alert_that_was_changed(world: World, change: Callable[[Any], Any]) -> None:
    alert: Any = decode_alert_record(world.records(FAIRNESS_ALERTS)[0].value)
    forged = msgspec.structs.replace(alert, **change(alert))
    outputs = world.written[FAIRNESS_ALERTS][0]
    honest, outputs.values = outputs.values, [encode_sealed(forged), *outputs.values[1:]]
    verification = verified(world, AlertSealer(KEYS))
    outputs.values = honest
    assert not verification.is_equal
    assert verification.difference is not None
    assert (verification.difference.attribute, verification.difference.group) == ("", "")


def scrape_of(model: ModelPolicy) -> str:
    registry = CollectorRegistry()
    metrics = Metrics(registry, Policy(schema=1, models=(model,)), max_series=100_000)
    metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    alerts = [msgspec.structs.replace(ALERT, policy_hash=model.hash())]
    metrics.judged(0, JudgeReport({"loans": ModelReport(alerts=alerts)}, policies={"loans": model}))
    return generate_latest(registry).decode()


def test_metrics_of_a_model_that_is_sealed_everywhere_say_only_that_there_is_a_breach() -> None:
    sealed = loans(sealing=Sealing(auditors=tuple(PUBLIC)))
    scrape = scrape_of(sealed)
    assert 'fairstream_incident_level{about="decisions",attribute="sealed",model="loans"} 3.0' in scrape
    for line in (line for line in scrape.splitlines() if not line.startswith("#")):
        assert not any(word in line for word in ('attribute="gender', "female", "0.384", "ratio_low")), line
    for clear in (loans(), loans(sealing=Sealing(auditors=tuple(PUBLIC), scope="records"))):
        assert 'group="female"' in scrape_of(clear)
        assert 'attribute="sealed"' not in scrape_of(clear)


def test_metrics_follow_a_policy_that_begins_or_ends_to_seal_everywhere() -> None:
    registry = CollectorRegistry()
    clear, sealed = loans(), loans(sealing=Sealing(auditors=tuple(PUBLIC)))
    metrics = Metrics(registry, Policy(schema=1, models=(clear,)), max_series=100_000)
    metrics.lane_opened(FAIRNESS_PARTIALS, 0)
    for model, is_shown in ((clear, True), (sealed, False), (clear, True)):
        metrics.judged(0, JudgeReport({"loans": ModelReport(alerts=[ALERT])}, policies={"loans": model}))
        assert ('group="female"' in generate_latest(registry).decode()) is is_shown
        assert ('attribute="sealed"' in generate_latest(registry).decode()) is not is_shown
        recovery = msgspec.structs.replace(ALERT, change="recovery")
        metrics.judged(0, JudgeReport({"loans": ModelReport(alerts=[recovery])}, policies={"loans": model}))
    assert 'attribute="sealed"' not in generate_latest(registry).decode()


def test_a_policy_with_a_key_that_is_none_or_twice_is_rejected() -> None:
    cases: dict[str, list[str]] = {
        "twice": [PUBLIC[0]] * 2,
        "is no public key": ["fspk1." + "A" * 43],
        "auditors": ["x"],
        "1": [],
    }
    for says, auditors in cases.items():
        with pytest.raises(PolicyError, match=says):
            policy(more=f"[models.sealing]\nauditors = {auditors!r}\n")
    assert policy(more=sealed_toml()).models[0].hash() != policy().models[0].hash()
