"""``fairstream metrics``: what a worker exports, without starting one."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, PolicyName, read_settings
from stream_app.cli.output import facts, print_json
from stream_app.edges.metrics.catalog import as_markdown, list_metrics
from stream_app.policy import load_policy


def list_all(
    policy: PolicyName = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/reference/metrics.md.")] = False,
) -> None:
    """List every metric: name, type, labels, meaning.

    They are the same under every policy.

    Example: fairstream metrics list --json | grep lag
    """
    metrics = list_metrics(load_policy(read_settings(policy=policy).policy))
    if markdown:
        typer.echo(as_markdown(metrics), nl=False)
        return
    for metric in metrics:
        if as_json:
            print_json(metric)
        else:
            facts.print(f"{metric.name}  {metric.kind}  {{{', '.join(metric.labels)}}}", style="bold", markup=False)
            facts.print(f"    {metric.meaning}", markup=False)
