"""``fairstream dashboards``: the Grafana dashboards, for your own Grafana."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json
from stream_app.cli.output import facts, notes, print_json
from stream_app.edges.files.dashboards import export_dashboards


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; created if it does not exist.")],
    runbooks: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Base URL of the runbook links. Default: the notification sink.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the Grafana dashboards as JSON files.

    There is one folder per subject. Existing files of the same names are replaced. Grafana reads them through
    provisioning (see deploy/grafana) or by hand: Dashboards, New, Import.

    Example: fairstream dashboards export /var/lib/grafana/dashboards --runbooks https://wiki.example/runbooks
    """
    paths = export_dashboards(folder, runbooks_url=runbooks)
    for path in paths:
        if as_json:
            print_json({"dashboard": str(path)})
        else:
            facts.print(str(path), markup=False)
    notes.print(f"Wrote {len(paths)} dashboards.")
