"""The policy: what is watched, in one TOML file.

A policy names for each model the topic, where each field lies in the JSON, which fields are identifiers, which are
protected attributes with their groups and reference, and by which rules the result is judged. The decoder is
compiled from it (``stream_app.core.events.decoder``), so an own stream needs no code. ``docs/policy.md`` is the
reference for people.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from stream_app.errors import PolicyError

SHIPPED = Path(__file__).parent / "policies"

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
JsonPath = Annotated[str, msgspec.Meta(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]
Topic = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,200}$")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Scalar = bool | int | str

UNKNOWN = "unknown"  # the label of a null or absent group
OTHER = "__other__"  # the label of a value that the policy does not list
NO_SEGMENT = "all"  # the only segment of a model that declares none


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every part of a policy: immutable, and a misspelt field is an error."""


class Identifier(_Part, frozen=True, kw_only=True):
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


class EventTime(_Part, frozen=True, kw_only=True):
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


class Decision(_Part, frozen=True, kw_only=True):
    """The decision that is watched.

    Attributes:
        path: Where it lies.
        favourable: The value that is good for the person: true, 1, "approved", ...
        unfavourable: All other values that may occur; any further value is a dead letter.
    """

    path: JsonPath
    favourable: Scalar
    unfavourable: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]


class Attribute(_Part, frozen=True, kw_only=True):
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


class Segment(_Part, frozen=True, kw_only=True):
    """A field by which results are split to look for causes: product, branch, site."""

    name: Name
    path: JsonPath
    values: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1, max_length=256)]


class Feature(_Part, frozen=True, kw_only=True):
    """A number whose mean and spread are kept per cell, exactly.

    Attributes:
        name: Its name.
        path: Where it lies.
        minimum: Smallest value that can be true; a smaller one is a dead letter.
        maximum: Greatest value that can be true.
        scale: Values are kept as ``round(value * scale)``; ``(max - min) * scale`` is at most 2**20.
        is_required: Whether a record without it is a dead letter.
    """

    name: Name
    path: JsonPath
    minimum: float
    maximum: float
    scale: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    is_required: bool = True


class Constant(_Part, frozen=True, kw_only=True):
    """A field that says which schema or source a record has; any other value makes it a dead letter (``schema``)."""

    path: JsonPath
    values: Annotated[tuple[str | int, ...], msgspec.Meta(min_length=1)]


class Box(_Part, frozen=True, kw_only=True):
    """A bounding box: an object with ``left``, ``top``, ``right`` and ``bottom`` as fractions of the picture.

    Its edges are checked (a box in pixels or with swapped edges makes the record a dead letter, ``bbox``), then it is
    dropped: a box re-identifies.
    """

    path: JsonPath


