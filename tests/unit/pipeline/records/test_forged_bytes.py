"""Whatever bytes an internal topic contains, every decoder raises the one error that its readers expect."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import msgspec
import pytest

from stream_app.core.decoding import decode_json, decode_message_pack
from stream_app.core.join.join_records import decode_rows, is_of_another_version
from stream_app.core.windows.partials import decode_partial
from stream_app.edges.lanes.log_position import decode_log
from stream_app.errors import StateError
from stream_app.pipeline.records.aggregates import decode_aggregate
from stream_app.pipeline.records.alerts import decode_alert_record
from stream_app.pipeline.records.checkpoints import (
    CheckpointHead,
    CheckpointPiece,
    checkpoint_of,
    decode_piece,
)
from stream_app.pipeline.records.journal import decode_journal_entry
from stream_app.pipeline.records.outcome_results import decode_every_result
from stream_app.pipeline.records.policies import registered_policy
from tests.support.lanes.forged_bytes import UNREADABLE

DECODERS: tuple[Callable[[bytes], object], ...] = (
    decode_partial,
    decode_rows,
    decode_every_result,
    decode_alert_record,
    decode_aggregate,
    decode_journal_entry,
    decode_piece,
)
HEAD = CheckpointHead(
    schema=1, model="m", app_id="a", number=7, policy_hash="", code_version="1", closed_before_s=60, digest=""
)


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_every_decoder_raises_the_error_that_readers_pass_over(value: bytes) -> None:
    for decode in DECODERS:
        with pytest.raises(msgspec.MsgspecError):
            decode(value)
    assert registered_policy(None, value, 0.0) is None
    assert not is_of_another_version(value)
    with pytest.raises(StateError):
        decode_log(value)


@pytest.mark.parametrize("name", [name for name in UNREADABLE if "deep" in name or "UTF-8" in name])
def test_untyped_values_too(name: str) -> None:
    for decode in (decode_json, decode_message_pack):
        with pytest.raises(msgspec.MsgspecError):
            decode(UNREADABLE[name])


@pytest.mark.parametrize("n_pieces", [2, 2**40, 2**63 - 1, 0, -1])
def test_a_checkpoint_that_claims_other_pieces_is_rejected_at_once(n_pieces: int) -> None:
    with pytest.raises(ValueError, match="missing"):
        checkpoint_of([CheckpointPiece(head=HEAD, piece=0, n_pieces=n_pieces, data=b"")])


def test_a_checkpoint_that_expands_beyond_measure_is_rejected() -> None:
    bomb = zlib.compress(bytes(300 * 1024**2), 9)
    with pytest.raises(ValueError, match="too large"):
        checkpoint_of([CheckpointPiece(head=HEAD, piece=0, n_pieces=1, data=bomb)])
