"""The verdicts on the outcomes of one attribute in one window: were decisions right for every group?

*Positive* is a good outcome, *favorable* a favorable decision. The window contains the outcomes that came in it,
whenever their decisions were made.
"""

from __future__ import annotations

import msgspec

from stream_app.core.decoding import JsonDecoder
from stream_app.core.groups.comparison import State
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.records.amounts.amount_results import (
    AMOUNTS,
    AmountResult,
    decode_amount_result,
    encode_amount_result,
)
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.hours.allocation_results import (
    ALLOCATIONS,
    AllocationResult,
    decode_allocation_result,
    encode_allocation_result,
)
from stream_app.pipeline.records.results import Offsets, Result, ResultHead, decode_result, encode_result


class Measure(msgspec.Struct, frozen=True):
    """A rate or a gap.

    Attributes:
        value: None with a reason.
        lower: Lower end of its 95 % interval; None without a value.
        upper: Upper end; None when there is none.
        n: Cases of the group that it is based on.
        n_reference: Cases of the reference group; None for a rate.
        reason: Why there is no value.
    """

    value: float | None
    lower: float | None
    upper: float | None
    n: int
    n_reference: int | None
    reason: str | None


class BinResult(msgspec.Struct, frozen=True):
    """The outcomes of one group in one bin of scores.

    Attributes:
        bin: Its label.
        n: Outcomes.
        positives: Good ones among them.
        mean_score: Mean score; None without outcomes.
    """

    bin: str
    n: int
    positives: int
    mean_score: float | None


class OutcomeGroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one window. Gaps are None for the reference group and for undeclared values.

    Attributes:
        group: Its label as the policy spells it, ``unknown`` or ``__other__``.
        n: Outcomes that came.
        tp: Favorable decisions with a good outcome.
        fp: Favorable decisions with a bad outcome.
        fn: Unfavorable decisions with a good outcome.
        tn: Unfavorable decisions with a bad outcome.
        favorable_outcome_rate: Good outcomes among favorable decisions (positive predictive value).
        true_positive_rate: Favorable decisions among good outcomes.
        false_positive_rate: Favorable decisions among bad outcomes.
        equal_opportunity_difference: True positive rate - that of the reference; negative is harm.
        equal_opportunity_ratio: True positive rate / that of the reference; below 1 is harm.
        false_positive_rate_difference: False positive rate - that of the reference.
        average_odds_difference: Mean of the two.
        predictive_parity_difference: Favorable outcome rate - that of the reference.
        failure_rate_difference: Bad outcomes among favorable decisions - those of the reference; negative: the group
            had to meet a stricter bar (outcome test).
        calibration_error: Expected calibration error in [0, 1]; None with a reason.
        calibration_reason: Why there is none.
        bins: Outcomes by bin of scores; empty without scores.
        n_awaited: Decisions that began to wait for an outcome; under selective labels favorable ones only.
        n_expired: Such decisions that expired without one.
        without_outcome_ratio: Of all decisions that ever waited those without an outcome, expired or not, in [0, 1];
            for running totals only, None when there is no such decision.
        state: The worst state of its tests; None for the reference group and for undeclared values.
        evidence: State and evidence of each sequential test; none for those.
    """

    group: str
    n: int
    tp: int
    fp: int
    fn: int
    tn: int
    favorable_outcome_rate: Measure
    true_positive_rate: Measure
    false_positive_rate: Measure
    equal_opportunity_difference: Measure | None
    false_positive_rate_difference: Measure | None
    average_odds_difference: Measure | None
    predictive_parity_difference: Measure | None
    failure_rate_difference: Measure | None
    calibration_error: float | None
    calibration_reason: str | None
    bins: tuple[BinResult, ...]
    n_awaited: int
    n_expired: int
    without_outcome_ratio: float | None
    equal_opportunity_ratio: Measure | None = None
    state: State | None = None
    evidence: tuple[Evidence, ...] = ()


class FormerOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What readers see instead of a result about outcomes that may not be shown yet.

    Attributes:
        start_s: Start of what was counted.
        end_s: End of what was counted.
        groups: The groups as they were then.
    """

    start_s: int
    end_s: int
    groups: tuple[OutcomeGroupResult, ...]


class WithheldOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What the release gate of the judge keeps from readers, beside small groups and what would reveal them.

    Attributes:
        groups: Groups that would follow, or reveal others, together with what was released elsewhere.
        is_held: Whether nothing of this result is shown yet, because it differs from a former release by too few.
        former: The former release that is shown until then; None without one.
        by_decision: Shown groups of which nothing is shown about the outcomes of favorable decisions alone.
        by_outcome: Shown groups of which nothing is shown about good outcomes alone, or bad ones.
        by_score: Shown groups of which no bins of scores are shown.
    """

    groups: tuple[str, ...] = ()
    is_held: bool = False
    former: FormerOutcomes | None = None
    by_decision: tuple[str, ...] = ()
    by_outcome: tuple[str, ...] = ()
    by_score: tuple[str, ...] = ()


class OutcomeResult(ResultHead, frozen=True, kw_only=True):
    """One attribute of the outcomes of one model in one window.

    Attributes:
        n: Outcomes of all groups.
        is_selective: Whether outcomes are known for favorable decisions only.
        state: The worst state of its pairs.
        groups: Declared groups in the order of the policy, then ``unknown`` and ``__other__`` if they occur.
        offsets: By outcome-join topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
        withheld: What the release gate keeps from readers; absent where it is nothing.
        k: Fewest outcomes that the policy of the judge permits to show; absent where that is the default.
    """

    n: int
    is_selective: bool
    state: State = State.INSUFFICIENT
    groups: tuple[OutcomeGroupResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str
    withheld: WithheldOutcomes | msgspec.UnsetType = msgspec.UNSET
    k: int | msgspec.UnsetType = msgspec.UNSET


class _Head(msgspec.Struct):
    model: str
    kind: str = ""


JudgedResult = Result | OutcomeResult
NumberResult = AllocationResult | AmountResult  # about hours or amounts: without rates
AnyResult = JudgedResult | NumberResult

_codec = JsonCodec[OutcomeResult](OutcomeResult)
_head = JsonDecoder[_Head](_Head)
encode_outcome_result = _codec.encode


def encode_any_result(result: AnyResult) -> bytes:
    """Encode any record of ``fairness-results``."""
    if isinstance(result, AllocationResult):
        return encode_allocation_result(result)
    if isinstance(result, AmountResult):
        return encode_amount_result(result)
    return encode_outcome_result(result) if isinstance(result, OutcomeResult) else encode_result(result)


def decode_every_result(data: bytes) -> AnyResult:
    """Decode a record of ``fairness-results``, about decisions, outcomes, hours of areas or amounts.

    Raises:
        msgspec.MsgspecError: the bytes are not a result.
    """
    kind = _head.decode(data).kind
    if kind == ALLOCATIONS:
        return decode_allocation_result(data)
    return decode_amount_result(data) if kind == AMOUNTS else decode_any_result(data)


def decode_any_result(data: bytes) -> JudgedResult:
    """Decode a result about decisions or about outcomes.

    Raises:
        msgspec.MsgspecError: the bytes are not such a result.
    """
    return _codec.decode(data) if is_of_outcomes(_head.decode(data).model) else decode_result(data)


def decode_judged_result(data: bytes) -> JudgedResult | None:
    """Decode a result about decisions or outcomes; None for one about hours of areas or amounts.

    Raises:
        msgspec.MsgspecError: the bytes are not a result.
    """
    result = decode_every_result(data)
    return None if isinstance(result, NumberResult) else result


def decode_decision_result(data: bytes) -> Result | None:
    """Decode a result about decisions; None for any other.

    Raises:
        msgspec.MsgspecError: the bytes are not a result.
    """
    result = decode_judged_result(data)
    return result if isinstance(result, Result) else None


def decode_tested_result(data: bytes) -> Result | None:
    """Decode a result about decisions, amounts too; None for any other.

    Raises:
        msgspec.MsgspecError: the bytes are not a result.
    """
    result = decode_every_result(data)
    return result if isinstance(result, Result) else None


def decode_amounts(data: bytes) -> AmountResult | None:
    """Decode a result about amounts; None for any other.

    Raises:
        msgspec.MsgspecError: the bytes are not a result.
    """
    result = decode_every_result(data)
    return result if isinstance(result, AmountResult) else None
