"""What no worker registers is left out of the registry, and stops no worker."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.edges.lanes.policy_registry import book_of
from stream_app.pipeline.records.policies import PolicyRecord, encode_policy, policy_record, registered_policy
from stream_app.policy import load_policy

LOANS = load_policy("loans").models[0]
NOW_S = 1_795_424_400.0
HONEST = policy_record(LOANS, "fairstream", int(NOW_S * 1000))


def forge(**changes: object) -> PolicyRecord:
    return msgspec.structs.replace(HONEST, **changes)


FORGED = {
    "bytes": b"\x00\x1b[2J",
    "another type": b"[1]",
    "deep": b"[" * 100_000,
    "of another model": encode_policy(forge(policy=msgspec.to_builtins(load_policy("camera").models[0]))),
    "under another hash": encode_policy(forge(hash="0" * 16)),
    "under another name": encode_policy(forge(model="\x1b[2J")),
    "loosened": encode_policy(forge(policy=msgspec.to_builtins(LOANS) | {"deduplication_window": 1})),
    "of the year 2100": encode_policy(forge(registered_ms=4_102_444_800_000)),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_record_that_no_worker_writes_is_left_out(kind: str) -> None:
    key = HONEST.key.encode()
    assert registered_policy(key, FORGED[kind], NOW_S) is None
    assert registered_policy(None, FORGED[kind], NOW_S) is None


def test_an_honest_record_is_known_by_its_key_alone() -> None:
    record = registered_policy(HONEST.key.encode(), encode_policy(HONEST), NOW_S)
    assert record is not None
    assert encode_policy(record) == encode_policy(HONEST)
    assert book_of([HONEST], "fairstream").newest("loans") is not None
    assert registered_policy(b"loans|0|fairstream", encode_policy(HONEST), NOW_S) is None


def test_a_policy_with_fields_of_a_later_version_is_left_to_the_reader() -> None:
    later = forge(policy=HONEST.policy | {"a_new_field": 1})
    record = registered_policy(None, encode_policy(later), NOW_S)
    assert record is not None
    assert record.policy["a_new_field"] == 1
