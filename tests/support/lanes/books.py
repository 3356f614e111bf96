"""Registered policies in memory."""

from __future__ import annotations

from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.policy import ModelPolicy


def book_of(*models: ModelPolicy, is_recount: bool = False) -> PolicyBook:
    """Return policies that were registered one after the other."""
    return PolicyBook(
        RegisteredPolicy(model, model.hash(), number, is_recount) for number, model in enumerate(models, 1)
    )
