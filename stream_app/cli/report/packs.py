"""``fairstream report packs``: which bundles there are."""

from __future__ import annotations

from stream_app.cli.flags.settings import Json
from stream_app.cli.output import facts, print_json
from stream_app.programs.report.packs import load_pack, pack_names


def list_packs(as_json: Json = False) -> None:
    """List the compliance bundles: name, version, last review, title.

    Example: fairstream report packs
    """
    for name in pack_names():
        pack = load_pack(name)
        if as_json:
            print_json(
                {
                    "name": pack.name,
                    "version": pack.version,
                    "last_reviewed": pack.last_reviewed.isoformat(),
                    "title": pack.title,
                    "jurisdiction": pack.jurisdiction,
                    "owner": pack.owner,
                }
            )
        else:
            facts.print(f"{pack.name:<12} {pack.version:<8} {pack.last_reviewed}  {pack.title}", markup=False)
