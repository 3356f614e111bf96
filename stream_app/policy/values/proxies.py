"""Protected attributes that are not collected: records have a probability for each group instead."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from stream_app.policy.fields import Feature
from stream_app.policy.types import JsonPath, LabelText, Name, PolicyPart

PROBABILITY_SCALE: Final = 2**16  # probabilities are kept in steps of 1/65,536: squares of 2e9 records fit 64 bits
SUM_TOLERANCE: Final = 1e-6  # by which the probabilities of a record may exceed 1, as they are rounded


class Proxy(PolicyPart, frozen=True, kw_only=True):
    """A protected attribute that may not be collected: each record has a probability of membership for each group.

    Such probabilities come from a method outside (BISG, for example). A record counts for every group by its
    probability and is never assigned to the most probable one. Groups are compared with the reference one by one, by
    decisions only: not in intersections, and neither by outcomes nor by scores.

    Attributes:
        name: Its name in metrics and results.
        groups: The place of each group's probability in the JSON: ``{ white = "p_white", black = "p_black" }``. A
            number from 0 to 1; together at most 1, the rest is ``unknown``. A record without all of them, or with a
            value that is no probability, counts as having none (``fairstream_fields_dropped_total``), and is never
            rejected for it.
        reference: The group that the others are compared with.
    """

    name: Name
    groups: Annotated[dict[LabelText, JsonPath], msgspec.Meta(min_length=2, max_length=8)]
    reference: LabelText

    @property
    def as_features(self) -> tuple[Feature, ...]:
        """The sums that are kept of it: one for each group, in their order.

        >>> race = Proxy(name="race", groups={"white": "p.w", "black": "p.b"}, reference="white")
        >>> [(feature.name, feature.path) for feature in race.as_features]
        [('race=white', 'p.w'), ('race=black', 'p.b')]
        """
        return tuple(
            Feature(
                name=f"{self.name}={group}",
                path=path,
                minimum=0.0,
                maximum=1.0,
                scale=PROBABILITY_SCALE,
                is_required=False,
            )
            for group, path in self.groups.items()
        )
