"""``fairstream checklist confirm``: a person records that an item was done."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.output import facts, print_json
from stream_app.errors import ConfigError
from stream_app.programs.checklist.confirmations import confirm
from stream_app.programs.checklist.items import confirmed_items

_MAX_TEXT = 200


def confirm_item(
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Name of the item.", show_default=False)],
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Role or person that has done it.", show_default=False)
    ],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What was done, and where it is recorded.", show_default=False)
    ],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Record in the audit log that a person has done an item of a checklist.

    The newest confirmation counts, for as many days as the list says. The entry names the account that ran this
    command, too. Without an audit log nothing is confirmed.

    Example: fairstream checklist confirm access-review --by "security team" --note "ticket 4711"
    """
    known = confirmed_items()
    if item not in known:
        raise ConfigError(f"No item {item!r} that a person confirms", action=f"Items: {', '.join(known)}")
    who, what = _one_line(by, "--by"), _one_line(note, "--note")
    settings = read_settings(state_dir=state_dir)
    seq = confirm(settings, item, who, what)
    valid_days = known[item].valid_days
    if as_json:
        print_json({"item": item, "by": who, "note": what, "valid_days": valid_days, "audit_seq": seq})
    else:
        facts.print(f"Confirmed: {known[item].title}, for {valid_days} days (entry {seq} of the audit log)")


def _one_line(text: str, flag: str) -> str:
    line = text.strip()
    if not line or len(line) > _MAX_TEXT or not line.isprintable():
        raise ConfigError(f"Invalid {flag}", action=f"Give one line of at most {_MAX_TEXT} printable characters")
    return line
