"""The policies of one deployment in the order of their registration: which one of a model is the newest.

Workers of one deployment may start with different files: during a rolling update, or by mistake. What holds for all of
them is what is registered (``fairness-policies``): every lane that loads takes the newest policy of its model, and
whatever was counted under an earlier one is known by its hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stream_app.policy import ModelPolicy


class RegisteredPolicy(NamedTuple):
    """A policy of a model.

    Attributes:
        model: The policy.
        hash: Its hash.
        number: When it was registered, milliseconds since the epoch; a higher number is newer.
        is_recount: Whether retained records that were counted under the policy before are counted again under this one.
    """

    model: ModelPolicy
    hash: str
    number: int
    is_recount: bool = False


class PolicySearch:
    """Up to which record of each partition the registry was read again for the policies that records name.

    A policy is registered before anything is counted under it. So no worker wrote a record whose policy the registry
    still lacks when it is read after the record was there.

    >>> search = PolicySearch()
    >>> search.begin("partials", 0, 7)
    >>> search.done_below("partials", 0), search.done_below("partials", 1)
    (7, 0)
    """

    def __init__(self) -> None:
        self._below: dict[tuple[str, int], int] = {}

    def begin(self, topic: str, partition: int, below: int) -> None:
        """Note that the registry will be read for the records below an offset, before any of them is read again."""
        self._below[topic, partition] = below

    def done_below(self, topic: str, partition: int) -> int:
        """Return the offset below which it was."""
        return self._below.get((topic, partition), 0)


class PolicyBook:
    """The registered policies of one deployment.

    Args:
        policies: In the order of registration; a policy that comes again is the newest from then on.

    >>> from stream_app.policy import load_policy
    >>> loans = load_policy("loans").models[0]
    >>> book = PolicyBook.of([loans])
    >>> book.newest("loans").number, book.newest("other"), book.get("loans", loans.hash()).model == loans
    (1, None, True)
    """

    def __init__(self, policies: Iterable[RegisteredPolicy] = ()) -> None:
        self._by_model: dict[str, dict[str, RegisteredPolicy]] = {}
        for policy in policies:
            of_model = self._by_model.setdefault(policy.model.name, {})
            of_model.pop(policy.hash, None)
            of_model[policy.hash] = policy

    @classmethod
    def of(cls, models: Iterable[ModelPolicy]) -> PolicyBook:
        """Return a book in which nothing but these policies was ever registered."""
        return cls(RegisteredPolicy(model, model.hash(), 1) for model in models)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of all models that were ever registered."""
        return tuple(self._by_model)

    @property
    def last_number(self) -> int:
        """Number of the policy that was registered last; 0 where none was."""
        return max((policy.number for of_model in self._by_model.values() for policy in of_model.values()), default=0)

    def newest(self, model: str) -> RegisteredPolicy | None:
        """Return the newest policy of a model; None where none was registered."""
        return next(reversed(self._by_model.get(model, {}).values()), None)

    def get(self, model: str, policy_hash: str) -> RegisteredPolicy | None:
        """Return a policy of a model by its hash; None where it was not registered."""
        return self._by_model.get(model, {}).get(policy_hash)

    def of_model(self, model: str) -> tuple[RegisteredPolicy, ...]:
        """Return the policies of a model, the newest first."""
        return tuple(reversed(self._by_model.get(model, {}).values()))
