"""What a worker monitors: the policy of its file, as far as no newer one is registered for its deployment."""

from __future__ import annotations

import logging

import msgspec

from stream_app.edges.lanes.policy_registry import PolicyRegistry
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.worker.record_key import seals_of
from stream_app.settings import Settings

log = logging.getLogger(__name__)


async def agree_on_policy(settings: Settings, policy: Policy) -> tuple[Policy, PolicyRegistry]:
    """Register the policy of a file; return the policy that is followed, and the registry.

    A worker that was started with an earlier policy follows the newest one, and says so: during a rolling update a
    restart of an old worker must not take the deployment back.

    Raises:
        BrokerUnavailableError: the broker was lost.
        StateError: stored counts cannot be continued under the policy; nothing is registered then.
    """
    registry = PolicyRegistry(settings.connection, settings.app_id, seals_of(settings))
    await registry.register(policy.models)
    followed = tuple(followed_policy(model, registry.book) for model in policy.models)
    for model, newest in zip(policy.models, followed, strict=True):
        if newest != model:
            log.warning(
                "A newer policy is registered and followed: model=%s followed=%s in_file=%s. To return to that of the "
                "file, run: fairstream policy activate",
                *(model.name, newest.hash(), model.hash()),
            )
    return msgspec.structs.replace(policy, models=followed), registry


def followed_policy(model: ModelPolicy, book: PolicyBook) -> ModelPolicy:
    """Return the newest registered policy of a model, as long as it reads the same topics.

    The lanes of a worker are those of the topics of its file.
    """
    newest = book.newest(model.name)
    return model if newest is None or _topics_of(newest.model) != _topics_of(model) else newest.model


def _topics_of(model: ModelPolicy) -> tuple[str, str | None]:
    return model.topic, None if model.outcome is None else model.outcome.topic
