"""Which subject is judged under a name."""

from __future__ import annotations

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.history import PeriodHistory
from stream_app.pipeline.judge.state import StoredEntries
from stream_app.pipeline.judge.subjects.allocations import AllocationsSubject
from stream_app.pipeline.judge.subjects.amounts import AmountsSubject
from stream_app.pipeline.judge.subjects.counts import CountsSubject
from stream_app.pipeline.judge.subjects.decisions import DecisionsSubject
from stream_app.pipeline.judge.subjects.outcomes import OutcomesSubject
from stream_app.pipeline.judge.subjects.subject import Subject
from stream_app.pipeline.names import outcomes_name
from stream_app.policy import ModelPolicy


def subject_of(
    model: ModelPolicy,
    name: str,
    stored: StoredEntries,
    history: PeriodHistory | None = None,
    keys: tuple[RootKey, ...] = (),
    *,
    leaves_out: bool = True,
) -> Subject:
    """Return what is judged under a name: the model itself, or its outcomes.

    Args:
        model: The policy.
        name: The name.
        stored: Its entries in the changelog topic.
        history: The tested periods.
        keys: The noise on counts follows from them.
        leaves_out: See ``EarlyTotals``.
    """
    if name == outcomes_name(model.name):
        return OutcomesSubject(model, stored, history)
    if model.kind == "counts":
        return CountsSubject(model, stored, keys)
    if model.kind == "allocations":
        return AllocationsSubject(model)
    if model.kind == "amounts":
        return AmountsSubject(model, stored, history, leaves_out=leaves_out)
    return DecisionsSubject(model, stored, history, leaves_out=leaves_out)
