"""The records of ``fairness-results``: the verdicts on each attribute in each window.

The topic is internal: it contains exact counts, also of small groups. Disclosure control is applied where values leave
(metrics, command line: ``stream_app.pipeline.disclosure.results``).

A value is the same bit for bit whenever it is recomputed from the offsets that it names; so the time of
processing is not in it (Kafka's own timestamp has it). Readers ignore fields that they do not know.
"""

from __future__ import annotations

import msgspec

from stream_app.core.cause.cause import Cause
from stream_app.core.groups.comparison import PlainRule, Reason, State
from stream_app.pipeline.records.amounts.values import AmountValues
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.evidence import Evidence
from stream_app.policy import AND as AND  # noqa: PLC0414 - readers of results find it here

SCHEMA = 3
CROSS = "+"  # joins the names of attributes to that of an intersection
TOTAL_WINDOW = "total"  # the name of the running totals, instead of a window's name

Offsets = dict[str, dict[int, int]]  # source topic -> partition -> next offset


class Bounds(msgspec.Struct, frozen=True):
    """A 95 % interval of one value in one window.

    Attributes:
        lower: Lower end.
        upper: Upper end; None when there is none.
    """

    lower: float
    upper: float | None


class ScoreStability(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one group in a window against its own past.

    Attributes:
        index: Population stability index, >= 0; None while the reference is gathered, or without decisions.
        reference_n: Decisions in the reference.
        reference_start_s: Start of its first pane, event time; None before the first decision.
        reference_end_s: End of its last pane; None while it is gathered.
    """

    index: float | None
    reference_n: int
    reference_start_s: int | None
    reference_end_s: int | None


class WorstCase(msgspec.Struct, frozen=True, kw_only=True):
    """What a group can be in one window over every allocation of the decisions of unknown groups, chance aside.

    The ends are reached: the lowest ratio and gap have all unfavorable ones of these decisions in the group and all
    favorable ones in the reference, the highest the reverse (``stream_app.core.groups.allocations``).

    Attributes:
        n: Decisions that may be about the group: each label is that of the group, ``unknown`` or ``__other__``, at
            least one of them not that of the group.
        rate: Of the approval rate; None without known decisions.
        ratio: Of the ratio; None where the known decisions have none, and for the reference.
        gap: Of the gap; likewise.
    """

    n: int
    rate: Bounds | None
    ratio: Bounds | None
    gap: Bounds | None


class ProxyValues(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the values of a group that is estimated from probabilities of membership.

    The ranges are over every dependence between decision and group among people with the same probabilities, without
    sampling error: no assumption and no number of records rules them out.

    Attributes:
        n_effective: How many decisions with certain membership would say as much about the group.
        rate_bounds: Range of the rate; None without members.
        ratio_bounds: Range of the ratio; None for the reference and for undeclared values.
        gap_bounds: Range of the gap; the same.
    """

    n_effective: float
    rate_bounds: Bounds | None
    ratio_bounds: Bounds | None = None
    gap_bounds: Bounds | None = None


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one window.

    Attributes:
        group: Its label as the policy spells it, ``unknown`` or ``__other__``; of an intersection all labels, joined
            by ``&``.
        labels: The labels apart, one for each attribute.
        n: Decisions; of a proxy's group the expected number, rounded.
        favorable: Favorable decisions; likewise.
        rate: Approval rate in [0, 1]; None without decisions.
        disparate_impact_ratio: Rate / rate of the reference; None with a reason.
        gap: Rate - rate of the reference, in [-1, 1], negative is harm; None with a reason.
        rate_bounds: Interval of the rate (Wilson). All three are for a single look; running totals are shown with
            confidence sequences (``stream_app.pipeline.disclosure.totals``).
        ratio_bounds: Interval of the ratio (Koopman); None for the reference and for undeclared values.
        gap_bounds: Interval of the gap (Newcombe); the same.
        reason: Why a value is missing or the group is not judged.
        state: The worst state of its tests; None for undeclared values, and for the reference where no scores are
            tested.
        rules: The plain rules that the window breaks, by point values alone.
        evidence: State and evidence of each sequential test; none for undeclared values, of the reference that of its
            scores.
        shortfall: Favorable decisions that the group lacks to meet the ratio rule.
        cause: Why the group differs from the reference, where it is in warning or in breach, or breaks a plain rule; of
            the intersections for those with most evidence only.
        sentence: The verdict in one sentence, where there is a cause.
        scores: Its scores against its own past; None without scores, for intersections and undeclared values.
        worst_case: What rate, ratio and gap can be whatever the unknown groups are; None where no decision of an
            undeclared value may be about the group or its reference, and for undeclared values.
        share: Of undeclared values their share of the decisions of the result, in (0, 1]; else None.
        design_effect: How many times larger the variance of the gap usually is than that of independent decisions, as
            the tests have measured it by clusters; where it is above 1 it widens the intervals. None without
            clusters, for the reference and undeclared values, and before the first comparison.
        proxy: Where the group is estimated from probabilities of membership, what is known of its values; absent else.
        amounts: Of a decision that is an amount, what is known of the amounts of the group; absent else. Rates, ratio,
            gap and their bounds are then None, and ``favorable`` is 0.
    """

    group: str
    labels: tuple[str, ...]
    n: int
    favorable: int
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    rate_bounds: Bounds | None
    ratio_bounds: Bounds | None
    gap_bounds: Bounds | None
    reason: Reason | None
    state: State | None
    rules: tuple[PlainRule, ...]
    evidence: tuple[Evidence, ...]
    shortfall: int | None
    cause: Cause | None = None
    sentence: str | None = None
    scores: ScoreStability | None = None
    worst_case: WorstCase | None = None
    share: float | None = None
    design_effect: float | None = None
    proxy: ProxyValues | msgspec.UnsetType = msgspec.UNSET
    amounts: AmountValues | msgspec.UnsetType = msgspec.UNSET


class FormerRelease(msgspec.Struct, frozen=True, kw_only=True):
    """What readers see instead of a result that may not be shown yet.

    Attributes:
        start_s: Start of what was counted.
        end_s: End of what was counted.
        groups: The groups as they were then.
        is_partial: Whether windows that hide a group are left out: the counts are the sum of the other ones.
    """

    start_s: int
    end_s: int
    groups: tuple[GroupResult, ...]
    is_partial: bool = False


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """What the release gate of the judge keeps from readers, beside small groups and what would reveal them.

    Attributes:
        groups: Groups that would follow, or reveal others, together with what was released elsewhere.
        is_held: Whether nothing of this result is shown yet, because it differs from a former release by too few.
        former: The former release that is shown until then; None without one.
    """

    groups: tuple[str, ...] = ()
    is_held: bool = False
    former: FormerRelease | None = None


class ResultHead(msgspec.Struct, frozen=True, kw_only=True):
    """Identifies a result: the first fields of every record of ``fairness-results`` and of its disclosed form.

    Attributes:
        schema: Version of the format.
        model: Name of the model, or ``<model>/outcomes``.
        attribute: Name of the protected attribute or proxy; of an intersection all names, joined by ``+``.
        window: Name of the window, or ``total``.
        size_s: Width of the window; for ``total`` the time from the first to the last closed pane.
        start_s: Start in seconds since the epoch: event time, for outcomes the clock of the join.
        end_s: End, not included.
        revision: 0 at close, one more for each correction; always 0 for ``total``, whose last record counts.
        reference: The reference group; of an intersection the cross of the reference groups.
    """

    schema: int
    model: str
    attribute: str
    window: str
    size_s: int
    start_s: int
    end_s: int
    revision: int
    reference: str

    @property
    def key(self) -> str:
        """``model|attribute|window|end``; running totals have one key, since only the newest counts."""
        end = "" if self.window == TOTAL_WINDOW else str(self.end_s)
        return f"{self.model}|{self.attribute}|{self.window}|{end}"


class Result(ResultHead, frozen=True, kw_only=True):
    """One attribute of one model in one window.

    Attributes:
        n: Decisions of all groups that are listed.
        state: The worst state of its pairs.
        groups: Declared groups in the order of the policy, then ``unknown`` and ``__other__`` if they have decisions;
            of an intersection its reference, then all crosses with decisions or a breach.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        withheld: What the release gate keeps from readers; absent where it is nothing.
        k: Fewest decisions that the policy of the judge permits to show; absent where that is the default.
    """

    n: int
    state: State
    groups: tuple[GroupResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str
    withheld: Withheld | msgspec.UnsetType = msgspec.UNSET
    k: int | msgspec.UnsetType = msgspec.UNSET


class Span(msgspec.Struct, frozen=True):
    """The range of event time that a result is about."""

    window: str
    start_s: int
    end_s: int


_codec = JsonCodec[Result](Result)
encode_result, decode_result = _codec.encode, _codec.decode
