"""Which cells a policy asks for: the one place where ingest and judge agree about codes."""

from __future__ import annotations

from stream_app.core.events.labels import canonical_label
from stream_app.core.windows.cells import CellLayout
from stream_app.errors import PolicyError
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy

DECISION = "decision"
FAVOURABLE = "favourable"
UNFAVOURABLE = "unfavourable"


def layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of a model.

    The dimensions are the attributes in declared order, then the segment if there is one, then the decision for a
    model of kind ``decisions``. Labels are shown as the policy spells them, followed by ``unknown`` (null or absent)
    and ``__other__`` (not listed).

    Raises:
        PolicyError: two labels of one field are the same after canonicalisation, or two dimensions share a name.
    """
    dimensions = [(attribute.name, _open_labels(attribute.name, attribute.groups)) for attribute in model.attributes]
    if model.segment is not None:
        dimensions.append((model.segment.name, _open_labels(model.segment.name, model.segment.values)))
    if model.kind == "decisions":
        dimensions.append((DECISION, (FAVOURABLE, UNFAVOURABLE)))
    names = [name for name, _ in dimensions]
    for name in names:
        if names.count(name) > 1:
            raise PolicyError(f"{name!r} names two dimensions of model {model.name!r}", action="Rename one of them")
    return CellLayout(tuple(dimensions), len(model.features))


def index_by_label(labels: tuple[str, ...]) -> dict[str, int]:
    """Map the canonical form of each label of a dimension to its index, for the decoder.

    A value that is not found counts as ``__other__``, whose index is the last.

    >>> index_by_label(("Female", "male", "unknown", "__other__"))
    {'female': 0, 'male': 1, 'unknown': 2, '__other__': 3}
    """
    return {canonical_label(label): index for index, label in enumerate(labels)}


def _open_labels(name: str, declared: tuple[str, ...]) -> tuple[str, ...]:
    labels = (*declared, UNKNOWN, OTHER)
    if len(index_by_label(labels)) < len(labels):
        raise PolicyError(
            f"Two labels of {name!r} are the same after Unicode normalisation, strip and casefold",
            action=f"List each group once; {UNKNOWN!r} and {OTHER!r} are implied",
        )
    return labels
