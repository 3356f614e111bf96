"""The items of both checklists, from the guideline for machine learning systems of the original specification."""

from __future__ import annotations

from typing import Literal

import msgspec

Phase = Literal["pre-deployment", "ongoing"]
ItemState = Literal["ok", "attention", "unknown"]
_BOTH: tuple[Phase, ...] = ("pre-deployment", "ongoing")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a checklist.

    Attributes:
        name: What it is called in commands.
        title: What it is about.
        phases: The lists that it is on.
        valid_days: For how many days a confirmation is valid; None for an item that is checked by itself.
        advice: What to do where it is not ok.
    """

    name: str
    title: str
    phases: tuple[Phase, ...] = _BOTH
    valid_days: int | None = None
    advice: str


class ItemReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about an item.

    Attributes:
        item: Its name.
        title: What it is about.
        state: ``ok``, ``attention`` or ``unknown``.
        text: What is known, in one sentence.
        advice: What to do; empty where it is ok.
        is_confirmed: Whether a person confirms it; else it is checked.
    """

    item: str
    title: str
    state: ItemState
    text: str
    advice: str
    is_confirmed: bool


ITEMS: tuple[Item, ...] = (
    Item(name="validation", title="Input validation", advice="Declare ranges: features with minimum and maximum"),
    Item(
        name="anomaly-scores",
        title="Anomaly scores of inputs",
        advice="Fit a reference: fairstream anomaly fit, and set anomalies in the policy",
    ),
    Item(name="rate-limits", title="Rate limits of the API", advice="Set api_reads_per_min and api_writes_per_min"),
    Item(name="encryption", title="Encryption in transit", advice="See: docs/how-to/secure-kafka.md"),
    Item(name="record-seals", title="Seals of the records between workers", advice="Set record_key_file"),
    Item(name="small-groups", title="Suppression of small groups", advice="Set privacy.k to at least 5"),
    Item(name="fairness-limits", title="Limits of fairness", advice="Declare attributes and rules in the policy"),
    Item(name="keys", title="Pseudonym keys", advice="Create or rotate them: fairstream keys rotate"),
    Item(name="audit-log", title="Audit log", advice="See: fairstream audit verify"),
    Item(name="retention", title="Retention of topics", advice="See: fairstream privacy retention"),
    Item(
        name="open-breaches",
        title="Fairness over time",
        phases=("ongoing",),
        advice="See: fairstream alerts list, and the runbook FairnessBreach",
    ),
    Item(
        name="distribution-shift",
        title="Shift of scores",
        phases=("ongoing",),
        advice="Declare a score in the policy, or see: fairstream alerts list",
    ),
    Item(
        name="query-patterns",
        title="Patterns of queries",
        phases=("ongoing",),
        advice="See the runbook ModelExtractionSuspected",
    ),
    Item(
        name="adversarial-test",
        title="Adversarial test of the model",
        valid_days=90,
        advice="Test the model, then: fairstream checklist confirm adversarial-test",
    ),
    Item(
        name="access-review",
        title="Review of access rights",
        valid_days=90,
        advice="Review users and rights (fairstream doctor), then: fairstream checklist confirm access-review",
    ),
    Item(
        name="fairness-review",
        title="Fairness audit by a person",
        valid_days=365,
        advice="Make a report (fairstream report), then: fairstream checklist confirm fairness-review",
    ),
    Item(
        name="incident-drill",
        title="Incident procedures tried",
        valid_days=365,
        advice="Try the runbooks of incidents, then: fairstream checklist confirm incident-drill",
    ),
    Item(
        name="model-documentation",
        title="Documentation of the model",
        phases=("pre-deployment",),
        valid_days=365,
        advice="Write purpose, data and limits, then: fairstream checklist confirm model-documentation",
    ),
    Item(
        name="recovery",
        title="Backup and return to an earlier policy tried",
        phases=("pre-deployment",),
        valid_days=365,
        advice="See docs/how-to/backup.md, then: fairstream checklist confirm recovery",
    ),
)


def confirmed_items() -> dict[str, Item]:
    """Return the items that people confirm, by name."""
    return {item.name: item for item in ITEMS if item.valid_days is not None}
