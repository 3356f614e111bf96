"""Joins what names, types, descriptions and values say into one report per field; it contains no value.

    confidence = 0.4 name + 0.1 type + 0.5 values          with a sample and a rule for values of the kind
    confidence = 0.6 name                                   else: a name alone is never certain

``name`` is 1 for a name or 0.5 for a description; ``type`` is 1 where a value has a fitting type; ``values`` is the
share of values that have the form of the kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from stream_app.core.inspection.checks import VALUE_RULES
from stream_app.core.inspection.kinds import KINDS, SEVERE, Action, Kind
from stream_app.core.inspection.names import kind_of_name, kind_of_text
from stream_app.core.inspection.observed import ObservedField
from stream_app.core.inspection.words import words_of

_NAME, _TYPE, _VALUES, _NAME_ALONE = 0.4, 0.1, 0.5, 0.6
_CHECKED = {rule.kind for rule in VALUE_RULES}
_FORMATS = {"email": "email", "idn-email": "email", "ipv4": "ip_address", "ipv6": "ip_address"}  # of JSON Schema


class DeclaredField(msgspec.Struct, frozen=True):
    """A field of a schema.

    Attributes:
        path: Its path, as of observed fields.
        types: Names of its types.
        format: ``format`` of a JSON Schema, or logical type of Avro; may be empty.
        description: What it is, as the schema says; may be empty.
    """

    path: str
    types: tuple[str, ...] = ()
    format: str = ""
    description: str = ""


class InspectedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field with personal data.

    Attributes:
        path: Names from the outermost object inward; ``[]`` marks a list, ``>`` what was decoded from a text.
        kind: The kind of personal data.
        severity: 4 special category or biometric, 3 identifies directly, 2 together with others.
        confidence: How well it is known, in (0, 1].
        evidence: What it was recognized by; never a value.
        basis: The provision that names the kind.
        action: What to do with it: drop, pseudonymize or generalize.
        handling: What the policy does with it; None if nothing.
    """

    path: str
    kind: str
    severity: int
    confidence: float
    evidence: tuple[str, ...]
    basis: str
    action: Action
    handling: str | None = None

    @property
    def is_unhandled(self) -> bool:
        """Whether it is severe and the policy does nothing about it."""
        return self.severity >= SEVERE and self.handling is None


def inspect_observed(fields: Iterable[ObservedField]) -> list[InspectedField]:
    """Return the fields of sample records that have personal data, by severity, then in their order.

    >>> from stream_app.core.inspection.observed import ObservedFields
    >>> sample = ObservedFields()
    >>> sample.add({"who": "ana@example.org", "plate_count": 2, "bbox": {"left": 0.1}})
    >>> [(field.path, field.kind, field.confidence) for field in inspect_observed(sample.fields())]
    [('who', 'email', 0.6), ('bbox.left', 'box', 0.6)]
    """
    return _by_severity(_inspect(field.path, field.values, field.contents) for field in fields)


def inspect_declared(fields: Iterable[DeclaredField]) -> list[InspectedField]:
    """Return the fields of a schema that have personal data, by severity, then in their order."""
    return _by_severity(map(_inspect_declared, fields))


def _by_severity(fields: Iterable[InspectedField | None]) -> list[InspectedField]:
    return sorted((field for field in fields if field is not None), key=lambda field: -field.severity)


def _inspect(path: str, values: Sequence[Any], contents: Sequence[tuple[str, str]]) -> InspectedField | None:
    if contents:
        kind, encoding = contents[0]
        return _report(path, KINDS[kind], _TYPE + _VALUES * len(contents) / len(values), (f"content ({encoding})",))
    named = kind_of_name(path.replace(">", "."))
    shown = _kind_of_values(path, values)
    if named is not None and (shown is None or KINDS[shown[0]].severity < KINDS[named].severity or shown[0] == named):
        if not _fits_type(KINDS[named], values):
            return None
        share = shown[2] if shown is not None and shown[0] == named else 0.0
        if not values or named not in _CHECKED:
            return _report(path, KINDS[named], _NAME_ALONE, ("name",))
        evidence = ("name", f"values ({shown[1]})") if share and shown is not None else ("name",)
        return _report(path, KINDS[named], _NAME + _TYPE + _VALUES * share, evidence)
    if shown is None:
        return None
    kind, evidence_text, share = shown
    return _report(path, KINDS[kind], _TYPE + _VALUES * share, (f"values ({evidence_text})",))


def _kind_of_values(path: str, values: Sequence[Any]) -> tuple[str, str, float] | None:
    """Return kind, evidence and share of the most severe rule that enough of the values fit."""
    best = None
    if "version" in words_of(path.rpartition(".")[2]):
        return None
    for rule in VALUE_RULES:
        n = sum(map(rule.fits, values))
        is_enough = n >= rule.least_n and n >= rule.least_share * len(values)
        if is_enough and (best is None or KINDS[rule.kind].severity > KINDS[best[0]].severity):
            best = (rule.kind, rule.evidence, n / len(values))
    return best


def _fits_type(kind: Kind, values: Sequence[Any]) -> bool:
    """Return whether values can say something of this kind: truth values only of what a flag can say."""
    return kind.has_flag or not values or not all(isinstance(value, bool) for value in values)


def _inspect_declared(field: DeclaredField) -> InspectedField | None:
    is_flag = field.types == ("boolean",)
    if field.format in _FORMATS:
        return _report(field.path, KINDS[_FORMATS[field.format]], _NAME_ALONE, ("format",))
    for kind_name, share, evidence in (
        (kind_of_name(field.path), 1.0, "name"),
        (kind_of_text(field.description), 0.5, "description"),
    ):
        if kind_name is not None and (KINDS[kind_name].has_flag or not is_flag):
            return _report(field.path, KINDS[kind_name], _NAME_ALONE * share, (evidence,))
    return None


def _report(path: str, kind: Kind, confidence: float, evidence: tuple[str, ...]) -> InspectedField:
    return InspectedField(
        path=path,
        kind=kind.name,
        severity=kind.severity,
        confidence=round(confidence, 2),
        evidence=evidence,
        basis=kind.basis,
        action=kind.action,
    )
