"""How labels, groups and bands of a policy must fit together, and how a policy is rejected."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import isfinite
from typing import NoReturn

from stream_app.policy.labels import AND, OTHER, UNKNOWN, canonical_label
from stream_app.policy.messages import invalid_policy
from stream_app.policy.types import Aliases
from stream_app.policy.values.bands import OLDEST
from stream_app.policy.values.labeled import Attribute


def check_groups(groups: tuple[str, ...], reference: str | None, where: str) -> None:
    """Reject groups that are not distinct, or a reference that is none of them."""
    check_labels(groups, f"{where}.groups")
    for group in (group for group in groups if AND in group):
        reject(
            f"group {group!r} has {AND!r}, which joins groups to intersections; write "
            f"{group.replace(AND, ' and ')!r}, with the records' spelling as an alias",
            f"{where}.groups",
        )
    if reference is not None and reference not in groups:
        reject(f"{reference!r} is not one of its groups ({listed(groups)})", f"{where}.reference")


def check_labels(labels: tuple[str, ...], where: str) -> None:
    """Reject labels that are empty, not printable or the same when they are compared."""
    known = {canonical_label(UNKNOWN), canonical_label(OTHER)}
    for label in labels:
        canonical = canonical_label(label)
        if not canonical or not label.isprintable():
            reject(f"label {label!r} must be printable and not empty", where)
        if canonical in known:
            reject(
                f"label {label!r} occurs twice, compared without letter case, blanks and unseen characters "
                f"({UNKNOWN!r} and {OTHER!r} are implied)",
                where,
            )
        known.add(canonical)


def check_bands(attribute: Attribute, where: str) -> None:
    """Reject edges of bands that do not rise, and what is for bands only."""
    if not attribute.edges:
        if attribute.derive or attribute.minimum is not None or attribute.maximum is not None:
            reject("derive, minimum and maximum are for bands: give edges", where)
        return
    low = 0.0 if attribute.derive == "age" and attribute.minimum is None else attribute.minimum
    high = OLDEST if attribute.derive == "age" and attribute.maximum is None else attribute.maximum
    bounds = (*([] if low is None else [low]), *attribute.edges, *([] if high is None else [high]))
    if any(not lower < upper for lower, upper in pairwise(bounds)) or not all(map(isfinite, bounds)):
        reject("must be rising edges between minimum and maximum", f"{where}.edges")
    if attribute.aliases:
        reject("not allowed with edges: a number has no spellings", f"{where}.aliases")


def check_aliases(labels: tuple[str, ...], aliases: Aliases | None, missing: tuple[str, ...], where: str) -> None:
    """Reject a spelling that means two things."""
    meanings = {canonical_label(OTHER): OTHER, canonical_label(UNKNOWN): UNKNOWN}
    meanings |= {canonical_label(label): label for label in labels}
    for text in missing:
        if meanings.get(canonical_label(text), UNKNOWN) != UNKNOWN:
            reject(f"{text!r} is in missing too; a spelling means one thing", where)
        meanings[canonical_label(text)] = UNKNOWN
    for label, spellings in (aliases or {}).items():
        if label not in labels:
            reject(f"{label!r} is not one of the labels ({listed(labels)})", f"{where}.aliases")
        for spelling in spellings:
            if meanings.setdefault(canonical_label(spelling), label) != label:
                meaning = meanings[canonical_label(spelling)]
                reject(f"{spelling!r} is a spelling of {label!r} and of {meaning!r}", f"{where}.aliases")


def reject_duplicates(values: Iterable[str], where: str, *, what: str = "", reserved: Iterable[str] = ()) -> None:
    """Reject a value that occurs twice, or that is reserved."""
    seen: set[str] = set()
    for value in values:
        if value in reserved:
            reject(f"{value!r} is reserved, choose another name", where)
        if value in seen:
            reject(f"{what}{value!r} occurs twice", where)
        seen.add(value)


def listed(values: Iterable[str | float], most: int = 12) -> str:
    """List values of a policy; of very many the first ones."""
    texts = [value if isinstance(value, str) else f"{value:g}" for value in values]
    return ", ".join(texts[:most]) + (f", and {len(texts) - most} more" if len(texts) > most else "")


def reject(what: str, where: str) -> NoReturn:
    """Reject a policy.

    Args:
        what: What is wrong, and what is allowed.
        where: Path of the field.

    Raises:
        PolicyError: always.
    """
    raise invalid_policy(where, what)
