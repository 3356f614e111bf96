"""The JSON Schema of each type of record, for everybody who reads the topics without this code.

A record is valid when it has the listed fields; readers ignore fields that they do not know, so a schema does not
forbid them. Journal entries are MessagePack with the same structure.
"""

from __future__ import annotations

from typing import Any

from stream_app.json_schema import schema_of
from stream_app.pipeline.records.aggregates import Aggregate
from stream_app.pipeline.records.alerts import Alert, MonitoringRestart, SealedAlert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.audit import Entry
from stream_app.pipeline.records.dead_letters import DeadLetter, LateDecision
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.policies import PolicyRecord
from stream_app.pipeline.records.results import Result


def result_schema() -> dict[str, Any]:
    """Return the schema of a result about decisions (``fairness-results``).

    >>> result_schema()["title"]
    'FairStream result'
    """
    return schema_of(Result, title="FairStream result")


def outcome_result_schema() -> dict[str, Any]:
    """Return the schema of a result about outcomes (``fairness-results``, models named ``<model>/outcomes``)."""
    return schema_of(OutcomeResult, title="FairStream outcome result")


def amount_result_schema() -> dict[str, Any]:
    """Return the schema of a result about amounts (``fairness-results``, ``kind`` is ``amounts``)."""
    return schema_of(AmountResult, title="FairStream amount result")


def allocation_result_schema() -> dict[str, Any]:
    """Return the schema of a result about hours of areas (``fairness-results``, ``kind`` is ``allocations``)."""
    return schema_of(AllocationResult, title="FairStream allocation result")


def alert_schema() -> dict[str, Any]:
    """Return the schema of an alert (``fairness-alerts``)."""
    return schema_of(Alert, title="FairStream alert")


def restart_schema() -> dict[str, Any]:
    """Return the schema of a restart of the monitoring (``fairness-alerts``, ``change`` is ``restart``)."""
    return schema_of(MonitoringRestart, title="FairStream restart of monitoring")


def sealed_alert_schema() -> dict[str, Any]:
    """Return the schema of a sealed alert (``fairness-alerts``, ``sealed`` is ``hpke1``)."""
    return schema_of(SealedAlert, title="FairStream sealed alert")


def aggregate_schema() -> dict[str, Any]:
    """Return the schema of published counts (``camera-aggregates``)."""
    return schema_of(Aggregate, title="FairStream published counts")


def dead_letter_schema() -> dict[str, Any]:
    """Return the schema of a rejected record (``dead-letters``)."""
    return schema_of(DeadLetter, title="FairStream dead letter")


def late_decision_schema() -> dict[str, Any]:
    """Return the schema of a late event (``late-decisions``)."""
    return schema_of(LateDecision, title="FairStream late decision")


def journal_schema() -> dict[str, Any]:
    """Return the schema of a journal entry (``fairness-journal``)."""
    return schema_of(JournalEntry, title="FairStream journal entry")


def policy_record_schema() -> dict[str, Any]:
    """Return the schema of a registered policy (``fairness-policies``)."""
    return schema_of(PolicyRecord, title="FairStream registered policy")


def audit_schema() -> dict[str, Any]:
    """Return the schema of an audit entry (``fairness-audit``)."""
    description = "One entry before the first exported record, one after the last."
    return schema_of(Entry, title="FairStream audit entry", description=description)


SCHEMAS = {
    "result": result_schema,
    "outcome-result": outcome_result_schema,
    "allocation-result": allocation_result_schema,
    "amount-result": amount_result_schema,
    "alert": alert_schema,
    "restart": restart_schema,
    "sealed-alert": sealed_alert_schema,
    "aggregate": aggregate_schema,
    "dead-letter": dead_letter_schema,
    "late-decision": late_decision_schema,
    "journal": journal_schema,
    "policy-record": policy_record_schema,
    "audit": audit_schema,
}
