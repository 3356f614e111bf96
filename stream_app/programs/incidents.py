"""The kinds of incidents, and the entry of the audit log about one.

Source: the incident table of the original specification: data breach, adversarial attack, fairness violation, model
extraction, each with what to do at once and what follows. The runbook of each kind has the commands.
"""

from __future__ import annotations

from typing import NamedTuple

from stream_app.programs.audit.events import append_required
from stream_app.settings import Settings


class IncidentKind(NamedTuple):
    """A kind of incident.

    Attributes:
        name: What it is called in commands.
        title: What it is called by people.
        runbook: Name of its runbook.
        at_once: What to do at once, in one sentence.
    """

    name: str
    title: str
    runbook: str
    at_once: str


KINDS: dict[str, IncidentKind] = {
    kind.name: kind
    for kind in (
        IncidentKind(
            "data-breach",
            "Data breach",
            "DataBreach",
            "Close the way by which data leave, and rotate keys: fairstream keys rotate --incident",
        ),
        IncidentKind(
            "adversarial-attack",
            "Adversarial attack",
            "AdversarialAttack",
            "Stop automated decisions of the model, or route unusual inputs to a person",
        ),
        IncidentKind(
            "fairness-violation",
            "Fairness violation",
            "FairnessViolation",
            "Verify the verdict, and return to the model version from before the onset",
        ),
        IncidentKind(
            "model-extraction",
            "Model extraction",
            "ModelExtraction",
            "End the tokens of the client: fairstream web tokens revoke",
        ),
    )
}


def append_incident(settings: Settings, kind: IncidentKind, model: str, reason: str, case: int | None) -> int | None:
    """Append the entry about an incident; return its number.

    Args:
        settings: Where the state folder is.
        kind: The kind.
        model: Name of the model.
        reason: What was seen, without anything about people.
        case: Number of the case of the web application; None without one.

    Raises:
        ConfigError: the state folder has no audit log.
        FairStreamError: the log accepts no entry; then there is no incident.
    """
    facts: dict[str, str | int] = {"kind": kind.name, "model": model, "reason": reason}
    return append_required(settings, "incident-opened", [facts if case is None else {**facts, "case": case}])
