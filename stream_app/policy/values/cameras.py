"""What a policy of records of cameras must be like, and how the parts of a publication of counts fit together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from stream_app.policy.limits import Publication
from stream_app.policy.model import ModelPolicy
from stream_app.policy.parts.paths import declared_paths
from stream_app.policy.values.headers import header_names

EVENT_FIELDS = ("id", "track", "camera", "ts", "class", "zone", "score")
DAY_S = 86_400
LABEL_FIELDS = ("camera", "class", "zone")


def camera_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what does not fit a policy of records of cameras, by the field of the policy."""
    if model.record is None:
        return
    if model.kind != "counts":
        yield "record", "only for kind 'counts'"
    if model.format != "json" or model.instance is not None or header_names(model):
        yield "record", "not allowed with a format, an instance or headers: the layout says how records are written"
    for path, _ in declared_paths(model):
        if path not in EVENT_FIELDS:
            yield "record", f"a camera event has no field {path!r}; it has {', '.join(EVENT_FIELDS)}"
    if model.event_id.path not in ("id", "track"):
        yield "event_id.path", "must be 'id' (a track counts in each group and window) or 'track' (it counts once)"
    if (model.event_time.path, model.event_time.format) != ("ts", "iso8601"):
        yield "event_time.path", "must be 'ts', in the format 'iso8601'"
    for number, attribute in enumerate(model.attributes):
        if attribute.path not in LABEL_FIELDS:
            yield f"attributes[{number}].path", f"must be one of {', '.join(LABEL_FIELDS)}"


def publication_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what does not fit in the publication of a model, by the field of the policy."""
    publication = model.publication
    if publication is None:
        return
    if model.kind != "counts":
        yield "publication", f"not allowed for kind {model.kind!r}"
    yield from _faults_of_ladder(model, publication)
    identifiers = {identifier.path: identifier.is_required for identifier in model.all_identifiers}
    track = publication.track or model.event_id.path
    if not identifiers.get(track):
        yield "publication.track", "must be the path of an identifier that is required"
    if publication.noise is None:
        return
    if publication.most_cells is None:
        yield "publication.most_cells", "needed for noise: it is what one track can change"
    if Fraction(publication.noise.epsilon) > Fraction(publication.noise.budget):
        yield "publication.noise.epsilon", "must not be above the budget of a day"


def _faults_of_ladder(model: ModelPolicy, publication: Publication) -> Iterator[tuple[str, str]]:
    sizes = {window.name: window.size_s for window in model.windows}
    where = "publication.ladder"
    unknown = [name for name in publication.ladder if name not in sizes]
    if unknown:
        yield where, f"no window {unknown[0]!r}; expected some of: {', '.join(sizes)}"
        return
    steps = [model.windows[0].size_s, *(sizes[name] for name in publication.ladder)]
    if any(long % short or long == short for short, long in pairwise(steps)):
        yield where, "each window must be a multiple of the one before, beginning with the first of windows"
    elif DAY_S % steps[-1]:
        yield where, "its last window (the first of windows where there is no ladder) must divide a day"
    if publication.pooled is not None and publication.pooled not in {part.name for part in model.attributes}:
        yield "publication.pooled", f"no attribute {publication.pooled!r}"
    if publication.pooled is not None and not publication.ladder:
        yield "publication.pooled", "needs a ladder"
