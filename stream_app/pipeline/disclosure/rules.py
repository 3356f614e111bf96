"""The disclosure rules, each once: what is hidden and why, what is compared, and which state may leave.

``k`` is the fewest decisions (or outcomes) about which anything may be shown; 0 shows everything. Which groups of a
table are shown is decided by ``core.privacy.disclosure``; here is what follows for a result, an alert or a cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, TypeVar

import msgspec

from stream_app.core.groups.comparison import State, worst_of
from stream_app.core.privacy.disclosure import Disclosure

SMALL_CELL: Literal["small_cell"] = "small_cell"
COMPLEMENTARY: Literal["complementary"] = "complementary"
WITHHELD: Literal["withheld"] = "withheld"
NOT_SHOWN_YET: Literal["not_shown_yet"] = "not_shown_yet"
Hidden = Literal["small_cell", "complementary", "withheld", "not_shown_yet"]

Shown = TypeVar("Shown", bound=msgspec.Struct)


def is_small(n: int, n_reference: int | None, k: int) -> bool:
    """Return whether a number about a pair, or about one group alone, is about too few to be shown.

    >>> is_small(12, 9, 10), is_small(12, None, 10), is_small(0, 0, 0)
    (True, False, False)
    """
    return n < k or (n_reference is not None and n_reference < k)


def hidden_reason(group: str, release: Disclosure[str], withheld: Collection[str] = ()) -> Hidden | None:
    """Return why a group is hidden; None for one that is shown.

    Args:
        group: The group.
        release: What is shown.
        withheld: Groups that are hidden because of former releases.
    """
    if group in release.shown:
        return None
    if group in withheld:
        return WITHHELD
    return COMPLEMENTARY if group in release.complementary else SMALL_CELL


def is_compared(reference: str, release: Disclosure[str]) -> bool:
    """Return whether groups may be compared: only beside a reference that is shown, as a ratio reveals its rate."""
    return reference in release.shown


def disclosable_worst(judged: Iterable[tuple[int, State | None]], n_reference: int, k: int) -> State:
    """Return the worst state of the pairs, without naming the group.

    A pair with fewer than ``k`` on either side is insufficient whatever its state: an alarm must not reveal anything
    about so few people. A group that is hidden only to protect a smaller one keeps its state: hiding must not silence
    an alarm.

    Args:
        judged: Number of cases and state of each group that is judged; None where the limit in question is not tested.
        n_reference: Cases of the reference group.
        k: Fewest cases.

    >>> disclosable_worst([(50, State.OK), (9, State.BREACH)], 100, 10).value
    'insufficient'
    """
    return worst_of(State.INSUFFICIENT if is_small(n, n_reference, k) else state for n, state in judged)


def fields_of(record: msgspec.Struct, kind: type[Shown], *, without: tuple[str, ...]) -> dict[str, object]:
    """Return the fields of a record that its disclosed form takes over as they are.

    Args:
        record: The exact record.
        kind: The disclosed form.
        without: Fields of the disclosed form that a rule decides.
    """
    return {name: getattr(record, name) for name in kind.__struct_fields__ if name not in without}
