"""``replay export-records``: is it permitted, and what it needs: the topic, the audit log and the audit topic."""

from __future__ import annotations

from pathlib import Path

from stream_app.edges.files.audit_file import AuditFile
from stream_app.edges.files.record_file import reject_existing
from stream_app.edges.kafka.audit_topic import AuditTopic
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.export.audit_trail import AuditTrail, ExportRequest, RecordKind
from stream_app.programs.export.write import ExportSummary, write_records
from stream_app.programs.replay.run import first_offsets
from stream_app.programs.replay.sources import OnProgress, SourceChoice
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_AUDIT, declared_topics


def export_records(
    settings: Settings, policy: Policy, model: ModelPolicy, request: ExportRequest, note: OnProgress
) -> ExportSummary:
    """Write single records into a file, if the policy permits it and the audit takes down that it is done.

    There is no way to name another topic: a copy of the raw one would pass for pseudonymized events.

    Args:
        settings: Where Kafka and the state folder are.
        policy: The whole policy.
        model: The model whose records are meant.
        request: What is wanted.
        note: Told how far it is.

    Raises:
        ConfigError: the policy does not permit it, the stretch is empty, the file exists or cannot be written, or the
            audit log cannot.
        TopicError: a topic is missing, or the one of the audit is not as declared.
        BrokerUnavailableError: no broker answers, or it went away.
        PolicyError: the published events are not of this policy.
        ReplayError: no record lies in the stretch, or one cannot stand in a table.
    """
    reject_unpermitted(model, request.records)
    if request.to_s <= request.from_s:
        raise ConfigError("The stretch ends before it begins", action="Give --from before --to")
    reject_existing(request.path)
    topic = SourceChoice("raw" if request.records == "raw" else "published").topic_of(model)
    audit = next(own for own in declared_topics(policy, settings.app_id) if own.name == FAIRNESS_AUDIT)
    with AuditTopic(settings.kafka, audit, key=model.name) as audit_topic, LogReader(settings.kafka, topic) as log:
        begins = first_offsets(log, model, request.from_s)
        log.seek(begins)
        trail = AuditTrail([AuditFile(Path(settings.state_dir)).append, audit_topic.append])
        return write_records(log, begins, policy, model, request, trail, note)


def reject_unpermitted(model: ModelPolicy, records: RecordKind) -> None:
    """Refuse what the policy does not permit; by default it permits nothing.

    Raises:
        ConfigError: it does not.
    """
    if model.privacy.exportable_records not in (records, "raw"):
        raise ConfigError(
            f"The policy permits no export of {records} records of model {model.name!r}",
            action=f'Whoever answers for the policy can permit it: privacy.exportable_records = "{records}"',
        )
