"""What a change of a policy means: what each field is, and whether counts change or only how they are judged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import msgspec

from stream_app.errors import StateError
from stream_app.pipeline.policy_change import mapping_between
from stream_app.policy import ModelPolicy, Policy
from stream_app.policy.reference import describe_fields
from stream_app.web_app.policies.differences import differences

_NUMBER = re.compile(r"\[[^\]]*\]")


class Effect(NamedTuple):
    """A field that differs, and what that means.

    Attributes:
        field: Path of the field.
        meaning: What the field is; empty where it is part of a list of its own.
        before: Its value in the first policy, JSON.
        after: Its value in the second.
        changes_counts: Whether records are counted in another way; if not, only judged or shown so.
    """

    field: str
    meaning: str
    before: str
    after: str
    changes_counts: bool


def effects_between(before: ModelPolicy, after: ModelPolicy) -> list[Effect]:
    """Return the fields in which two policies of one model differ, with what each change means.

    >>> from stream_app.policy import load_policy
    >>> loans = load_policy("loans").models[0]
    >>> k = msgspec.structs.replace(loans.privacy, k=50)
    >>> [(one.field, one.before, one.after, one.changes_counts) for one in effects_between(
    ...     loans, msgspec.structs.replace(loans, privacy=k))]
    [('privacy.k', '10', '50', False)]
    """
    changed = differences([before], Policy(schema=1, models=(after,)))
    counting = {name: _counts_differ(before, after, name) for name in {_top(one.field) for one in changed}}
    return [
        Effect(one.field, meaning_of(one.field), one.before, one.after, counting[_top(one.field)]) for one in changed
    ]


def summary_of(effects: Iterable[Effect], before: ModelPolicy, after: ModelPolicy) -> str:
    """Return in one or two sentences what becomes of stored counts when the second policy follows the first."""
    if not any(effect.changes_counts for effect in effects):
        return "Counts stay the same: they are judged and shown under the other policy."
    try:
        mapping = mapping_between(before, after)
    except StateError as error:
        return f"{error}."
    kept = "is carried over as it is" if mapping is None else "is carried over into the cells of the other policy"
    return f"Records are counted in another way from the change on; what is counted already {kept}."


def meaning_of(path: str) -> str:
    """Return what a field of a model is; empty for a part of a list or table.

    >>> meaning_of("rules.max_gap") == "", meaning_of("attributes[gender].groups") == "", meaning_of("no.such")
    (False, False, '')
    """
    parent, _, name = _NUMBER.sub("", path).rpartition(".")
    return _meanings().get((parent, name), "")


@cache
def _meanings() -> dict[tuple[str, str], str]:
    return {
        ("" if place == "models" else place, fact.name): fact.meaning.replace("`", "")
        for fact in describe_fields()
        for place in fact.place.split(", ")
    }


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _counts_differ(before: ModelPolicy, after: ModelPolicy, name: str) -> bool:
    """Return whether one field alone changes what is counted."""
    if name not in ModelPolicy.__struct_fields__:
        return True
    changed = msgspec.structs.replace(before, **{name: getattr(after, name)})
    return changed.counting_facts() != before.counting_facts()