class Window(_Part, frozen=True, kw_only=True):
    """A tumbling window of event time, aligned to the epoch."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{1,12}$")]
    size_s: Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400)]


class Rules(_Part, frozen=True, kw_only=True):
    """When a window is called a breach (the plain rules of the original specifications).

    Attributes:
        min_disparate_impact_ratio: Breach when the ratio is below.
        max_gap: Breach when the rate of the group lies further than this below or above the reference.
        min_n: A pair with fewer decisions in either group is ``insufficient``.
    """

    min_disparate_impact_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    max_gap: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 30


class Privacy(_Part, frozen=True, kw_only=True):
    """What may leave.

    Attributes:
        k: Group values with fewer people are suppressed in metrics and aggregates.
    """

    k: Annotated[int, msgspec.Meta(ge=5)] = 10


DEFAULT_WINDOWS = (
    Window(name="1m", size_s=60),
    Window(name="5m", size_s=300),
    Window(name="1h", size_s=3600),
)


class ModelPolicy(_Part, frozen=True, kw_only=True):
    """One watched stream.

    Attributes:
        name: Name of the model in keys, metrics and results.
        kind: ``decisions`` are judged for fairness; ``counts`` are published as k-suppressed counts.
        topic: The raw topic that the customer writes.
        output_topic: Where the pseudonymised events go; none for ``counts`` unless given.
        event_id: The identifier by which a record sent twice is known; pseudonymised too.
        identifiers: Further identifiers; all are replaced.
        keep: Further fields that pass unchanged into the output (text, numbers, booleans).
        constants: Fields that must hold one of the listed values.
        boxes: Bounding boxes, checked and dropped.
        drop: Fields that are known to identify and are dropped; counted by path.
        unknown_fields: What happens to a field that the policy does not name: ``reject`` makes the record a dead
            letter, ``drop`` drops the field and counts it.
        repeat_horizon: A record is a repeat if its event id stands among this many records before it, per partition.
        max_record_bytes: A larger record is a dead letter, unread.
        max_list_items: A list with more entries is a dead letter.
        revision_s: How long a closed window can still be corrected by a partition that was silent.
    """

    name: Name
    topic: Topic
    event_time: EventTime
    kind: Literal["decisions", "counts"] = "decisions"
    output_topic: Topic | None = None
    event_id: Identifier
    identifiers: tuple[Identifier, ...] = ()
    decision: Decision | None = None
    attributes: Annotated[tuple[Attribute, ...], msgspec.Meta(min_length=1, max_length=8)]
    segment: Segment | None = None
    features: Annotated[tuple[Feature, ...], msgspec.Meta(max_length=16)] = ()
    keep: tuple[JsonPath, ...] = ()
    constants: tuple[Constant, ...] = ()
    boxes: tuple[Box, ...] = ()
    drop: tuple[JsonPath, ...] = ()
    unknown_fields: Literal["reject", "drop"] = "reject"
    windows: Annotated[tuple[Window, ...], msgspec.Meta(min_length=1, max_length=8)] = DEFAULT_WINDOWS
    rules: Rules = Rules()
    privacy: Privacy = Privacy()
    repeat_horizon: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 200_000
    max_record_bytes: Annotated[int, msgspec.Meta(ge=256, le=16_777_216)] = 1_048_576
    max_list_items: Annotated[int, msgspec.Meta(ge=1)] = 512
    revision_s: Annotated[int, msgspec.Meta(ge=60, le=7 * 86_400)] = 3600

    @property
    def all_identifiers(self) -> tuple[Identifier, ...]:
        """The event id first, then the other identifiers."""
        return (self.event_id, *self.identifiers)

    def layout_hash(self) -> str:
        """Hash of what the counts in the state topics depend on: a change needs a new ``app_id``."""
        layout = (self.kind, self.decision, self.attributes, self.segment, self.features, self.event_time.pane_s)
        return hashlib.sha256(msgspec.json.encode(layout)).hexdigest()[:16]


class Policy(_Part, frozen=True, kw_only=True):
    """A whole policy file.

    Attributes:
        schema: Version of this format.
        models: The watched streams.
    """

    schema: Literal[1]
    models: Annotated[tuple[ModelPolicy, ...], msgspec.Meta(min_length=1, max_length=64)]

    def hash(self) -> str:
        """Return the hash that travels with every result: SHA-256 of the canonical JSON, 16 hex digits."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def model(self, name: str) -> ModelPolicy:
        """Return one model by its name.

        Raises:
            PolicyError: there is none of that name.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise PolicyError(f"No model {name!r}", action="Known: " + ", ".join(m.name for m in self.models))


def load_policy(source: str) -> Policy:
    """Read and check a policy.

    Args:
        source: Name of a shipped policy (``loans``, ``loanapp``, ``camera``) or path of a TOML file.

    Raises:
        PolicyError: with the path of the field and what was expected.

    >>> load_policy("loans").models[0].attributes[0].reference
    'male'
    """
    path = SHIPPED / f"{source}.toml"
    if not path.is_file():
        path = Path(source)
    try:
        text = path.read_text("utf-8")
    except OSError:
        names = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.toml")))
        raise PolicyError(f"No policy {source!r}", action=f"Give a file, or one of: {names}") from None
    return parse_policy(text)


def parse_policy(text: str) -> Policy:
    """Turn TOML text into a checked policy.

    Raises:
        PolicyError: with the path of the field and what was expected.
    """
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"The policy is no valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise PolicyError(f"The policy has a mistake: {error}") from None
    _check_policy(policy)
    return policy


def _check_policy(policy: Policy) -> None:
    _refuse_repeats([model.name for model in policy.models], "$.models[...].name")
    _refuse_repeats([model.topic for model in policy.models], "$.models[...].topic")
    for number, model in enumerate(policy.models):
        _check_model(model, f"$.models[{number}]")


def _check_model(model: ModelPolicy, where: str) -> None:
    if (model.kind == "decisions") != (model.decision is not None):
        raise PolicyError(f"Kind {model.kind!r} needs {'a' if model.decision is None else 'no'} decision - at {where}")
    if model.decision is not None:
        _check_decision(model.decision, f"{where}.decision")
    for number, attribute in enumerate(model.attributes):
        _check_attribute(attribute, model.kind, f"{where}.attributes[{number}]")
    for number, feature in enumerate(model.features):
        _check_feature(feature, f"{where}.features[{number}]")
    for number, window in enumerate(model.windows):
        if window.size_s % model.event_time.pane_s:
            raise PolicyError(
                f"Expected a multiple of pane_s = {model.event_time.pane_s} - at {where}.windows[{number}].size_s"
            )
    _refuse_repeats([a.name for a in model.attributes], f"{where}.attributes[...].name")
    _refuse_repeats([w.name for w in model.windows] + ["total"], f"{where}.windows[...].name")
    _refuse_repeats([path for path, _ in declared_paths(model)], f"{where} (path)")
    _refuse_nested([path for path, _ in declared_paths(model)], where)
    if model.drop and model.unknown_fields == "reject":
        raise PolicyError(f"Expected unknown_fields = 'drop' beside a list of fields to drop - at {where}.drop")


def _check_decision(decision: Decision, where: str) -> None:
    values = (decision.favourable, *decision.unfavourable)
    if len({type(value) for value in values}) > 1:
        raise PolicyError(f"Expected values of one type - at {where}")
    _refuse_repeats([str(value) for value in values], where)


def _check_attribute(attribute: Attribute, kind: str, where: str) -> None:
    _refuse_repeats(list(attribute.groups), f"{where}.groups")
    if {UNKNOWN, OTHER} & set(attribute.groups):
        raise PolicyError(f"Expected groups other than {UNKNOWN!r} and {OTHER!r}, which are implied - at {where}.groups")
    if attribute.reference is None and kind == "decisions":
        raise PolicyError(f"Expected a reference group - at {where}.reference")
    if attribute.reference is not None and attribute.reference not in attribute.groups:
        raise PolicyError(f"Expected one of the groups - at {where}.reference")


def _check_feature(feature: Feature, where: str) -> None:
    if not feature.minimum < feature.maximum:
        raise PolicyError(f"Expected minimum < maximum - at {where}")
    if max(abs(feature.minimum), abs(feature.maximum)) * feature.scale > 2**20:
        raise PolicyError(f"Expected |value| * scale <= 2**20, so that sums stay exact - at {where}.scale")


def declared_paths(model: ModelPolicy) -> list[tuple[str, str]]:
    """List every path that the policy names, with the part that names it."""
    paths = [(identifier.path, "identifier") for identifier in model.all_identifiers]
    paths += [(model.event_time.path, "event_time")]
    paths += [(model.decision.path, "decision")] if model.decision else []
    paths += [(attribute.path, "attribute") for attribute in model.attributes]
    paths += [(model.segment.path, "segment")] if model.segment else []
    paths += [(feature.path, "feature") for feature in model.features]
    paths += [(path, "keep") for path in model.keep]
    paths += [(constant.path, "constant") for constant in model.constants]
    paths += [(box.path, "box") for box in model.boxes]
    paths += [(path, "drop") for path in model.drop]
    return paths


def _refuse_repeats(values: list[str], where: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise PolicyError(f"{value!r} is given twice - at {where}")


def _refuse_nested(paths: list[str], where: str) -> None:
    for outer in paths:
        for inner in paths:
            if inner.startswith(outer + "."):
                raise PolicyError(f"{inner!r} lies inside {outer!r}, which is read as one value - at {where}")
