"""What is searched: the alternatives, the pairs of groups, and what has to be shown about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream_app.core.alternatives.rules import AS_DECIDED, cuts_by_segment, one_cut
from stream_app.core.arrays import Ints
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.rules import AlternativeRule
from stream_app.policy import Attribute, ModelPolicy

MAX_ALTERNATIVES = 1000


@dataclass(frozen=True)
class SearchedPair:
    """A group and its reference.

    Attributes:
        place: Place of the attribute in the policy.
        attribute: The attribute.
        group: The group.
    """

    place: int
    attribute: Attribute
    group: str

    @property
    def numbers(self) -> tuple[int, int]:
        """Numbers of the group and of the reference, in the order of ``labels_of``."""
        labels = labels_of(self.attribute)
        return labels.index(self.group), labels.index(str(self.attribute.reference))


@dataclass(frozen=True)
class Claims:
    """What is claimed about an alternative that is reported.

    Attributes:
        margin: The rate of approvals, and the share of good outcomes, fall by less than this; in (0, 1).
        false_discovery_rate: Expected share of false claims among the reported ones, at most; in (0, 1).
    """

    margin: float = 0.01
    false_discovery_rate: float = 0.05


@dataclass(frozen=True)
class RuleList:
    """The rules that are tried with each source of scores.

    Attributes:
        rules: What each decides by.
        places: Place of the cut in each segment, or ``AS_DECIDED``, shape (rules, segments).
        is_complete: Whether every combination of cuts by segment is among them.
    """

    rules: tuple[AlternativeRule, ...]
    places: Ints
    is_complete: bool


def list_rules(model: ModelPolicy, cuts: Sequence[float], n_sources: int, *, by_segment: bool) -> RuleList:
    """Return every rule: each cut for all segments, then cuts by segment.

    Args:
        model: The policy of the model.
        cuts: The cuts, rising.
        n_sources: Number of sources of scores.
        by_segment: Whether segments have cuts of their own. Those of values that the policy does not list stay as
            decided.

    Raises:
        ConfigError: there are more than ``MAX_ALTERNATIVES``, or the policy has no segment.
    """
    rules = [AlternativeRule(cut) for cut in cuts]
    places, is_complete = one_cut(len(cuts), 1), True
    if by_segment:
        if model.segment is None:
            raise ConfigError(f"The policy of {model.name} declares no segment", action="Leave out --by")
        values = model.segment.values
        room = MAX_ALTERNATIVES // n_sources - len(cuts)
        by_value, is_complete = cuts_by_segment(len(cuts), len(values), max(room, 0))
        rules += [
            AlternativeRule(None, {value: cuts[c] for value, c in zip(values, row, strict=True) if c != AS_DECIDED})
            for row in by_value.tolist()
        ]
        undeclared = np.full((len(by_value), 2), AS_DECIDED, np.int64)
        uniform = one_cut(len(cuts), len(labels_of(model.segment)))
        places = np.concatenate([uniform, np.concatenate([by_value, undeclared], axis=1)])
    if len(rules) * n_sources > MAX_ALTERNATIVES:
        raise ConfigError(
            f"{len(rules) * n_sources:,} alternatives, at most {MAX_ALTERNATIVES:,}",
            action="Give fewer cuts, such as --cuts 0.40:0.70:0.02",
        )
    return RuleList(tuple(rules), places, is_complete)


def list_pairs(model: ModelPolicy, attribute: str | None, group: str | None) -> list[SearchedPair]:
    """Return the pairs for which less disparity is searched.

    Args:
        model: The policy of the model.
        attribute: Name of an attribute; None for all.
        group: Name of a group; None for all.

    Raises:
        ConfigError: there is none.
    """
    pairs = [
        SearchedPair(place, declared, label)
        for place, declared in enumerate(model.attributes)
        for label in declared.groups
        if label != declared.reference and attribute in (None, declared.name) and group in (None, label)
    ]
    if not pairs:
        known = "; ".join(f"{declared.name}: {', '.join(declared.groups)}" for declared in model.attributes)
        raise ConfigError("No pair of a group and its reference is selected", action=f"Declared: {known or 'none'}")
    return pairs
