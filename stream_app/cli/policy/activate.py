"""``fairstream policy activate``: make a policy the newest of a deployment, also one that it followed before."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import TopicFlags, read_settings
from stream_app.cli.output import facts
from stream_app.cli.policy.show import PolicyArgument, choose_policy
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.policy import Policy, load_policy
from stream_app.programs.worker.record_key import seals_of
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_POLICIES

Recount = Annotated[
    bool,
    typer.Option("--recount", help="Count the retained records again under it, in windows that can still change."),
]


@with_flags
def activate(*, source: PolicyArgument = None, recount: Recount = False, flags: TopicFlags) -> None:
    """Make a policy the newest of its deployment.

    Workers register the policy of their file when they start, and follow the newest one. To return to a policy that
    was followed before, activate it, then restart the workers with its file.

    With --recount, what is retained of the raw topic is counted again under it: open windows, windows that may be
    revised, periods that wait for their test, and totals get its groups, segment values and features.

    Ends with 70 if stored counts cannot be continued under it.

    Example: fairstream policy activate former-policy.toml
    """
    settings = read_settings(policy=choose_policy(source, flags.policy), kafka=flags.kafka, app_id=flags.app_id)
    policy = load_policy(settings.policy)
    followed = asyncio.run(_activate(settings, policy, is_recount=recount))
    for model in policy.models:
        facts.print(f"Model {model.name} of {settings.app_id} follows policy {model.hash()}.", markup=False)
    facts.print("Restart the workers with this file.")
    if recount:
        facts.print("Each lane counts its retained records again when it loads; the log of the worker says from where.")
        for name in followed:
            facts.print(f"Not those of {name}, which followed this policy already.", markup=False)


async def _activate(settings: Settings, policy: Policy, *, is_recount: bool) -> list[str]:
    """Register the policy; return the models that followed it already."""
    await count_partitions(settings.connection, [FAIRNESS_POLICIES])
    registry = PolicyRegistry(settings.connection, settings.app_id, seals_of(settings))
    await registry.refresh()
    newest = {model.name: registry.book.newest(model.name) for model in policy.models}
    await registry.register(policy.models, is_activation=True, is_recount=is_recount)
    hashes = {name: known.hash for name, known in newest.items() if known is not None}
    return [model.name for model in policy.models if hashes.get(model.name) == model.hash()]
