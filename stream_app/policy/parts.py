"""The parts of a model's policy: frozen structs whose types hold the limits."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
# A key of a JSON object. Dots join keys; quotes, backslashes and control characters have no one spelling in JSON.
_KEY = r'[^.\s"\\]([^."\\\x00-\x1f]*[^.\s"\\])?'
JsonPath = Annotated[str, msgspec.Meta(pattern=rf"^{_KEY}(\.{_KEY})*$", max_length=200)]
Topic = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,200}$")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Scalar = bool | int | str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every part of a policy: immutable, and a misspelt field is an error."""


class Identifier(Part, frozen=True, kw_only=True):
    """A field that names a person, device or case; replaced by a pseudonym in the first hop.

    Attributes:
        path: Where it lies in the JSON; also its name in the output.
        canonical: How spellings of one identifier become one: ``text`` takes strings (NFC, stripped), ``integer``
            takes whole numbers, ``text-or-integer`` takes both (123 and "123" are the same), ``email`` strips and
            casefolds.
        link_domain: Identifiers in one domain can be joined with each other, across domains never.
        is_required: Whether a record without it, or with null, is a dead letter.
    """

    path: JsonPath
    link_domain: Name
    is_required: bool = True
    canonical: Literal["text", "integer", "text-or-integer", "email"] = "text"


class EventTime(Part, frozen=True, kw_only=True):
    """When the decision was made, and what is believed about clocks and order.

    Attributes:
        path: Where the time lies.
        format: ``iso8601`` with an offset, ``epoch_s`` or ``epoch_ms``.
        out_of_orderness_s: How far an event may lag behind the newest one of its partition and still count.
        max_future_s: How far an event may lie ahead of the broker's timestamp of its record.
        max_age_s: How old an event may be at the broker's timestamp; older ones are refused as ``ts_past``.
        pane_s: Width of a pane, the unit of counting; divides every window.
        idle_s: A partition that is read to its end and silent for so long does not hold the others back.
    """

    path: JsonPath
    format: Literal["iso8601", "epoch_s", "epoch_ms"] = "iso8601"
    out_of_orderness_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 5
    max_future_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 300
    max_age_s: Annotated[int, msgspec.Meta(ge=60)] = 400 * 86_400
    pane_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 10
    idle_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 5.0


class Decision(Part, frozen=True, kw_only=True):
    """The decision that is watched.

    Attributes:
        path: Where it lies.
        favourable: The value that is good for the person: true, 1, "approved", ...
        unfavourable: All other values that may occur; any further value is a dead letter.
    """

    path: JsonPath
    favourable: Scalar
    unfavourable: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]


class Attribute(Part, frozen=True, kw_only=True):
    """A protected attribute.

    Attributes:
        name: Its name in metrics and results.
        path: Where it lies.
        groups: The groups that are told apart; compared after NFKC, strip and casefold. Other values count as
            ``__other__``, null as ``unknown``.
        reference: The group that the others are compared with.
    """

    name: Name
    path: JsonPath
    groups: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1, max_length=64)]
    reference: Label | None = None


class Segment(Part, frozen=True, kw_only=True):
    """A field by which results are split to look for causes: product, branch, site."""

    name: Name
    path: JsonPath
    values: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1, max_length=256)]


class Feature(Part, frozen=True, kw_only=True):
    """A number whose mean and spread are kept per cell, exactly.

    Attributes:
        name: Its name.
        path: Where it lies.
        minimum: Smallest value that can be true; a smaller one is a dead letter.
        maximum: Greatest value that can be true.
        scale: Values are kept as ``round(value * scale)``; ``|value| * scale`` is at most 2**20,
            so that sums are exact.
        is_required: Whether a record without it is a dead letter.
    """

    name: Name
    path: JsonPath
    minimum: float
    maximum: float
    scale: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    is_required: bool = True


class Constant(Part, frozen=True, kw_only=True):
    """A field that says which schema or source a record has; any other value makes it a dead letter (``schema``)."""

    path: JsonPath
    values: Annotated[tuple[str | int, ...], msgspec.Meta(min_length=1)]


class Box(Part, frozen=True, kw_only=True):
    """A bounding box: an object with ``left``, ``top``, ``right`` and ``bottom`` as fractions of the picture.

    Its edges are checked (a box in pixels or with swapped edges makes the record a dead letter, ``bbox``), then it is
    dropped: a box re-identifies.
    """

    path: JsonPath


class Window(Part, frozen=True, kw_only=True):
    """A tumbling window of event time, aligned to the epoch."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{1,12}$")]
    size_s: Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400)]


class Rules(Part, frozen=True, kw_only=True):
    """When a window is called a breach (the plain rules of the original specifications).

    Attributes:
        min_disparate_impact_ratio: Breach when the ratio is below.
        max_gap: Breach when the rate of the group lies further than this below or above the reference.
        min_n: A pair with fewer decisions in either group is ``insufficient``.
    """

    min_disparate_impact_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    max_gap: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 30


class Privacy(Part, frozen=True, kw_only=True):
    """What may leave.

    Attributes:
        k: Group values with fewer people are suppressed in metrics and aggregates.
    """

    k: Annotated[int, msgspec.Meta(ge=5)] = 10
