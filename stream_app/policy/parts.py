"""The parts of a model's policy: frozen structs whose types hold the limits."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_NAME = r"^[a-z][a-z0-9_-]{0,39}$"
# A key of a JSON object. Dots join keys; quotes, backslashes and control characters have no one spelling in JSON.
_KEY = r'[^.\s"\\]([^."\\\x00-\x1f]*[^.\s"\\])?'
_PATH = rf"^{_KEY}(\.{_KEY})*$"
_TOPIC = r"^[A-Za-z0-9._-]{1,200}$"
_WINDOW_NAME = r"^[a-z0-9]{1,12}$"

# What each pattern means, for messages and for the reference.
PATTERNS = {
    _NAME: "a name: a small letter, then small letters, digits, _ or -, at most 40",
    _PATH: "a path: keys of the JSON joined by dots, without quotes, backslashes and outer blanks",
    _TOPIC: "a topic: letters, digits, dot, _ or -, at most 200",
    _WINDOW_NAME: "a short name: small letters and digits, at most 12",
}

SCORE = "score"  # the dimension of the bins, and the sum, of a score
OUTCOME = "outcome"  # the dimension of the labels
_MAX_FIXED_POINT = 2**20  # sums of squares of a run of events stay exact in a float

Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
JsonPath = Annotated[str, msgspec.Meta(pattern=_PATH, max_length=200)]
Topic = Annotated[str, msgspec.Meta(pattern=_TOPIC)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Scalar = bool | int | str


class PolicyPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every part of a policy: immutable, and a misspelt field is an error."""


class Identifier(PolicyPart, frozen=True, kw_only=True):
    """A field that names a person, device or case; replaced by a pseudonym in the first hop.

    Attributes:
        path: Where it lies in the JSON, and where the pseudonym lies in the output.
        canonical: How spellings of one identifier become one: ``text`` takes strings (NFC, stripped), ``integer``
            takes whole numbers, ``text-or-integer`` takes both (123 and "123" are the same), ``email`` strips and
            casefolds.
        link_domain: Identifiers in one domain can be joined with each other, across domains never.
        is_required: Whether a record without it, or with null, is a dead letter; always true for ``event_id``.
    """

    path: JsonPath
    link_domain: Name
    is_required: bool = True
    canonical: Literal["text", "integer", "text-or-integer", "email"] = "text"


