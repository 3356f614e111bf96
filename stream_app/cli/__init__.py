"""The commands: they parse flags, call one program or edge, and print; the only place that ends the process.

``menu`` names every command with its module and help line, and ``commands`` loads the module when the command is
called; ``flags`` defines the options that several commands share; ``output`` prints results and notes, which ``layout``
fits to the width of the terminal; ``exits`` maps errors to exit codes; ``own_commands`` runs a command for another one,
and reads what it prints. One folder per noun: ``admin`` (set up and check an installation), ``policy`` (check and show
policies), ``privacy`` (look for personal data), ``anomaly`` (references of anomaly tags), ``produce`` (write events),
``show`` (results and alerts), ``replay`` (recompute what was judged), ``detect`` (detectors over a file of counts),
``plan`` (how long a violation goes undetected), ``allocate`` (hours of areas), ``audit`` (the audit log and its
witness), ``report`` (compliance bundles), ``checklist`` (before deployment and ongoing), ``incident`` (open one),
``web`` (the web application), ``demo`` (everything on one machine). ``worker`` runs a worker.
"""

from __future__ import annotations

from typing import Annotated, cast

import typer
import typer.main
from typer.core import TyperGroup

from stream_app import __version__
from stream_app.cli.commands import CommandMenu, walk_commands

__all__ = ["app", "load_commands", "walk_commands"]


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"fairstream {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take the options of ``fairstream`` itself; each of them ends the process."""


app = typer.Typer(
    name="fairstream",
    cls=CommandMenu,
    callback=_options,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback could show a payload or a key
    rich_markup_mode=None,  # plain help: wrapped paragraphs, and 0.1 s less to load
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Detect unfairness and privacy leaks in automated decisions as they happen.",
)


def load_commands() -> TyperGroup:
    """Return the group of all commands; no module of a command is imported yet."""
    return cast(TyperGroup, typer.main.get_command(app))
