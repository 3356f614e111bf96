"""The filter of ``audit decisions``: comparisons of fields with values, joined by and, or and not. Nothing is executed.

    filter     = term { "or" term }
    term       = factor { "and" factor }
    factor     = "not" factor | "(" filter ")" | comparison
    comparison = FIELD ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) VALUE | FIELD [ "not" ] "in" "(" VALUE { "," VALUE } ")"
    VALUE      = number | 'text' | true | false | null

A field that is missing is null. Null equals null alone, and is neither less nor greater than anything; neither are
values of different types.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from stream_app.errors import ConfigError

Filter = Callable[[Mapping[str, Any]], bool]

MAX_LENGTH = 2_000  # characters
_MAX_DEPTH = 30
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))|(?P<text>'(?:[^'\\]|\\['\\])*')"""
    r"""|(?P<sign><=|>=|!=|[=<>(),])|(?P<word>[^\W\d][\w.\-/]*))"""
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_KEYWORDS = {"and", "or", "not", "in", *_CONSTANTS}
_ACTION = """Example: --where "probability < 0.5 and features.gender = 'female'\""""


class FilterError(ConfigError):
    """A filter cannot be read. Operator action: see the message."""


def parse_filter(text: str, fields: frozenset[str], groups: frozenset[str] = frozenset()) -> Filter:
    """Return what decides whether a record passes.

    Args:
        text: The filter.
        fields: Names that it may use.
        groups: Names whose members it may use too, as ``NAME.MEMBER``.

    Raises:
        FilterError: it cannot be read, or uses another name; the message says where.

    >>> passes = parse_filter("n >= 2 and not kind in ('a', 'b')", frozenset({"n", "kind"}))
    >>> passes({"n": 2, "kind": "c"}), passes({"n": 2, "kind": "a"}), passes({"kind": "c"})
    (True, False, False)
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(f"--where is longer than {MAX_LENGTH:,} characters")
    return _Parser(text, fields, groups).parse()


class _Parser:
    def __init__(self, text: str, fields: frozenset[str], groups: frozenset[str]) -> None:
        self._fields, self._groups = fields, groups
        self._tokens = _tokens_of(text)
        self._place = 0

    def parse(self) -> Filter:
        """Return the filter of the complete text."""
        found = self._filter(0)
        if self._place < len(self._tokens):
            raise self._unexpected("and, or, or the end")
        return found

    def _filter(self, depth: int) -> Filter:
        if depth > _MAX_DEPTH:
            raise FilterError(f"--where is nested more than {_MAX_DEPTH} deep")
        terms = [self._term(depth)]
        while self._take("or"):
            terms.append(self._term(depth))
        return terms[0] if len(terms) == 1 else lambda record: any(term(record) for term in terms)

    def _term(self, depth: int) -> Filter:
        factors = [self._factor(depth)]
        while self._take("and"):
            factors.append(self._factor(depth))
        return factors[0] if len(factors) == 1 else lambda record: all(factor(record) for factor in factors)

    def _factor(self, depth: int) -> Filter:
        if self._take("not"):
            if depth > _MAX_DEPTH:
                raise FilterError(f"--where is nested more than {_MAX_DEPTH} deep")
            inner = self._factor(depth + 1)
            return lambda record: not inner(record)
        if self._take("("):
            found = self._filter(depth + 1)
            self._require(")")
            return found
        return self._comparison()

    def _comparison(self) -> Filter:
        read = self._field()
        if self._take("not"):
            self._require("in")
            is_in = self._members(read)
            return lambda record: not is_in(record)
        if self._take("in"):
            return self._members(read)
        kind, sign = self._next("a comparison")
        if kind != "sign" or sign not in ("=", "!=", *_COMPARE):
            self._place -= 1
            raise self._unexpected("= != < <= > >= or in")
        value = self._value()
        if sign in ("=", "!="):
            is_wanted = sign == "="
            return lambda record: _is_same(read(record), value) is is_wanted
        compare = _COMPARE[sign]
        return lambda record: _is_ordered(read(record), value) and compare(read(record), value)

    def _members(self, read: Callable[[Mapping[str, Any]], Any]) -> Filter:
        self._require("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._require(")")
        return lambda record: any(_is_same(read(record), value) for value in values)

    def _field(self) -> Callable[[Mapping[str, Any]], Any]:
        kind, name = self._next("the name of a field")
        if kind != "word" or name in _KEYWORDS:
            self._place -= 1
            raise self._unexpected("the name of a field")
        group, _, member = name.partition(".")
        if name in self._fields:
            return lambda record: record.get(name)
        if group in self._groups and member:
            return lambda record: member_of(record.get(group), member)
        known = ", ".join([*sorted(self._fields), *(f"{one}.NAME" for one in sorted(self._groups))])
        raise FilterError(f"--where has an unknown field {name!r}", action=f"Known: {known}")

    def _value(self) -> Any:
        kind, token = self._next("a value")
        if kind == "number":
            return float(token) if set(token) & set(".eE") else int(token)
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if kind == "word" and token in _CONSTANTS:
            return _CONSTANTS[token]
        self._place -= 1
        raise self._unexpected("a number, 'text', true, false or null")

    def _take(self, token: str) -> bool:
        is_there = self._place < len(self._tokens) and self._tokens[self._place][1] == token
        is_text = is_there and self._tokens[self._place][0] == "text"
        self._place += is_there and not is_text
        return is_there and not is_text

    def _require(self, token: str) -> None:
        if not self._take(token):
            raise self._unexpected(token)

    def _next(self, expected: str) -> tuple[str, str]:
        if self._place == len(self._tokens):
            raise self._unexpected(expected)
        self._place += 1
        return self._tokens[self._place - 1]

    def _unexpected(self, expected: str) -> FilterError:
        found = f"{self._tokens[self._place][1]!r}" if self._place < len(self._tokens) else "its end"
        return FilterError(f"--where has {found} instead of {expected}", action=_ACTION)


def member_of(value: Any, path: str) -> Any:
    """Return the member at a dotted path; None if it is missing.

    >>> member_of({"a": {"b": 1}, "c.d": 2}, "a.b"), member_of({"c.d": 2}, "c.d"), member_of(7, "a")
    (1, 2, None)
    """
    if not isinstance(value, Mapping):
        return None
    if path in value:
        return value[path]
    name, _, inner = path.partition(".")
    return member_of(value.get(name), inner) if inner else None


def _tokens_of(text: str) -> list[tuple[str, str]]:
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise FilterError(f"--where cannot be read from character {place + 1} on", action=_ACTION)
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        place = match.end()
    return tokens


def _is_same(found: Any, value: Any) -> bool:
    """Return whether two values are equal; true is not 1."""
    return isinstance(found, bool) is isinstance(value, bool) and bool(found == value)


def _is_ordered(found: Any, value: Any) -> bool:
    """Return whether one of two values can be less than the other."""
    return _kind_of(found) is _kind_of(value) is not None


def _kind_of(value: Any) -> type | None:
    if isinstance(value, bool):
        return None
    return float if isinstance(value, int | float) else str if isinstance(value, str) else None
