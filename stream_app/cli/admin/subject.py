"""``fairstream subject erase``: people who want to be forgotten; their identifiers come from standard input only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from stream_app.cli.flags.settings import Json, PolicyName, StateDir, read_settings
from stream_app.cli.output import notes, print_json
from stream_app.core.events.identifiers import CANONICAL, fault_of
from stream_app.core.privacy.pseudonym import Pseudonymizer
from stream_app.edges.keys.key_source import key_source_of
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.errors import ConfigError
from stream_app.policy import Identifier, Policy, load_policy
from stream_app.programs.audit.events import append_required

_MOST = 1_000_000
_MAX_LINE = 4_096


def erase(
    link_domain: Annotated[
        str, typer.Option("--link-domain", metavar="NAME", help="Kind of the identifiers, as in the policy.")
    ],
    state_dir: StateDir = None,
    policy: PolicyName = None,
    as_json: Json = False,
) -> None:
    """Suppress the people whose identifiers are on standard input.

    There is one identifier per line, and each is hashed under every key at once. From then on workers publish events of
    these people under pseudonyms that nothing else has, and exports of published events leave out what was published
    before. The audit log gets a count and no identifier, and without it nobody is erased. Counts stay as they are: they
    are about nobody alone.

    Example: fairstream subject erase --link-domain applicant < ids.txt
    """
    settings = read_settings(state_dir=state_dir, policy=policy)
    identifier = _identifier_of(load_policy(settings.policy), link_domain)
    keys = key_source_of(settings).load()
    values = list(dict.fromkeys(_values(_lines(sys.stdin.buffer), identifier)))
    if not values:
        raise ConfigError("Standard input has no identifier", action="Give one per line")
    pseudonyms = Pseudonymizer(keys, identifier.link_domain, identifier.canonical).all_pseudonyms(values)
    facts = {"link_domain": link_domain, "n_subjects": len(values), "n_epochs": len(keys)}
    append_required(settings, "subjects-erased", [facts])
    SuppressionFile(Path(settings.state_dir)).add(name for of_epoch in pseudonyms for name in of_epoch)
    if as_json:
        print_json(facts)
    else:
        typer.echo(f"Erased: {len(values)} people, under {len(keys)} keys")
    notes.print(
        "Workers that read this state folder notice it within a minute. Copy keys/suppressed.json to other machines, "
        "delete these people from the raw topics, and repeat this after a rotation if they can come again.",
        markup=False,
    )


def _identifier_of(policy: Policy, link_domain: str) -> Identifier:
    identifiers = [identifier for model in policy.models for identifier in model.all_identifiers]
    own = [identifier for identifier in identifiers if identifier.link_domain == link_domain]
    if not own:
        known = ", ".join(sorted({identifier.link_domain for identifier in identifiers}))
        raise ConfigError(f"No link domain {link_domain!r} in the policy", action=f"Known: {known}")
    if len({identifier.canonical for identifier in own}) > 1:
        raise ConfigError(
            f"The identifiers of link domain {link_domain!r} are written in several ways",
            action="Give a policy in which all have the same `canonical`",
        )
    return own[0]


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Return an iterator over lines, of which one that is too long has its beginning alone: it may have no end."""
    return iter(partial(file.readline, _MAX_LINE + 1), b"")


def _values(lines: Iterable[bytes], identifier: Identifier) -> Iterable[bytes]:
    """Yield canonical identifiers; an error names the line and never its content."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if number > _MOST:
            raise ConfigError(f"Standard input has more than {_MOST:,} lines", action="Erase them in parts")
        value = canonical_of(line, identifier.canonical)
        if value is None or fault_of(value) is not None:
            raise ConfigError(
                f"Line {number} of standard input is not an identifier of the policy", action="Nothing was erased"
            )
        yield value


def canonical_of(line: bytes, kind: str) -> bytes | None:
    """Return the canonical form of an identifier on a line; None for what is none."""
    if len(line) > _MAX_LINE:
        return None
    try:
        text = line.decode("utf-8").rstrip("\r\n")
        return CANONICAL[kind](int(text) if kind == "integer" else text)
    except ValueError:  # not UTF-8, or not a number
        return None
