"""``fairstream dashboards``: the Grafana dashboards, for a Grafana of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Json, facts, notes, print_json

dashboards = typer.Typer(no_args_is_help=True, help="The Grafana dashboards.")
app.add_typer(dashboards, name="dashboards")


@dashboards.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write them; made when missing.")],
    runbooks: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What links to runbooks begin with; the notification sink by default."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the dashboards as JSON, in one folder for each subject; files of the same names are replaced.

    Grafana reads them through provisioning (deploy/grafana shows how) or by hand: Dashboards, New, Import.

    Example: fairstream dashboards export /var/lib/grafana/dashboards --runbooks https://wiki.example/runbooks
    """
    from stream_app.edges.files.dashboards import export_dashboards  # noqa: PLC0415  # other commands start faster

    written = export_dashboards(folder, runbooks_url=runbooks)
    for path in written:
        if as_json:
            print_json({"dashboard": str(path)})
        else:
            facts.print(str(path), markup=False)
    notes.print(f"{len(written)} dashboards written.")
