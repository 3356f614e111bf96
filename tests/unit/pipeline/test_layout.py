"""Cells that a policy asks for."""

from __future__ import annotations

import msgspec

from stream_app.pipeline.layout import index_by_label, layout_of
from stream_app.policy import Attribute, canonical_label, load_policy


def test_a_loan_cell_has_attributes_then_segment_then_decision() -> None:
    layout = layout_of(load_policy("loans").models[0])
    assert [name for name, _ in layout.dimensions] == ["gender", "race", "age", "product", "decision"]
    assert dict(layout.dimensions)["gender"] == ("female", "male", "unknown", "__other__")
    assert layout.size == 4 * 6 * 6 * 6 * 2
    assert layout.width == 4  # n and three sums of the credit score


def test_a_camera_cell_has_no_decision_and_no_segment() -> None:
    layout = layout_of(load_policy("camera").models[0])
    assert [name for name, _ in layout.dimensions] == ["site", "zone", "class"]


def test_the_declared_spelling_is_shown_and_the_canonical_one_is_compared() -> None:
    model = load_policy("loans").models[0]
    gender = Attribute(name="gender", path="gender", groups=("Female", "MALE"), reference="MALE")
    layout = layout_of(msgspec.structs.replace(model, attributes=(gender,)))
    labels = dict(layout.dimensions)["gender"]
    assert labels == ("Female", "MALE", "unknown", "__other__")
    assert index_by_label(labels)[canonical_label(" ｆEMALE ")] == 0
