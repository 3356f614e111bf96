"""A bundle: a pack, the evidence for it, and what follows."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from stream_app.pipeline.reports.checks import CheckResult, judge_check
from stream_app.pipeline.reports.evidence import Evidence, Gathered
from stream_app.pipeline.reports.pack import Pack, PackSection, single_checks

SCHEMA = 1


class BundleHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle was made from.

    Attributes:
        pack: Name of the pack.
        pack_version: Version of its text.
        last_reviewed: When its text was last reviewed, ISO 8601.
        model: Name of the model.
        from_s: Start of the time range, event time; None for the beginning of the log.
        to_s: Its end, not included; None for the end of the log.
        made_at: When it was made, ISO 8601.
        policy_hash: Hash of the policy of the model.
        code_version: Version of FairStream.
        command: The command that makes it again.
    """

    pack: str
    pack_version: str
    last_reviewed: str
    model: str
    from_s: float | None
    to_s: float | None
    made_at: str
    policy_hash: str
    code_version: str
    command: str


class BundleSection(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a bundle.

    Attributes:
        section: The text of the pack.
        checks: Its checks.
        commands: Commands with which people can go further, about the policy and the model of the bundle.
    """

    section: PackSection
    checks: tuple[CheckResult, ...]
    commands: tuple[str, ...] = ()


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle.

    Attributes:
        schema: Version of this format.
        head: What it was made from.
        pack: The pack.
        sections: Its parts.
        evidence: What the commands printed.
    """

    schema: int
    head: BundleHead
    pack: Pack
    sections: tuple[BundleSection, ...]
    evidence: tuple[Evidence, ...]


def make_bundle(
    head: BundleHead, pack: Pack, gathered: Gathered, complete: Callable[[str], str] = lambda command: command
) -> Bundle:
    """Join a pack and the evidence for it.

    Args:
        head: What the bundle is made from.
        pack: The pack.
        gathered: The evidence.
        complete: Returns a command of the pack with the policy and the model of the bundle.
    """
    sections = tuple(
        BundleSection(
            section=section,
            checks=tuple(judge_check(one, gathered) for check in section.checks for one in single_checks(check)),
            commands=tuple(map(complete, section.commands)),
        )
        for section in pack.sections
    )
    return Bundle(schema=SCHEMA, head=head, pack=pack, sections=sections, evidence=tuple(gathered.values()))


class BundleManifest(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of a bundle; it is written last.

    Attributes:
        schema: Version of this format.
        head: What the bundle was made from.
        commands: By kind of evidence the command that prints its numbers again.
        files: SHA-256 by name of every file of the folder.
        audit: Checkpoint of the audit log when the bundle was made; None without a log.
    """

    schema: int
    head: BundleHead
    commands: dict[str, str]
    files: dict[str, str]
    audit: str | None
