"""``python -m docs.hooks`` rewrites every generated part of the documentation that is committed."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.hooks.blocks import replace_block
from docs.hooks.chart import VALUES, values_table
from docs.hooks.schemas import write_schemas
from docs.hooks.topics import topics_table
from stream_app.edges.metrics.catalog import as_markdown as metrics_tables
from stream_app.edges.metrics.catalog import list_metrics
from stream_app.policy import load_policy
from stream_app.policy.reference import as_markdown as policy_tables

_ROOT = Path(__file__).parents[2]
_REFERENCE = _ROOT / "docs" / "reference"


def main() -> None:
    """Rewrite every table, and the schemas where this version has them."""
    texts = {
        ("chart.md", "chart"): values_table(VALUES.read_text("utf-8")),
        ("topics.md", "topics"): topics_table(),
        ("policy.md", "fields"): policy_tables(),
        ("metrics.md", "metrics"): metrics_tables(list_metrics(load_policy("loans"))),
    }
    for (page, block), text in texts.items():
        path = _REFERENCE / page
        path.write_text(replace_block(path.read_text("utf-8"), block, text), "utf-8")
    try:
        write_schemas(_ROOT)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"No schemas written: {error}\n")


if __name__ == "__main__":
    main()
