"""The commands, one module each; the only place that exits."""

from __future__ import annotations

import importlib
import pkgutil

import typer

app = typer.Typer(
    name="fairstream",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback could show a payload or a key
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See unfairness and privacy leaks in automated decisions as they happen.",
)


def load_commands() -> None:
    """Import the modules beside this one; each registers its commands on ``app``.

    They keep heavy imports inside their functions, so that ``fairstream keys`` does not wait for Faust.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
