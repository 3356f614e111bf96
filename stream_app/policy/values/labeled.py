"""The fields of a record that have labels: protected attributes and the segment."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stream_app.policy.types import Aliases, JsonPath, LabelText, Name, PolicyPart
from stream_app.policy.values.bands import band_labels


class Attribute(PolicyPart, frozen=True, kw_only=True):
    """A protected attribute.

    Attributes:
        name: Its name in metrics and results.
        path: Its place in the JSON.
        groups: The groups that are distinguished, such as ``["f", "m"]``, ``[true, false]`` or ``[1, 2]``. They are
            compared without regard to letter case, width, outer and doubled blanks and characters that nobody sees
            (NFKC, casefold). Other values count as ``__other__``, null as ``unknown``; an absent field makes the record
            a dead letter (``missing``). Groups that are true and false, or whole numbers, may arrive as JSON booleans
            or numbers (1.0 is 1), or as text.
        reference: The group that the others are compared with; required for kind ``decisions``.
        aliases: Further spellings of groups: ``{ female = ["F", "KADIN", 2] }``; compared like groups.
        is_required: Whether a record without the field is a dead letter; if not, it counts as ``unknown``.
        edges: Where one band of a number ends and the next begins, rising; instead of ``groups``. The groups of
            ``[25, 40]`` are ``under 25``, ``25 to under 40`` and ``40 and over``. The number never leaves: events are
            published with its group instead. What is not a number, and a number below ``minimum`` or above
            ``maximum``, counts as ``unknown``.
        derive: ``age`` if the field is a date of birth: then the bands are of the age in completed years on the day of
            the decision, in UTC. Ages outside 0 to 130 count as ``unknown``. The date never leaves.
        minimum: Smallest plausible number; with ``edges``.
        maximum: Greatest plausible number; with ``edges``.
    """

    name: Name
    path: JsonPath
    groups: Annotated[tuple[LabelText, ...], msgspec.Meta(max_length=64)] = ()
    reference: LabelText | None = None
    aliases: Aliases | None = None
    is_required: bool = True
    edges: Annotated[tuple[float, ...], msgspec.Meta(max_length=63)] = ()
    derive: Literal["age"] | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Name the groups of bands."""
        if self.edges and not self.groups:
            msgspec.structs.force_setattr(self, "groups", band_labels(self.edges))


class Segment(PolicyPart, frozen=True, kw_only=True):
    """A field by which results are split to look for causes: product, branch, site.

    Attributes:
        name: Its name in metrics and results.
        path: Its place in the JSON.
        values: The values that are distinguished, compared like groups; others count as ``__other__``, null as
            ``unknown``.
        aliases: Further spellings of values, as for groups.
        is_required: Whether a record without the field is a dead letter; if not, it counts as ``unknown``.
    """

    name: Name
    path: JsonPath
    values: Annotated[tuple[LabelText, ...], msgspec.Meta(min_length=1, max_length=256)]
    aliases: Aliases | None = None
    is_required: bool = True
