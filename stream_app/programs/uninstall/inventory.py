"""Lists what a deployment owns: topics, consumer group, transactional ids, access rights and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from stream_app.access import Right, rights_of
from stream_app.edges.files.installation import FileKind, delete_path, owned_paths
from stream_app.edges.kafka.deployment import AccessRule, Deployment, exact_resources
from stream_app.edges.kafka.readers.registered_policies import read_policies
from stream_app.errors import AccessDeniedError, ReplayError
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import DECLARATIONS, FAIRNESS_POLICIES, TopicSpec, changelog_topic, declared_topics

Kind = Literal["topic", "consumer group", "transactional id", "access right", "file"]
_OWN_ROLES = {declaration.role for declaration in DECLARATIONS if "{app_id}" in declaration.name}
_RAW = "raw topics belong to the customer"
_EXPIRES = "Kafka forgets it by itself when it is not used for transactional.id.expiration.ms (a week)"
_AUDIT = "who did what must stay known; --audit deletes it"
_AUDIT_ROLES = ("audit", "audit checkpoints")
_KEPT_FILES: dict[FileKind, str] = {
    "keys": "without them later pseudonyms cannot be linked to the present ones; --keys deletes them",
    "audit": _AUDIT,
    "budget": "without it the same days could be asked again; delete the file by hand",
    "web": "it has users, tokens and the history of results; delete the file by hand",
    "broker data": "it has the raw topics of a local Kafka; delete the folder by hand",
}


@dataclass(frozen=True)
class Extent:
    """What may be deleted besides the rest.

    Attributes:
        keys: The key file.
        audit: The audit log, and that of exports: files and topics.
    """

    keys: bool = False
    audit: bool = False


@dataclass(frozen=True)
class Item:
    """Something that belongs to a deployment.

    Attributes:
        kind: What it is.
        name: Its name, or its path.
        kept_because: Why it stays; empty if it can be deleted.
        delete: Deletes it; None if it stays.
    """

    kind: Kind
    name: str
    kept_because: str = ""
    delete: Callable[[Deployment], None] | None = None


@dataclass(frozen=True)
class Inventory:
    """What belongs to a deployment.

    Attributes:
        items: In the order in which they are deleted: the consumer group first, which fails while workers run.
        is_running: Whether the consumer group has members.
        unknown: What could not be listed, and why, one sentence each.
    """

    items: tuple[Item, ...]
    is_running: bool
    unknown: tuple[str, ...]


def take_inventory(deployment: Deployment, settings: Settings, policy: Policy, extent: Extent) -> Inventory:
    """List what the deployment of these settings owns, under its present and all earlier policies.

    Raises:
        BrokerUnavailableError: the broker was lost.
    """
    unknown: list[str] = []

    def ask(what: str, question: Callable[[], list[Item]]) -> list[Item]:
        try:
            return question()
        except AccessDeniedError as denied:
            unknown.append(f"{what} are not listed: {denied}")
            return []

    existing = deployment.topics()
    registered = _registered_policies(settings, existing, unknown)
    policies = [policy, *registered.get(settings.app_id, ())]
    declared = [spec for one in policies for spec in declared_topics(one, settings.app_id)]
    # What was a raw topic under any policy stays.
    specs = {spec.name: spec for spec in sorted(declared, key=lambda spec: spec.owner == "customer")}
    rights = list(dict.fromkeys(right for one in policies for right in rights_of("worker", one, settings.app_id)))
    users = _users_of_topics(other_deployments(existing, settings.app_id), registered, specs)
    topics = list(_topics(specs.values(), existing, users, extent))
    group = ask("Consumer groups", lambda: _group(deployment, settings.app_id))
    deleted = [item.name for item in topics if item.delete is not None]
    items = [
        *group,
        *topics,
        *(Item("transactional id", name, _EXPIRES) for name in deployment.transactional_ids(rights)),
        *ask("Access rights", lambda: _rules(deployment, exact_resources(deleted, rights))),
        *_files(Path(settings.state_dir), extent),
    ]
    is_running = any(item.name == settings.app_id and item.delete is None for item in group)
    return Inventory(tuple(items), is_running, tuple(unknown))


def _registered_policies(settings: Settings, existing: set[str], unknown: list[str]) -> dict[str, list[Policy]]:
    """Return what each deployment ever registered: a model that was removed has left its topics behind."""
    if FAIRNESS_POLICIES not in existing:
        return {}
    try:
        records = read_policies(settings.connection)
    except (AccessDeniedError, ReplayError) as error:
        unknown.append(f"Topics of models that were removed from the policy are not listed: {error}")
        return {}
    policies: dict[str, list[Policy]] = {}
    unreadable: dict[str, str] = {}  # deployments, with the version that registered something unknown
    for record in records:
        try:
            policies.setdefault(record.app_id, []).append(Policy(schema=1, models=(record.model_policy(),)))
        except msgspec.ValidationError:
            unreadable[record.app_id] = record.code_version
    if version := unreadable.get(settings.app_id):
        unknown.append(
            f"Version {version} registered a policy that this version cannot read: its topics may be missing"
        )
    return {
        app_id: known for app_id, known in policies.items() if app_id not in unreadable or app_id == settings.app_id
    }


def _users_of_topics(
    others: Iterable[str], registered: Mapping[str, list[Policy]], names: Iterable[str]
) -> dict[str, list[str]]:
    """Return for each topic the other deployments that use it; one whose policies are not known may use them all."""
    users: dict[str, list[str]] = {name: [] for name in names}
    for app_id in others:
        policies = registered.get(app_id)
        used: AbstractSet[str] = (
            users.keys()
            if policies is None
            else {spec.name for one in policies for spec in declared_topics(one, app_id)}
        )
        for name in users.keys() & used:
            users[name].append(app_id)
    return users


def _topics(
    specs: Iterable[TopicSpec], existing: set[str], users: Mapping[str, list[str]], extent: Extent
) -> Iterator[Item]:
    for spec in specs:
        if spec.name not in existing:
            continue
        kept = ""
        if spec.owner == "customer":
            kept = _RAW
        elif spec.role in _AUDIT_ROLES and not extent.audit:
            kept = _AUDIT
        elif spec.role not in _OWN_ROLES and users[spec.name]:
            kept = f"shared with {', '.join(users[spec.name])}; goes with the last deployment"
        yield Item("topic", spec.name, kept, None if kept else partial(_delete_topic, spec.name))


def other_deployments(topics: Iterable[str], app_id: str) -> list[str]:
    """Return the application ids of other deployments: each has the changelog topic of a judge.

    >>> other_deployments(["fs-changelog-judge", "fs-2-changelog-judge", "fairness-results"], "fs")
    ['fs-2']
    """
    ending = changelog_topic("", "judge")
    found = (topic.removesuffix(ending) for topic in topics if topic.endswith(ending))
    return sorted(set(found) - {app_id, ""})


def _delete_topic(name: str, deployment: Deployment) -> None:
    deployment.delete_topic(name)


def _group(deployment: Deployment, app_id: str) -> list[Item]:
    is_in_use = deployment.is_group_in_use(app_id)
    if is_in_use is None:
        return []
    if is_in_use:
        return [Item("consumer group", app_id, "workers are running")]
    return [Item("consumer group", app_id, "", lambda deployment: deployment.delete_group(app_id))]


def _delete_rule(rule: AccessRule, deployment: Deployment) -> None:
    deployment.delete_rule(rule)


def _rules(deployment: Deployment, resources: list[Right]) -> list[Item]:
    return [Item("access right", str(rule), "", partial(_delete_rule, rule)) for rule in deployment.rules_on(resources)]


def _files(state_dir: Path, extent: Extent) -> Iterator[Item]:
    allowed = {"keys": extent.keys, "audit": extent.audit}
    for path, kind in owned_paths(state_dir):
        kept = "" if allowed.get(kind, False) else _KEPT_FILES.get(kind, "")
        yield Item("file", str(path), kept, None if kept else partial(_delete_file, path, state_dir))


def _delete_file(path: Path, state_dir: Path, _: Deployment) -> None:
    delete_path(path, state_dir)
