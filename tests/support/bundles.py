"""A compliance bundle of every pack without a broker, with withheld, excluded and unknown groups."""

from __future__ import annotations

import msgspec

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.tables.choice import choose_tables
from stream_app.pipeline.replay.tables.group_table import table_of
from stream_app.pipeline.reports.bundle import BundleHead, make_bundle
from stream_app.pipeline.reports.evidence import REPRODUCED, Evidence, EvidenceKind
from stream_app.policy import load_policy
from stream_app.programs.replay.count import CountFacts
from stream_app.programs.report.packs import load_pack
from stream_app.render.bundle.page import write_page

MODEL = load_policy("loans").models[0]
KINDS: tuple[EvidenceKind, ...] = (
    "counts", "alerts", "judged", "policy", "topics", "retention", "keys", "audit", "audit-entries", "checklist"
)  # fmt: skip


def counted(exclude_below: float) -> list[dict[str, object]]:
    """Return what ``replay count`` prints about decisions of which few are about some groups."""
    layout, cells = layout_of(MODEL), Cells()
    for code in range(layout.size):
        gender, race, *_ = layout.labels_of(code)
        cells[code] = [{"white": 40, "black": 20, "hispanic": 1}.get(race, 0) * (2 if gender == "male" else 1)]
    cells = {code: vector for code, vector in cells.items() if vector[0]}
    tables = [table_of(MODEL, cells, names, exclude_below=exclude_below, k=700) for names in choose_tables(MODEL, [])]
    facts = CountFacts(
        model="loans",
        topic="<raw>",
        source="raw",
        from_s=None,
        to_s=None,
        is_final=False,
        n_in_range=9,
        k=700,
        policy_hash="h",
        code_version="0",
    )
    return [msgspec.to_builtins(record) for record in (facts, *tables)]


def page_of(name: str, *, to_s: float = 1.0, **faults: str) -> str:
    pack = load_pack(name)
    gathered = {
        kind: Evidence(
            kind=kind,
            command=f"fairstream show-{kind} <x>",
            is_reproduced=kind in REPRODUCED,
            exit_code=0,
            fault=faults.get(kind, ""),
            records=tuple(counted(pack.exclude_below)) if kind == "counts" else (),
        )
        for kind in KINDS
    }
    head = BundleHead(
        pack=name,
        pack_version="1",
        last_reviewed="2026-11-30",
        model="loans<script>",
        from_s=None,
        to_s=to_s,
        made_at="2026-11-30T00:00:00Z",
        policy_hash="h",
        code_version="0",
        command="fairstream report",
    )
    return write_page(make_bundle(head, pack, gathered))
