"""``fairstream doctor``: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.text import Text

from stream_app.access import ROLES, default_principal, rights_of
from stream_app.cli.admin.acls import read_role
from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, CommonFlags, Json, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.edges.host.machine import Component, can_run, look_around
from stream_app.edges.host.optional_parts import look_for_extras, needed_extras
from stream_app.edges.kafka.rights import foreign_writers, missing_rights
from stream_app.edges.keys.key_source import key_source_of
from stream_app.edges.otlp.options import read_otlp_options
from stream_app.edges.registry.client import RegistryClient
from stream_app.errors import AccessDeniedError, ConfigError, FairStreamError, RegistryUnavailableError
from stream_app.policy import Policy, load_policy
from stream_app.printed_text import in_one_line
from stream_app.settings import Settings
from stream_app.topics import UserRole, declared_topics


@with_flags
def doctor(
    *,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE", help="Check what this role needs in Kafka: " + ", ".join(ROLES) + ".", show_default=False
        ),
    ] = None,
    principal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE=USER",
            help="User of a role; may be repeated. Default: User:fairstream-ROLE.",
            show_default=False,
        ),
    ] = None,
    app_id: AppId = None,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Check what this machine has, what is missing, and how to get it.

    Says why a broker or a schema registry does not accept this client, what a role may not do there, who else may
    write to the topics of FairStream, and which optional packages policy and settings need. Ends with 0 if a broker
    answers or can be started here, else with 2; also with 2 if something is wrong: broker or registry do not accept
    this client, the broker not the role, the policy is invalid, or a package that it needs is missing.

    Example: fairstream doctor --kafka broker:9093 --role worker
    """
    settings = read_settings(kafka=flags.kafka, policy=flags.policy, state_dir=flags.state_dir, app_id=app_id)
    users = _users_of(principal or [])
    components = look_around(settings.connection, key_source_of(settings))
    broker = next(component for component in components if component.part == "broker")
    asked = [*_policy_and_extras(settings)]
    asked += [_rights(settings, read_role(role))] if role and broker.is_there else []
    asked += [] if settings.registry is None else [_registry(settings.registry)]
    components += [*asked, *(_writers(settings, users) if broker.is_there else ())]
    for component in components:
        if as_json:
            print_json(component)
        else:
            _show(component)
    if not can_run(components):
        notes.print("No broker answers, and none can be started here.")
        raise typer.Exit(Exit.USAGE)
    if broker.is_wrong or any(component.is_wrong for component in asked):
        raise typer.Exit(Exit.USAGE)


def _policy_and_extras(settings: Settings) -> Iterator[Component]:
    """Yield whether policy and ``OTEL_*`` variables are valid, and whether the extras that they need are installed."""
    policy: Policy | None = None
    is_pushing = False
    try:
        policy = load_policy(settings.policy)
    except FairStreamError as error:
        yield _invalid("policy", error, "everything but local and keys")
    try:
        is_pushing = read_otlp_options(os.environ) is not None
    except ConfigError as error:
        yield _invalid("otlp", error, "a worker that pushes")
    yield from look_for_extras(needed_extras(settings, policy, is_pushing=is_pushing))


def _invalid(part: str, error: FairStreamError, needed_for: str) -> Component:
    return Component(
        part=part,
        is_there=False,
        found=error.message,
        needed_for=needed_for,
        how_to_get=error.action or "correct it",
        is_wrong=True,
    )


def _rights(settings: Settings, role: UserRole) -> Component:
    rights = rights_of(role, load_policy(settings.policy), settings.app_id)
    missing = missing_rights(settings.connection, rights)
    return Component(
        part="rights",
        is_there=not missing,
        found="denied: " + "; ".join(map(str, missing)) if missing else f"all {len(rights)} that a {role} needs",
        needed_for=role,
        how_to_get=f"grant what `fairstream topics acls --role {role}` prints" if missing else "",
        is_wrong=bool(missing),
    )


def _registry(registry: SchemaRegistry) -> Component:
    problem: FairStreamError | None = None
    try:
        RegistryClient(registry).check()
    except RegistryUnavailableError as error:
        problem = error
    return Component(
        part="registry",
        is_there=problem is None,
        found=f"answers at {registry.url}" if problem is None else problem.message,
        needed_for="topics in Avro, Protobuf or JSON Schema",
        how_to_get="" if problem is None else problem.action,
        is_wrong=problem is not None,
    )


def _writers(settings: Settings, users: Mapping[UserRole, list[str]]) -> Iterator[Component]:
    """Yield who else may write to the topics of FairStream, one component for each; or that nobody else may."""
    specs = declared_topics(load_policy(settings.policy), settings.app_id)
    advice = "remove this right, or name the user of the role with --principal"
    is_known = True
    try:
        foreign = foreign_writers(settings.connection, specs, users)
    except AccessDeniedError as denied:
        foreign, advice = [f"not known: {denied.message}"], "run this command as an operator of Kafka"
        is_known = False
    for line in foreign or ["only the users of their roles, and superusers"]:
        yield Component(
            part="writers",
            is_there=not foreign,
            found=line,
            needed_for="verdicts that nobody else could have written",
            how_to_get=advice if foreign else "",
            is_wrong=bool(foreign) and is_known,
        )


def _users_of(texts: list[str]) -> dict[UserRole, list[str]]:
    """Return the users of each role.

    Raises:
        ConfigError: a text is not ``ROLE=USER``.
    """
    users: dict[UserRole, list[str]] = {}
    for text in texts:
        role, _, user = text.partition("=")
        if not user.startswith("User:"):
            raise ConfigError(f"Invalid --principal {text!r}: expected ROLE=USER", action="Example: worker=User:fs")
        users.setdefault(read_role(role), []).append(user)
    return {role: users.get(role, [default_principal(role)]) for role in ROLES}


def _show(component: Component) -> None:
    missing = ("wrong  ", "red") if component.is_wrong else ("missing", "yellow")
    mark = ("ok     ", "green") if component.is_there else missing
    facts.print(Text.assemble(mark, in_one_line(f" {component.part:<18}{component.found}")))
    if not component.is_there:
        facts.print(f"{'':<26}needed for {component.needed_for}: {component.how_to_get}", markup=False)
