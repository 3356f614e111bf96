"""Which models are stored, and how small the groups are that their rows may show."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.web_app.history.models import ShownModel


def note_models(smallest: Mapping[str, int]) -> None:
    """Note models with the smallest k of rows that were stored; to be called in the transaction that stores them."""
    noted = {row.model: row for row in ShownModel.objects.filter(model__in=smallest)}
    for model, k in smallest.items():
        row = noted.get(model)
        if row is None:
            row, _ = ShownModel.objects.get_or_create(model=model, defaults={"k": k})
        if row.k > k:
            row.k = k
            row.save(update_fields=["k"])
