"""Fields that are labeled by hand as personal data or not, and how well the rules of the inspection recognize them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import msgspec

from stream_app.core.inspection.inspection import InspectedField, inspect_observed
from stream_app.core.inspection.observed import ObservedField, ObservedFields
from tests.support.paths import ROOT

_FOLDER = ROOT / "tests" / "unit" / "core" / "inspection"
NO_KIND = "none"


class LabeledField(msgspec.Struct, frozen=True):
    """A field with its label.

    Attributes:
        path: Names from the outermost object inward; ``[]`` marks a list.
        kind: The kind of personal data, or ``none``.
        values: Values of a sample; empty where only the name is known.
        domain: What kind of stream it is from.
    """

    path: str
    kind: str
    values: list[object]
    domain: str

    @property
    def is_personal(self) -> bool:
        """Whether it has personal data."""
        return self.kind != NO_KIND


class Recognition(NamedTuple):
    """How well fields are recognized.

    Attributes:
        n: How many fields.
        n_personal: How many of them have personal data.
        missed: Paths of personal data that were not reported.
        wrong: Paths without personal data that were reported.
        n_kind: How many of the reported personal ones were given the labeled kind.
    """

    n: int
    n_personal: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    n_kind: int

    @property
    def n_right(self) -> int:
        """How many of the reported fields have personal data."""
        return self.n_personal - len(self.missed)

    @property
    def precision(self) -> float:
        """Share of the reported fields that have personal data."""
        return self.n_right / (self.n_right + len(self.wrong))

    @property
    def recall(self) -> float:
        """Share of the personal fields that were reported."""
        return self.n_right / self.n_personal


def labeled_fields(name: str) -> list[LabeledField]:
    """Return the fields of ``labeled`` or ``unseen``."""
    lines = _FOLDER.joinpath(f"{name}_fields.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=LabeledField) for line in lines]


def inspect_field(field: LabeledField) -> list[InspectedField]:
    """Inspect a field as it would be in records."""
    sample = ObservedFields()
    for value in field.values:
        record: object = value
        for name in reversed(field.path.split(".")):
            is_list = name.endswith("[]")
            record = {name.removesuffix("[]"): [record] if is_list else record}
        sample.add(record)
    return inspect_observed(sample.fields() if field.values else [ObservedField(field.path, [], [])])


@cache
def recognize(name: str) -> Recognition:
    """Inspect all fields of a fixture."""
    fields = labeled_fields(name)
    kinds = [{report.kind for report in inspect_field(field)} for field in fields]
    pairs = list(zip(fields, kinds, strict=True))
    return Recognition(
        len(fields),
        sum(field.is_personal for field in fields),
        tuple(field.path for field, found in pairs if field.is_personal and not found),
        tuple(field.path for field, found in pairs if not field.is_personal and found),
        sum(field.kind in found for field, found in pairs if field.is_personal),
    )
