"""A pack: the dated text of a compliance bundle, and which evidence and checks belong to which paragraph.

A pack is a TOML file: one of those in ``stream_app/packs``, or the reviewed version of a deployment.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec

from stream_app.errors import ConfigError

SCHEMA = 1
FORBIDDEN = "illegal"  # a report states numbers and rules; what the law makes of them is for courts to say

Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]
TableKind = Literal[
    "selection", "intersections", "pairs", "counted", "alerts", "policy", "topics", "retention", "keys", "audit",
    "audit-entries", "checklist",
]  # fmt: skip
CheckKind = Literal[
    "impact-ratio", "counts-final", "open-breaches", "audit-verifies", "kept-at-least", "kept-at-most", "keys-young",
    "confirmed",
]  # fmt: skip


class PackSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text that a pack is about.

    Attributes:
        title: What it is called.
        citation: How it is cited.
        url: Where it is.
    """

    title: Text
    citation: Text
    url: Annotated[str, msgspec.Meta(pattern="^https://")]


class PackCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something about the running system, or about the numbers, that is checked.

    Attributes:
        kind: What is checked; ``pipeline.reports.checks`` has each.
        days: Limit in days, where the check needs one.
        limit: Another limit, where the check needs one.
        topics: Contents of topics that a check of retention is about: roles of ``topics list``; none for all.
        items: Items of the checklist that have to be confirmed.
    """

    kind: CheckKind
    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    limit: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    topics: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


def single_checks(check: PackCheck) -> list[PackCheck]:
    """Return a check for each item of the checklist that a check names; any other check as it is."""
    return [msgspec.structs.replace(check, items=(item,)) for item in check.items] or [check]


class PackSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a bundle.

    Attributes:
        title: Its heading.
        cites: Articles or paragraphs.
        text: Paragraphs, divided by empty lines.
        shows: Tables, in this order.
        checks: Checks, in this order.
        commands: Commands with which people can go further.
    """

    title: Text
    cites: tuple[str, ...] = ()
    text: Text
    shows: tuple[TableKind, ...] = ()
    checks: tuple[PackCheck, ...] = ()
    commands: tuple[str, ...] = ()


class Pack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pack.

    Attributes:
        schema: Version of this form.
        name: What it is called in commands.
        version: Version of its text.
        title: Title of the bundle.
        jurisdiction: Where it applies.
        last_reviewed: When somebody last compared its text with the sources.
        owner: Who has to review it, and by whom it has been.
        scope: What the bundle is, and what it is not.
        exclude_below: Groups with a smaller share of the decisions get no impact ratio; 0 excludes none.
        sources: What its text is about.
        sections: Its parts.
    """

    schema: Literal[1]
    name: Name
    version: Text
    title: Text
    jurisdiction: Text
    last_reviewed: date
    owner: Text
    scope: Text
    exclude_below: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.0
    sources: Annotated[tuple[PackSource, ...], msgspec.Meta(min_length=1)]
    sections: Annotated[tuple[PackSection, ...], msgspec.Meta(min_length=1)]

    def tables(self) -> set[TableKind]:
        """Return the kinds of tables that it shows."""
        return {kind for section in self.sections for kind in section.shows}

    def checks(self) -> list[PackCheck]:
        """Return all its checks."""
        return [check for section in self.sections for check in section.checks]


def parse_pack(text: str) -> Pack:
    """Read the text of a pack.

    Raises:
        ConfigError: it is not a pack, or says what no pack says.
    """
    try:
        pack = msgspec.convert(tomllib.loads(text), Pack)
    except (ValueError, RecursionError) as error:  # of TOML, or of the form
        raise ConfigError(f"The pack is invalid: {error}", action="See: docs/how-to/reports.md") from None
    if any(FORBIDDEN in part.lower() for part in _texts(msgspec.to_builtins(pack))):
        raise ConfigError(
            f"The pack says {FORBIDDEN!r}", action="State the rule and the number; a report passes no judgment"
        )
    return pack


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _texts(member)
