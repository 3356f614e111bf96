"""Expands a function that takes groups of options into one that takes the options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def with_flags(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function with one parameter for each field of the dataclasses among the parameters of ``function``.

    Typer reads the signature of a command. It gets one built from the dataclasses, whose fields carry the options as
    ``Annotated`` types; at a call the dataclasses are made again from the values. Other parameters, positional
    arguments too, stay in their place.

    Raises:
        TypeError: Two groups, or a group and a parameter, have an option of one name.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Place:
    ...     host: str = "localhost"
    ...     port: int = 80
    >>> def show(path: str, place: Place) -> None:
    ...     print(path, place)
    >>> list(signature(with_flags(show)).parameters)
    ['path', 'host', 'port']
    >>> with_flags(show)(path="/", host="a", port=1)
    / Place(host='a', port=1)
    """
    groups: dict[str, Any] = {}
    parameters: list[Parameter] = []
    hints = get_type_hints(function, include_extras=True)
    for parameter in signature(function).parameters.values():
        hint = hints[parameter.name]
        if is_dataclass(hint):
            groups[parameter.name] = hint
            parameters += _parameters_of(hint)
        else:
            parameters.append(parameter.replace(annotation=hint, kind=Parameter.KEYWORD_ONLY))
    names = [parameter.name for parameter in parameters]
    if len(names) != len(set(names)):
        raise TypeError(f"{function.__name__}: two options of one name among {', '.join(names)}")

    @wraps(function)
    def call(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        function(**values)

    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature returns
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _parameters_of(group: Any) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
