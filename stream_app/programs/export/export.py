"""``replay export-records``: checks the permission and opens the topic, the audit log and the audit topic."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from stream_app.edges.files.writing import reject_existing
from stream_app.edges.kafka.audit_topic import AuditTopic
from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.pipeline.replay.export.audit_trail import AuditTrail
from stream_app.pipeline.replay.export.request import ExportRequest, ExportSummary, reject_unpermitted
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.source_log import SourceChoice, earliest_offsets
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.audit.events import append_export
from stream_app.programs.export.write import write_records
from stream_app.programs.replay.sources import open_raw
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_AUDIT, declared_topics


def export_records(
    settings: Settings, policy: Policy, model: ModelPolicy, request: ExportRequest, on_progress: OnProgress
) -> ExportSummary:
    """Write single records into a file, if the policy permits it and the audit records it.

    Another topic cannot be named: a copy of the raw one would pass for pseudonymized events.

    Args:
        settings: Where Kafka and the state folder are.
        policy: The complete policy.
        model: The model whose records are exported.
        request: What is exported.
        on_progress: Called after each run of records.

    Raises:
        ConfigError: the policy does not permit it, the time range is empty, the file exists or cannot be written, or
            the audit log cannot.
        TopicError: a topic is missing, or the audit topic is not as declared.
        BrokerUnavailableError: no broker answers, or it went away.
        PolicyError: the published events are not of this policy.
        ReplayError: there is no record in the range, or one does not fit in a table.
    """
    reject_unpermitted(model, request.records)
    request.time_range.reject_empty()
    reject_existing(request.path)
    suppressed = SuppressionFile(Path(settings.state_dir)).load()
    is_raw = request.records == "raw"
    topic = SourceChoice("raw" if is_raw else "published").topic_of(model)
    audit = next(spec for spec in declared_topics(policy, settings.app_id) if spec.name == FAIRNESS_AUDIT)
    with (
        AuditTopic(settings.connection, audit, key=model.name) as audit_topic,
        open_raw(settings, model, topic) if is_raw else LogReader(settings.connection, topic) as log,
    ):
        begins = earliest_offsets(log, model, request.from_s)
        log.seek(begins)
        trail = AuditTrail([partial(append_export, settings), audit_topic.append])
        return write_records(log, begins, policy, model, request, trail, on_progress, suppressed)
