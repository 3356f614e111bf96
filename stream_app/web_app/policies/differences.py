"""Two policies, field by field: what a person must see before approving one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from stream_app.policy import ModelPolicy, Policy

_NONE = "not there"


class Difference(NamedTuple):
    """A field that differs.

    Attributes:
        model: Name of the model.
        field: Path of the field.
        before: Its value in the first policy, JSON.
        after: Its value in the second.
    """

    model: str
    field: str
    before: str
    after: str


def differences(before: Iterable[ModelPolicy], after: Policy) -> list[Difference]:
    """Return the fields in which policies of models differ, defaults included.

    Args:
        before: The models of the first policy.
        after: The second policy.

    >>> from stream_app.policy import load_policy, parse_policy, read_policy_text
    >>> loans = load_policy("loans")
    >>> differences(loans.models, loans)
    []
    >>> text = read_policy_text("loanapp").replace("out_of_orderness_s = 5", "out_of_orderness_s = 9")
    >>> differences(load_policy("loanapp").models, parse_policy(text))
    [Difference(model='loanapp', field='event_time.out_of_orderness_s', before='5', after='9')]
    """
    old = {model.name: model for model in before}
    new = {model.name: model for model in after.models}
    found = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new or name not in old:
            values = ("there", _NONE) if name in old else (_NONE, "there")
            found.append(Difference(name, "the model", *values))
            continue
        former, later = (fields_of(policy[name]) for policy in (old, new))
        found += [
            Difference(name, field, former.get(field, _NONE), later.get(field, _NONE))
            for field in sorted(former.keys() | later.keys())
            if former.get(field) != later.get(field)
        ]
    return found


def fields_of(model: ModelPolicy) -> dict[str, str]:
    """Return every field of a policy with its value, JSON, defaults included.

    >>> from stream_app.policy import load_policy
    >>> fields_of(load_policy("loans").models[0])["rules.max_gap"]
    '0.2'
    """
    return dict(_fields("", msgspec.to_builtins(model)))


def _fields(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield path and value, JSON, of each field; lists of values are one field."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _fields(f"{path}.{name}" if path else str(name), member)
    elif isinstance(value, list | tuple) and any(isinstance(member, dict) for member in value):
        for number, member in enumerate(value):
            label = member.get("name", number) if isinstance(member, dict) else number
            yield from _fields(f"{path}[{label}]", member)
    else:
        yield path, msgspec.json.encode(value).decode()
