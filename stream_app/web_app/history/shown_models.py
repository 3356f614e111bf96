"""Which models are stored, and how small the groups are that their rows may show."""

from __future__ import annotations

from django.db import transaction

from stream_app.web_app.history.models import ShownModel


class ShownModels:
    """Notes models as rows are stored, in the same transaction."""

    def __init__(self) -> None:
        self._noted: dict[str, int] = {}  # only what is committed

    def note(self, model: str, k: int) -> None:
        """Note that a row shows groups of k decisions and more."""
        if self._noted.get(model, k + 1) <= k:
            return
        row, is_new = ShownModel.objects.get_or_create(model=model, defaults={"k": k})
        if not is_new and row.k > k:
            row.k = k
            row.save(update_fields=["k"])
        transaction.on_commit(lambda: self._noted.__setitem__(model, row.k))
