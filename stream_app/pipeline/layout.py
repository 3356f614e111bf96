"""Which cells a policy asks for: the one place where ingest and judge agree about codes."""

from __future__ import annotations

from stream_app.core.windows.cells import CellLayout
from stream_app.policy import DECISION, OTHER, UNKNOWN, ModelPolicy, canonical_label

__all__ = ["DECISION", "FAVOURABLE", "UNFAVOURABLE", "index_by_label", "layout_of"]

FAVOURABLE = "favourable"
UNFAVOURABLE = "unfavourable"


def layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of a model.

    The dimensions are the attributes in declared order, then the segment if there is one, then the decision for a
    model of kind ``decisions``. Labels are shown as the policy spells them, followed by ``unknown`` (null) and
    ``__other__`` (not listed).
    """
    dimensions = [(attribute.name, (*attribute.groups, UNKNOWN, OTHER)) for attribute in model.attributes]
    if model.segment is not None:
        dimensions.append((model.segment.name, (*model.segment.values, UNKNOWN, OTHER)))
    if model.kind == "decisions":
        dimensions.append((DECISION, (FAVOURABLE, UNFAVOURABLE)))
    return CellLayout(tuple(dimensions), len(model.features))


def index_by_label(labels: tuple[str, ...]) -> dict[str, int]:
    """Map the canonical form of each label of a dimension to its index, for the decoder.

    A value that is not found counts as ``__other__``, whose index is the last.

    >>> index_by_label(("Female", "male", "unknown", "__other__"))
    {'female': 0, 'male': 1, 'unknown': 2, '__other__': 3}
    """
    return {canonical_label(label): index for index, label in enumerate(labels)}
