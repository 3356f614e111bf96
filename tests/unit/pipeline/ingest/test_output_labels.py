"""The field of a group may contain anything; ingest publishes only labels of the policy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.topology import Topology
from stream_app.policy import load_policy

_NOW_S = 1_790_000_000


def _published(record: dict[str, object]) -> dict[str, object]:
    loans = load_policy("loans").models[0]
    step = IngestStep(loans, (RootKey("abcdefgh", 0, b"k" * 32),), 0, Topology())
    step.restore({}, 0)
    batch = Batch(
        loans.topic, 0, 0, 1, np.arange(1), [json.dumps(record).encode()], np.full(1, _NOW_S * 1000, np.int64)
    )
    (output,) = step.step(batch)
    assert output.topic == loans.output_topic
    value = output.values[0]
    assert value is not None
    published: dict[str, object] = json.loads(value)
    return published


@pytest.mark.parametrize(
    ("spelling", "label"),
    [("female", "female"), (" FEMALE ", "female"), ("Jane Doe, 3 Main St", "__other__"), (None, None)],
)
def test_a_spelling_of_a_group_is_published_as_the_label_of_the_policy(spelling: str | None, label: str | None) -> None:
    record: dict[str, object] = {
        "application_id": "A-1",
        "applicant_id": "P-1",
        "ts": "2026-09-21T14:13:20Z",
        "gender": spelling,
        "race": "white",
        "age_band": "60+",
        "region": "north",
        "product": "home",
        "credit_score": 700,
        "approved": True,
    }
    assert _published(record)["gender"] == label
