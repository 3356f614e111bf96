"""``fairstream policy show``, ``list``, ``fields`` and ``schema``: print policies and explain their fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, PolicyName, complete_policy, read_settings
from stream_app.cli.output import facts, print_json, print_lines
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, load_policy, read_policy_text, shipped_names
from stream_app.policy.reference import as_markdown, describe_fields
from stream_app.policy.schema import policy_schema
from stream_app.printed_text import escape_controls

PolicyArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help="Shipped policy or TOML file (FAIRSTREAM_POLICY).",
        show_default=False,
        autocompletion=complete_policy,
    ),
]


def show(source: PolicyArgument = None, policy: PolicyName = None, as_json: Json = False) -> None:
    """Print the text of a policy.

    The text is a start for your own policy. With --json, print every field with its default.

    Example: fairstream policy show loans > my-policy.toml
    """
    settings = read_settings(policy=choose_policy(source, policy))
    parsed = load_policy(settings.policy)
    if as_json:
        print_json(parsed)
    else:
        typer.echo(escape_controls(read_policy_text(settings.policy)), nl=False)


def list_policies(as_json: Json = False) -> None:
    """List the shipped policies."""
    for name in shipped_names():
        models = load_policy(name).models
        if as_json:
            print_json({"policy": name, "topics": [model.topic for model in models]})
        else:
            facts.print(f"{name:<10} {_summary_of(models)}", markup=False)


def _summary_of(models: Sequence[ModelPolicy]) -> str:
    if len(models) == 1:
        return f"{models[0].kind} from {models[0].topic}"
    return f"{' and '.join(sorted({model.kind for model in models}))} from {len(models)} topics"


def fields(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables of docs/reference/policy.md.")] = False,
) -> None:
    """Explain every field of a policy.

    Shows its allowed values, its default and its meaning.

    Example: fairstream policy fields | less
    """
    if markdown:
        typer.echo(as_markdown(), nl=False)
        return
    if as_json:
        for field in describe_fields():
            print_json(field)
        return
    for place, group in groupby(describe_fields(), key=lambda field: field.place):
        facts.print(place, style="bold", markup=False)
        for field in group:
            default = "required" if field.default is None else f"default {field.default}"
            print_lines([f"  {field.name}  ({field.expected}; {default})", f"      {field.meaning}"])


def choose_policy(source: str | None, flag: str | None) -> str | None:
    """Return the policy that the argument or the flag names.

    Raises:
        ConfigError: Both of them name one.
    """
    if source is not None and flag is not None:
        raise ConfigError("The policy is given twice", action="Give either FILE or --policy")
    return source or flag


def schema() -> None:
    """Print the JSON Schema of policies.

    Editors complete and check a policy whose first line is "#:schema policy.schema.json".

    Example: fairstream policy schema > policy.schema.json
    """
    typer.echo(json.dumps(policy_schema(), indent=2, ensure_ascii=False))
