"""``fairstream metrics``: what a worker exports, without starting one."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Json, PolicyName, facts, print_json, read_settings

metrics = typer.Typer(no_args_is_help=True, help="What a worker exports to Prometheus.")
app.add_typer(metrics, name="metrics")


@metrics.command(name="list")
def list_all(
    policy_name: PolicyName = None,
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/metrics.md.")] = False,
) -> None:
    """List every metric: name, kind, labels, meaning. They are the same under every policy.

    Example: fairstream metrics list | grep lag
    """
    from stream_app.edges.metrics.catalog import as_markdown, list_metrics  # noqa: PLC0415
    from stream_app.policy import load_policy  # noqa: PLC0415

    found = list_metrics(load_policy(read_settings(policy=policy_name).policy))
    if markdown:
        typer.echo(as_markdown(found), nl=False)
        return
    for fact in found:
        if as_json:
            print_json(fact)
        else:
            facts.print(f"{fact.name}  {fact.kind}  {{{', '.join(fact.labels)}}}  {fact.meaning}", markup=False)
