"""``fairstream uninstall``: list what a deployment owns, and delete it."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, CommonFlags, Json, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.edges.kafka.deployment import open_deployment, workers_run
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from stream_app.programs.uninstall.inventory import Extent, Inventory, Item, take_inventory
from stream_app.programs.uninstall.removal import remove


@with_flags
def uninstall(
    *,
    flags: CommonFlags,
    app_id: AppId = None,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="List everything and delete nothing.")] = False,
    is_confirmed: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    keys: Annotated[bool, typer.Option("--keys", help="Delete the pseudonym keys too; nothing restores them.")] = False,
    audit: Annotated[bool, typer.Option("--audit", help="Delete the audit logs too.")] = False,
    as_json: Json = False,
) -> None:
    """List what a deployment owns, and delete it.

    Topics, consumer group, access rights and files of one application id. Raw
    topics stay, and topics that another deployment uses. Asks for the application
    id before it deletes; stop all workers first.

    Example: fairstream uninstall --policy my-policy.toml --dry-run
    """
    settings = read_settings(kafka=flags.kafka, policy=flags.policy, state_dir=flags.state_dir, app_id=app_id)
    policy = load_policy(settings.policy)
    with open_deployment(settings.connection) as deployment:
        inventory = take_inventory(deployment, settings, policy, Extent(keys=keys, audit=audit))
    if is_dry_run or not as_json:
        _show(inventory, as_json=as_json)
    if is_dry_run:
        return
    if inventory.is_running:
        raise workers_run(settings.app_id)
    if not is_confirmed:
        _confirm(settings.app_id)
    has_failed = False
    with open_deployment(settings.connection) as deployment:
        for item, fault in remove(deployment, inventory, settings.app_id):
            has_failed = has_failed or fault is not None
            _print("failed" if fault else "deleted", item, str(fault or ""), as_json=as_json)
            if fault is not None and not as_json:
                notes.print(f"{'':<9}{fault}", markup=False)
    if has_failed:
        notes.print("Some of it is still there. Run the command again with the rights that it names.")
        raise typer.Exit(Exit.USAGE)


def _confirm(app_id: str) -> None:
    """Wait for the application id on standard input.

    Raises:
        ConfigError: something else came.
    """
    notes.print(f"Type the application id {app_id} to delete what is listed for deletion:", markup=False)
    if sys.stdin.readline().strip() != app_id:
        raise ConfigError("Not confirmed, and nothing was deleted", action="Type the application id, or give --yes")


def _show(inventory: Inventory, *, as_json: bool) -> None:
    for reason, items in groupby(inventory.items, key=lambda item: item.kept_because):
        for item in items:
            _print("keep" if reason else "delete", item, reason, as_json=as_json)
        if reason and not as_json:
            facts.print(f"{'':<9}{reason}", markup=False)
    for sentence in inventory.unknown:
        notes.print(sentence, markup=False)


def _print(what: str, item: Item, reason: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"action": what, "kind": item.kind, "name": item.name, "reason": reason})
    else:
        facts.print(f"{what:<7}  {item.kind:<16}  {item.name}", markup=False)
