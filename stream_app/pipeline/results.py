"""The records of ``fairness-results``: what the judge says about each attribute in each window.

The topic is internal: it holds exact counts, also of small groups. Disclosure control is applied where values leave
(metrics, command line: ``stream_app.pipeline.disclosed``).

A value is the same bit for bit whenever it is computed again from the offsets that it names; so the time of
processing is not in it (Kafka's own timestamp has it). Intervals and evidence of the sequential tests will be further
fields of ``GroupResult``; readers ignore fields that they do not know.
"""

from __future__ import annotations

import msgspec

from stream_app.core.fairness.pairs import Reason, Rule, State
from stream_app.core.privacy.disclosure import Disclosure, disclose

SCHEMA = 1
TOTAL_WINDOW = "total"  # the name of the running totals in the place of a window's

Offsets = dict[str, dict[int, int]]  # source topic -> partition -> next offset


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group in one window.

    Attributes:
        group: Its label as the policy spells it, ``unknown`` or ``__other__``.
        n: Decisions.
        favourable: Favourable decisions.
        rate: Approval rate in [0, 1]; None without decisions.
        disparate_impact_ratio: Rate / rate of the reference; None with a reason.
        gap: Rate - rate of the reference, in [-1, 1], negative is harm; None with a reason.
        reason: Why a value is missing or the group is not judged.
        state: None for the reference and for undeclared values.
        rules: The rules that are broken.
        shortfall: Favourable decisions that the group lacks to meet the ratio rule.
    """

    group: str
    n: int
    favourable: int
    rate: float | None
    disparate_impact_ratio: float | None
    gap: float | None
    reason: Reason | None
    state: State | None
    rules: tuple[Rule, ...]
    shortfall: int | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of one model in one window.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        attribute: Name of the protected attribute.
        window: Name of the window, or ``total``.
        size_s: Width of the window; for ``total`` the stretch from the first to the last closed pane.
        start_s: Start, event time in seconds since the epoch.
        end_s: End, not included.
        revision: 0 at close, one more for each correction; always 0 for ``total``, whose last record counts.
        reference: The reference group.
        n: Decisions of all groups.
        state: The worst state of its pairs.
        groups: Declared groups in the order of the policy, then ``unknown`` and ``__other__`` if they have decisions.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy that was applied.
        code_version: Version of FairStream.
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
    n: int
    state: State
    groups: tuple[GroupResult, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str

    @property
    def key(self) -> str:
        """``model|attribute|window|end``; running totals have one key, since only the newest counts."""
        end = "" if self.window == TOTAL_WINDOW else str(self.end_s)
        return f"{self.model}|{self.attribute}|{self.window}|{end}"


class Span(msgspec.Struct, frozen=True):
    """The stretch of event time that a result is about."""

    window: str
    start_s: int
    end_s: int


def shown_groups(result: Result, k: int) -> Disclosure[str]:
    """Decide which groups of a result may leave."""
    return disclose({group.group: group.n for group in result.groups}, k)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Result)


def encode_result(result: Result) -> bytes:
    """Encode as JSON."""
    return _encoder.encode(result)


def decode_result(data: bytes) -> Result:
    """Decode what ``encode_result`` made.

    Raises:
        msgspec.MsgspecError: the bytes are no result.
    """
    return _decoder.decode(data)
