"""``fairstream policy activate``: make a policy the newest of a deployment, also one that it followed before."""

from __future__ import annotations

import asyncio

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import TopicFlags, read_settings
from stream_app.cli.output import facts
from stream_app.cli.policy.show import PolicyArgument, choose_policy
from stream_app.edges.kafka.partition_counts import count_partitions
from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.policy import Policy, load_policy
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_POLICIES


@with_flags
def activate(*, source: PolicyArgument = None, flags: TopicFlags) -> None:
    """Make a policy the newest of its deployment.

    Workers register the policy of their file when they start, and follow the newest one. To return to a policy that
    was followed before, activate it, then restart the workers with its file.

    Ends with 70 if stored counts cannot be continued under it.

    Example: fairstream policy activate former-policy.toml
    """
    settings = read_settings(policy=choose_policy(source, flags.policy), kafka=flags.kafka, app_id=flags.app_id)
    policy = load_policy(settings.policy)
    asyncio.run(_activate(settings, policy))
    for model in policy.models:
        facts.print(f"Model {model.name} of {settings.app_id} follows policy {model.hash()}.", markup=False)
    facts.print("Restart the workers with this file.")


async def _activate(settings: Settings, policy: Policy) -> None:
    await count_partitions(settings.connection, [FAIRNESS_POLICIES])
    await PolicyRegistry(settings.connection, settings.app_id).register(policy.models, is_activation=True)
