"""The fields of a record as a policy declares them: identifiers, times, features, scores, outcomes."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stream_app.policy.labels import SCORE
from stream_app.policy.types import (
    CameraLayout,
    Format,
    JsonPath,
    Name,
    PolicyPart,
    Scalar,
    Subject,
    Topic,
    Values,
    ZoneName,
)
from stream_app.policy.values.time_columns import TimeFormat

_MAX_FIXED_POINT = 2**20  # sums of squares of a run of events stay exact in a float


class Identifier(PolicyPart, frozen=True, kw_only=True):
    """A field that names a person, device or case; replaced by a pseudonym in the first hop.

    Attributes:
        path: Its place in the JSON, and that of the pseudonym in the output.
        canonical: How spellings of one identifier become one: ``text`` takes strings (NFC, stripped), ``integer``
            takes whole numbers, ``text-or-integer`` takes both (123 and "123" are the same), ``email`` strips and
            casefolds. A record with an identifier of more than 1,000 characters is a dead letter (``id_size``).
        link_domain: Identifiers in one domain can be joined with each other, identifiers of different domains never.
        is_required: Whether a record without it, or with null, is a dead letter; always true for ``event_id``. If not,
            a value that is not an identifier is left out and counts in ``fairstream_fields_dropped_total``.
    """

    path: JsonPath
    link_domain: Name
    is_required: bool = True
    canonical: Literal["text", "integer", "text-or-integer", "email"] = "text"


class EventTime(PolicyPart, frozen=True, kw_only=True):
    """When the decision was made, and what is assumed about clocks and order.

    Attributes:
        path: Place of the time in the JSON.
        format: ``iso8601`` is a date and a time of day in ISO 8601, as Java, Go, Postgres, pandas and SQL Server write
            it; ``epoch_s``, ``epoch_ms``, ``epoch_us`` and ``epoch_ns`` are numbers since 1970; ``epoch`` is such a
            number, whose unit follows from its magnitude (for times from 1973 on). A number that is plausible in
            another unit only is a dead letter (``ts_unit``).
        time_zone: Zone of times without an offset, such as ``Europe/Berlin``; without it they are dead letters
            (``tz``). Where clocks are set back and a time occurs twice, it is the occurrence nearer to the broker's
            timestamp; a time that clocks skipped is a dead letter (``ts``). For ``iso8601`` only.
        out_of_orderness_s: How much older than the newest event of its partition an event may be and still count; an
            event of a pane that is closed by then is late.
        max_future_s: How far an event may be ahead of the broker's timestamp of its record; further ahead it is a
            dead letter (``ts_future``).
        max_age_s: How old an event may be at the broker's timestamp; an older one is a dead letter (``ts_past``).
        pane_s: Width of a pane, the unit of counting; divides every window.
        idle_s: Idle timeout: a partition that is read to its end and silent for this long does not delay the others.
    """

    path: JsonPath
    format: TimeFormat = "iso8601"
    time_zone: ZoneName | None = None
    out_of_orderness_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 5
    max_future_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 300
    max_age_s: Annotated[int, msgspec.Meta(ge=60)] = 400 * 86_400
    pane_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 10
    idle_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 5.0


class Feature(PolicyPart, frozen=True, kw_only=True):
    """A number whose mean and spread are kept per cell, exactly.

    Attributes:
        name: Its name.
        path: Its place in the JSON.
        minimum: Smallest valid value; a smaller one is a dead letter.
        maximum: Greatest valid value; a greater one is a dead letter.
        scale: Values are kept as ``round(value * scale)``; ``|value| * scale`` is at most 2**20,
            so that sums are exact.
        is_required: Whether a record without it, or with null, is a dead letter. If not, a value that cannot be read
            (text, or outside its range) counts as absent, and in ``fairstream_fields_dropped_total``.
    """

    name: Name
    path: JsonPath
    minimum: float
    maximum: float
    scale: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    is_required: bool = True


class Score(PolicyPart, frozen=True, kw_only=True):
    """The number on which the decision was based: a further dimension of the counts, and a sum per cell.

    Attributes:
        path: Its place in the JSON.
        minimum: Smallest valid score; a smaller one is a dead letter.
        maximum: Greatest valid score; ``|score|`` is at most 2**20.
        edges: Where one bin of scores ends and the next begins, rising, between minimum and maximum; a score on an edge
            belongs to the upper bin. Groups are compared bin by bin.
        cut: The score from which a decision is favorable, one of the edges; none if no single score decides. The shares
            of scores from there on (else from the middle edge on) are compared between groups.
        reference_n: A group's later scores are compared with those of its first decisions, this many, in full panes.
        version: Version of the scoring; a change gathers new references and ends alarms of ``score_drift``.
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
        path: Place of the time in the JSON.
        format: Its form, as for the time of a decision.
        time_zone: Zone of times without an offset, as for the time of a decision.
    """

    path: JsonPath
    format: TimeFormat = "iso8601"
    time_zone: ZoneName | None = None


class Outcome(PolicyPart, frozen=True, kw_only=True):
    """The outcomes of the decisions: a second topic, whose records are joined with the decisions by the event id.

    Attributes:
        topic: The raw topic of the outcomes; as many partitions as that of the decisions, and the same key.
        format: How its records are written, as for decisions.
        schema_subject: Subject of their schemas, as for decisions; without it the name of the topic and ``-value``.
        event_id: Place of the decision's event id in an outcome; its link domain and spelling are those of the
            decision's.
        path: Place of the label in the JSON.
        favorable: The label of a good outcome: true for a loan that was repaid; or a list of such labels.
        unfavorable: All other labels, of the same type; any further value is a dead letter.
        event_time: When the outcome became known.
        identifiers: Further identifiers; they are checked and never leave.
        drop: Fields that are known to identify; dropped and counted by path. Needs ``unknown_fields = "drop"``.
        unknown_fields: What happens to a field that is not named here: ``reject`` makes the record a dead letter,
            ``drop`` drops the field and counts it.
        is_selective: Whether outcomes are known for favorable decisions only, as repayment is for loans that were
            granted. Then true and false positive rates cannot be known and are not shown.
        max_wait_d: How many days a decision waits for its outcome, and an outcome for its decision.
        max_waiting: Most decisions, and most outcomes without a decision, that wait per partition; beyond that the
            oldest expire. A decision takes about 40 bytes of memory, an outcome that waits about 300.
    """

    topic: Topic
    format: Format = "json"
    schema_subject: Subject | None = None
    event_id: JsonPath
    path: JsonPath
    favorable: Scalar | Values
    unfavorable: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]
    event_time: OutcomeTime
    identifiers: tuple[Identifier, ...] = ()
    drop: tuple[JsonPath, ...] = ()
    unknown_fields: Literal["reject", "drop"] = "reject"
    is_selective: bool
    max_wait_d: Annotated[float, msgspec.Meta(gt=0, le=3660)] = 365.0
    max_waiting: Annotated[int, msgspec.Meta(ge=1, le=50_000_000)] = 1_000_000


class Instance(PolicyPart, frozen=True, kw_only=True):
    """The list of instances in the payload of an inference service, of which a record must have exactly one.

    The instance takes the place of the list: fields inside it have paths without a number. A record with no instance or
    with several is a dead letter (``cardinality``).

    Attributes:
        path: Place of the list in the JSON.
        layout: ``rows`` is a list of instances (KServe V1: ``instances``, ``predictions``); ``tensors`` is a list of
            tensors with ``name``, ``shape`` and ``data`` (V2: ``inputs``, ``outputs``), each of one value, which become
            an object of these values by name.
    """

    path: JsonPath
    layout: Literal["rows", "tensors"] = "rows"


class CameraRecords(PolicyPart, frozen=True, kw_only=True):
    """Records as cameras write them, of which each object in a frame becomes an event.

    Events have the fields ``id``, ``track``, ``camera``, ``ts``, ``class``, ``zone`` and ``score``, as far as the
    policy names them, and no others: plates, faces, pictures, boxes and places do not pass. ``class`` is one of person,
    bicycle, motorcycle, car, bus, truck, vehicle, animal, bag and other. ``zone`` is the zone where the camera knows
    zones, as Frigate does; elsewhere it is the camera, for which ``aliases`` can name a zone. ``id`` identifies the
    track in a group and a window, the first of ``windows``: as event id it makes a track count once in each.

    Attributes:
        layout: How the vendor writes them: ``onvif-xml`` and ``onvif-json`` (scene description of Profile M),
            ``axis-v1`` and ``axis-beta`` (Analytics Data Format), ``deepstream`` and ``deepstream-full`` (minimal and
            full schema), ``frigate`` (events).
    """

    layout: CameraLayout


class Constant(PolicyPart, frozen=True, kw_only=True):
    """A field that names the schema or the source of a record.

    Attributes:
        path: Its place in the JSON.
        values: Allowed values; any other value makes the record a dead letter (``schema``). 1.0 is 1; texts must be
            as they are written here.
    """

    path: JsonPath
    values: Values


class Box(PolicyPart, frozen=True, kw_only=True):
    """A bounding box: an object with ``left``, ``top``, ``right`` and ``bottom`` as fractions of the image.

    It is dropped, as a box can re-identify a person, so it is only checked whether the source writes what the policy
    says: a box in pixels, or whose right edge is left of its left edge, makes the record a dead letter (``bbox``). It
    may extend beyond the image, by one image on each side, and its vertical axis may point up as in ONVIF.

    Attributes:
        path: Its place in the JSON.
    """

    path: JsonPath
