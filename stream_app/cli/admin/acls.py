"""``fairstream topics acls``: the least access rights of each role, as what an operator applies."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from stream_app.access import FORMATS, ROLES, Format, default_principal, format_rights, rights_of
from stream_app.cli.flags.settings import AppId, Json, PolicyName, read_settings
from stream_app.cli.output import print_json, print_lines
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from stream_app.strimzi import DEFAULT_CLUSTER
from stream_app.topics import UserRole

Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="One of: " + ", ".join(ROLES) + ".")]

Cluster = Annotated[str, typer.Option("--cluster", metavar="NAME", help="Kafka resource of Strimzi.")]


def acls(
    role: Role,
    principal: Annotated[
        str | None,
        typer.Option(metavar="USER", help="User that gets them. Default: User:fairstream-ROLE.", show_default=False),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="One of: " + ", ".join(FORMATS) + ".")
    ] = "kafka-acls",
    cluster: Cluster = DEFAULT_CLUSTER,
    policy: PolicyName = None,
    app_id: AppId = None,
    as_json: Json = False,
) -> None:
    """Print the access rights that a role needs in Kafka.

    They follow from the policy and are the least with which the role does its complete job. Needs no broker.

    Example: fairstream topics acls --role worker --principal User:fs --format strimzi
    """
    settings = read_settings(policy=policy, app_id=app_id)
    rights = rights_of(read_role(role), load_policy(settings.policy), settings.app_id)
    user = principal or default_principal(read_role(role))
    if as_json:
        for right in rights:
            print_json({"principal": user, **msgspec.structs.asdict(right)})
        return
    print_lines(format_rights(rights, user, _read_format(form), cluster).split("\n"))


def read_role(text: str) -> UserRole:
    """Return a role of users.

    Raises:
        ConfigError: there is no such role.
    """
    for role in ROLES:
        if role == text:
            return role
    raise ConfigError(f"Unknown role {text!r}", action="Roles: " + ", ".join(ROLES))


def _read_format(text: str) -> Format:
    for form in FORMATS:
        if form == text:
            return form
    raise ConfigError(f"Unknown format {text!r}", action="Formats: " + ", ".join(FORMATS))