class EventTime(PolicyPart, frozen=True, kw_only=True):
    """When the decision was made, and what is believed about clocks and order.

    Attributes:
        path: Where the time lies.
        format: ``iso8601`` is text with an offset, ``epoch_s`` and ``epoch_ms`` are numbers since 1970.
        out_of_orderness_s: How far an event may lag behind the newest one of its partition and still count; an event
            of a pane that is closed by then is late.
        max_future_s: How far an event may lie ahead of the broker's timestamp of its record; further ahead it is a
            dead letter (``ts_future``).
        max_age_s: How old an event may be at the broker's timestamp; an older one is a dead letter (``ts_past``).
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


class Decision(PolicyPart, frozen=True, kw_only=True):
    """The decision that is watched.

    Attributes:
        path: Where it lies.
        favorable: The value that is good for the person: true, 1, "approved", ...
        unfavorable: All other values that may occur, of the same type; any further value is a dead letter.
    """

    path: JsonPath
    favorable: Scalar
    unfavorable: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]


class Attribute(PolicyPart, frozen=True, kw_only=True):
    """A protected attribute.

    Attributes:
        name: Its name in metrics and results.
        path: Where it lies.
        groups: The groups that are told apart; compared after NFKC, strip and casefold. Other values count as
            ``__other__``, null as ``unknown``; an absent field makes the record a dead letter (``missing``). Groups
            that are all written as whole numbers may come as numbers.
        reference: The group that the others are compared with; needed where decisions are judged.
    """

    name: Name
    path: JsonPath
    groups: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1, max_length=64)]
    reference: Label | None = None


class Segment(PolicyPart, frozen=True, kw_only=True):
    """A field by which results are split to look for causes: product, branch, site.

    Attributes:
        name: Its name in metrics and results.
        path: Where it lies.
        values: The values that are told apart, compared like groups; others count as ``__other__``, null as
            ``unknown``.
    """

    name: Name
    path: JsonPath
    values: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1, max_length=256)]


class Feature(PolicyPart, frozen=True, kw_only=True):
    """A number whose mean and spread are kept per cell, exactly.

    Attributes:
        name: Its name.
        path: Where it lies.
        minimum: Smallest value that can be true; a smaller one is a dead letter.
        maximum: Greatest value that can be true.
        scale: Values are kept as ``round(value * scale)``; ``|value| * scale`` is at most 2**20,
            so that sums are exact.
        is_required: Whether a record without it, or with null, is a dead letter.
    """

    name: Name
    path: JsonPath
    minimum: float
    maximum: float
    scale: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    is_required: bool = True


class Score(PolicyPart, frozen=True, kw_only=True):
    """The number by which the decision was made: a further dimension of the counts, and a sum per cell.

    Attributes:
        path: Where it lies.
        minimum: Smallest score that can be; a smaller one is a dead letter.
        maximum: Greatest score that can be; ``|score|`` is at most 2**20.
        edges: Where one bin of scores ends and the next begins, rising, between minimum and maximum; a score on an edge
            belongs to the upper bin. Groups are compared bin by bin.
        cut: The score from which a decision is favorable, one of the edges; none if no single one decides. The shares
            of scores from there on (else from the middle edge on) are compared between groups.
        reference_n: The first so many decisions of a group, in whole panes, are what its later scores are held against.
        version: Version of what makes the scores; a change gathers new references and ends alarms of ``score_drift``.
    """

    path: JsonPath
    minimum: float
    maximum: float
    edges: Annotated[tuple[float, ...], msgspec.Meta(min_length=1, max_length=63)]
    cut: float | None = None
    reference_n: Annotated[int, msgspec.Meta(ge=100, le=10_000_000)] = 2000
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=60)] = "1"

    @property
    def bins(self) -> tuple[str, ...]:
        """Label of each bin.

        >>> Score(path="p", minimum=0, maximum=1, edges=(0.2, 0.5)).bins
        ('[0,0.2)', '[0.2,0.5)', '[0.5,1]')
        """
        lows, highs = (self.minimum, *self.edges), (*self.edges, self.maximum)
        ends = ")" * len(self.edges) + "]"
        return tuple(f"[{low:.12g},{high:.12g}{end}" for low, high, end in zip(lows, highs, ends, strict=True))

    @property
    def as_feature(self) -> Feature:
        """The sum that is kept of it, to the finest power of ten that stays exact.

        >>> Score(path="p", minimum=300, maximum=850, edges=(500,)).as_feature.scale
        1000
        """
        room = _MAX_FIXED_POINT / max(abs(self.minimum), abs(self.maximum), 1.0)
        scale = 10 ** min(6, len(str(int(room))) - 1)
        return Feature(name=SCORE, path=self.path, minimum=self.minimum, maximum=self.maximum, scale=scale)


class OutcomeTime(PolicyPart, frozen=True, kw_only=True):
    """When an outcome became known; checked like the time of a decision, by the same limits.

    Attributes:
        path: Where the time lies.
        format: ``iso8601`` is text with an offset, ``epoch_s`` and ``epoch_ms`` are numbers since 1970.
    """

    path: JsonPath
    format: Literal["iso8601", "epoch_s", "epoch_ms"] = "iso8601"


class Outcome(PolicyPart, frozen=True, kw_only=True):
    """What came of the decisions: a second topic, whose records are joined with the decisions by the event id.

    Attributes:
        topic: The raw topic of the outcomes; as many partitions as that of the decisions, and the same key.
        event_id: Where the decision's event id lies in an outcome; its link domain and spelling are those of the
            decision's.
        path: Where the label lies.
        favorable: The label of a good outcome: true for a loan that was repaid.
        unfavorable: All other labels, of the same type; any further value is a dead letter.
        event_time: When the outcome became known.
        identifiers: Further identifiers; they are checked and leave nowhere.
        drop: Fields that are known to identify; dropped and counted by path. Needs ``unknown_fields = "drop"``.
        unknown_fields: What happens to a field that is not named here: ``reject`` makes the record a dead letter,
            ``drop`` drops the field and counts it.
        is_selective: Whether outcomes are known for favorable decisions only, as repayment is for loans that were
            granted. Then true and false positive rates cannot be known and are not shown.
        max_wait_d: How many days a decision waits for its outcome, and an outcome for its decision.
        max_waiting: Most decisions, and most outcomes without a decision, that wait per partition; then the oldest are
            given up. A decision takes about 40 bytes of memory, an outcome that waits about 300.
    """

    topic: Topic
    event_id: JsonPath
    path: JsonPath
    favorable: Scalar
    unfavorable: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]
    event_time: OutcomeTime
    identifiers: tuple[Identifier, ...] = ()
    drop: tuple[JsonPath, ...] = ()
    unknown_fields: Literal["reject", "drop"] = "reject"
    is_selective: bool
    max_wait_d: Annotated[float, msgspec.Meta(gt=0, le=3660)] = 365.0
    max_waiting: Annotated[int, msgspec.Meta(ge=1, le=50_000_000)] = 1_000_000


class Constant(PolicyPart, frozen=True, kw_only=True):
    """A field that says which schema or source a record has.

    Attributes:
        path: Where it lies.
        values: What it may hold; any other value makes the record a dead letter (``schema``).
    """

    path: JsonPath
    values: Annotated[tuple[str | int, ...], msgspec.Meta(min_length=1)]


class Box(PolicyPart, frozen=True, kw_only=True):
    """A bounding box: an object with ``left``, ``top``, ``right`` and ``bottom`` as fractions of the picture.

    Its edges are checked (a box in pixels or with swapped edges makes the record a dead letter, ``bbox``), then it is
    dropped: a box re-identifies.

    Attributes:
        path: Where it lies.
    """

    path: JsonPath


class WindowPolicy(PolicyPart, frozen=True, kw_only=True):
    """A tumbling window of event time, aligned to the epoch.

    Attributes:
        name: Its name in metrics and results; not ``total``, which is the running total.
        size_s: Its length in seconds; a multiple of ``event_time.pane_s``.
    """

    name: Annotated[str, msgspec.Meta(pattern=_WINDOW_NAME)]
    size_s: Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400)]


class Rules(PolicyPart, frozen=True, kw_only=True):
    """The limits of fairness, for the plain rules of a window and for the sequential tests.

    Attributes:
        min_disparate_impact_ratio: Unfair when the ratio is below; the other way round, when 1 / ratio is.
        max_gap: Unfair when the rate of the group lies further than this below or above the reference; also the
            limit for the share of high scores.
        max_rate_difference: Unfair when, with outcomes, the true or the false positive rate of the group, or under
            selective labels its share of good outcomes among the approved, lies further than this below or above that
            of the reference.
        min_n: A pair with fewer decisions in either group is ``insufficient``.
    """

    min_disparate_impact_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    max_gap: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    max_rate_difference: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 30


class Detection(PolicyPart, frozen=True, kw_only=True):
    """How sequential tests watch every group and every intersection of groups, all the time.

    Attributes:
        false_alarms_per_million: Expected false alarms per million decisions, over everything that is watched; sets
            all thresholds. Lower is calmer and slower.
        design_effect: Counts are divided by this before they are tested, where decisions copy one another (one
            applicant, one officer, one batch); 1 for independent decisions.
        max_depth: How many attributes are crossed to intersections; 1 watches single attributes only.
        is_stratified: Test inside each value of the segment, so that a change of the mix cannot look like a change of
            the rates; needs a segment.
        plain_rules: Call a window that breaks ``rules`` a breach too. This cries wolf: with a group of 10 % and 70 %
            approval in two of a hundred windows of 500 fair decisions, near the limit in every second one.
    """

    false_alarms_per_million: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 0.1
    design_effect: Annotated[float, msgspec.Meta(ge=1, le=1000)] = 1.0
    max_depth: Annotated[int, msgspec.Meta(ge=1, le=3)] = 3
    is_stratified: bool = False
    plain_rules: bool = False


class Privacy(PolicyPart, frozen=True, kw_only=True):
    """What may leave.

    Attributes:
        k: Group values with fewer people are suppressed in metrics and aggregates.
        exportable_records: Which single records ``fairstream replay export-records`` may write to a file: ``none``,
            the ``pseudonymized`` events, or also the ``raw`` records with their identifiers. For ``decisions`` only.
    """

    k: Annotated[int, msgspec.Meta(ge=5)] = 10
    exportable_records: Literal["none", "pseudonymized", "raw"] = "none"
