"""What a comparison found: how many there should be, how many there are, and the first difference in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        what: What was compared.
        n_expected: How many there should be.
        n_found: How many different ones there are.
        n_duplicated: Copies beyond the first.
        n_missing: Expected ones that are not there.
        n_wrong: Those that should not be there, or have other values.
        first: The first difference in words; empty when there is none.
    """

    what: str
    n_expected: int
    n_found: int
    n_duplicated: int = 0
    n_missing: int = 0
    n_wrong: int = 0
    first: str = ""

    @property
    def is_exact(self) -> bool:
        return not (self.n_duplicated or self.n_missing or self.n_wrong or self.first)


def compare_once(what: str, expected: Iterable[Any], found: Iterable[Any]) -> Finding:
    """Every expected item exactly once and nothing else."""
    wanted, seen = Counter(expected), Counter(found)
    duplicated, missing, wrong = seen - wanted, wanted - seen, [item for item in seen if item not in wanted]
    n_wrong = sum(seen[item] for item in wrong)
    differences = [("missing", missing), ("unexpected", wrong), ("duplicated", duplicated)]
    first = next((f"{kind}: {min(items)}" for kind, items in differences if items), "")
    return Finding(what, len(wanted), len(seen), duplicated.total() - n_wrong, missing.total(), n_wrong, first)


def compare_values(what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Finding:
    """Every expected key with its value and no other key."""
    missing = expected.keys() - found.keys()
    wrong = [key for key in found if key not in expected or found[key] != expected[key]]
    first = ""
    if missing or wrong:
        key = min([*missing, *wrong])
        first = f"{key}: expected {expected.get(key)}, found {found.get(key)}"
    return Finding(what, len(expected), len(found), 0, len(missing), len(wrong), first)
