"""Checkpoints of an audit log in their topic: what is in it shows that the log was cut."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from stream_app.core.audit.checkpoints import Checkpoint, sign_checkpoint
from stream_app.core.audit.notes import ED25519, SigningKey
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.checkpoint_topic import CheckpointTopic, read_anchored
from stream_app.errors import TopicError
from stream_app.policy import load_policy
from stream_app.programs.audit.verify import known_of_topic
from stream_app.topics import AUDIT_CHECKPOINTS, declared_topics
from tests.programs.chaos.logs import read_topic
from tests.support.audit_logs import KEY

OTHER = SigningKey("fairstream/other/audit", ED25519, b"o" * 32)
STRANGER = SigningKey(KEY.name, ED25519, b"s" * 32)


def test_checkpoints_are_in_the_topic_when_append_returns_and_forged_ones_do_not_count(
    kafka: str, fresh_name: Callable[[str], str]
) -> None:
    declared = next(spec for spec in declared_topics(load_policy("loans"), "app") if spec.name == AUDIT_CHECKPOINTS)
    spec = msgspec.structs.replace(declared, name=fresh_name("checkpoints"))
    with pytest.raises(TopicError, match="Missing topics"):
        CheckpointTopic(kafka, spec.name)
    create_topics(kafka, [spec])
    written = [sign_checkpoint(Checkpoint(KEY.name, size, bytes(32)), KEY) for size in (1, 2)]
    others = [
        sign_checkpoint(Checkpoint(OTHER.name, 3, bytes(32)), OTHER),
        sign_checkpoint(Checkpoint(KEY.name, 4, bytes(32)), STRANGER),
    ]
    with CheckpointTopic(kafka, spec.name) as topic:
        for number, signed in enumerate([*written, *others], start=1):
            topic.append(signed)
            assert [record.value() for record in read_topic(kafka, spec.name)][-1] == signed.note.encode()
            assert len(list(read_topic(kafka, spec.name))) == number
    found = read_anchored(kafka, KEY.name, spec.name)
    assert [place for _, place in found] == [f"{spec.name}:{offset}" for offset in (0, 1, 3)]
    known = known_of_topic(found, KEY.verifier_key())
    assert [one.checkpoint for one in known] == [signed.checkpoint for signed in written]
