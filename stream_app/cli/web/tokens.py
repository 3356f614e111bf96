"""``fairstream web tokens``: the tokens by which programs use the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import notes, print_json, print_listing
from stream_app.cli.web.create_user import RoleName
from stream_app.web_app import tokens

_COLUMNS = [
    Column("id", is_head=True),
    *(Column(name, is_text=name in ("name", "made by", "scopes")) for name in ("name", "made by", "role", "scopes")),
    *(Column(name) for name in ("state", "created", "expires", "last used", "reads/min", "others/min")),
]


_Reads = Annotated[
    int | None,
    typer.Option(
        min=1, max=1_000_000, help="Reading requests in a minute. Default: FAIRSTREAM_API_READS_PER_MIN.", metavar="N"
    ),
]
_Writes = Annotated[
    int | None,
    typer.Option(
        min=1, max=1_000_000, help="Other requests in a minute. Default: FAIRSTREAM_API_WRITES_PER_MIN.", metavar="N"
    ),
]


def create(
    name: Annotated[str, typer.Argument(help="What will use it.", show_default=False)],
    *,
    role: Annotated[RoleName, typer.Option(help="Role in which it acts.")] = RoleName.VIEWER,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do; repeat for several. Default: everything that its role may.", metavar="SCOPE"
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it works.")] = 90,
    reads_per_min: _Reads = None,
    writes_per_min: _Writes = None,
    state_dir: StateDir = None,
) -> None:
    """Print a new token of the API, once.

    Only a hash of it is stored. Scopes: results, alerts, cases, quality, cameras,
    policies, replays, fairness and metrics for every role; score and start-replays
    for analyst; audit for auditor.

    Example: fairstream web tokens create scoreboard --scope results --scope alerts
    """
    per_min = tokens.PerMin(reads_per_min, writes_per_min)
    text = tokens.create_token(read_settings(state_dir=state_dir), name, role.value, scope or [], days, per_min)
    typer.echo(text)  # on one line, whatever the width
    notes.print("It is shown only now. Send it as: Authorization: Bearer TOKEN")


def list_tokens(state_dir: StateDir = None, as_json: Json = False) -> None:
    """List the tokens of the API, never their secrets.

    Example: fairstream web tokens list
    """
    found = tokens.list_tokens(read_settings(state_dir=state_dir))
    if as_json:
        for token in found:
            print_json(token)
    elif not found:
        notes.print("There is no token. Create one with: fairstream web tokens create NAME")
    else:
        print_listing(_listing(found))


def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as listed.", show_default=False)],
    state_dir: StateDir = None,
) -> None:
    """End a token of the API at once.

    Example: fairstream web tokens revoke k3h5n7qa
    """
    tokens.revoke_token(read_settings(state_dir=state_dir), token_id)
    notes.print("Revoked. Requests with it are answered by 401.")


def limit(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as listed.", show_default=False)],
    reads_per_min: _Reads = None,
    writes_per_min: _Writes = None,
    state_dir: StateDir = None,
) -> None:
    """Give a token of the API other limits, from its next request on.

    A limit that is not given is that of the settings again.

    Example: fairstream web tokens limit k3h5n7qa --reads-per-min 600
    """
    per_min = tokens.PerMin(reads_per_min, writes_per_min)
    tokens.limit_token(read_settings(state_dir=state_dir), token_id, per_min)
    notes.print("Limited. Requests beyond it are answered by 429.")


def _listing(found: Iterable[dict[str, Any]]) -> Listing:
    rows = [
        [
            token["id"],
            token["name"],
            token["owner"] or "operator",
            token["role"],
            " ".join(token["scopes"]),
            token["state"],
            token["created"],
            token["expires"],
            token["last_used"] or "never",
            *("default" if token[name] is None else f"{token[name]:,}" for name in ("reads_per_min", "writes_per_min")),
        ]
        for token in found
    ]
    return Listing("Tokens of the API", _COLUMNS, [Section(rows)])
