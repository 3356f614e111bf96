"""An alert about women who are approved 55 % as often as men."""

from __future__ import annotations

from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.evidence import PairTest

ALERT = Alert(
    schema=2,
    model="loans",
    attribute="gender",
    group="female",
    reference="male",
    test=PairTest.RATIO_LOW,
    change="breach",
    pane_s=0,
    at_s=60,
    onset_s=0,
    log10_e=20.0,
    log10_threshold=8.0,
    start_s=0,
    end_s=60,
    n=1000,
    favorable=384,
    n_reference=1000,
    favorable_reference=700,
    rate=0.384,
    disparate_impact_ratio=0.384 / 0.7,
    gap=-0.316,
    cause=None,
    sentence="",
    offsets={},
    policy_hash="h",
    code_version="v",
)
