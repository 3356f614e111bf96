"""``fairstream replay``: the same verdict again, bit for bit, and what another policy would have said."""

from __future__ import annotations

import typer

from stream_app.cli import app

replay = typer.Typer(no_args_is_help=True, help="Recompute what was judged: verify it, ask what-if, export it.")
app.add_typer(replay, name="replay")
