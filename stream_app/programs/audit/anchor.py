"""Puts the newest checkpoint of a log where its writer cannot change it: a second folder, Kafka, and a witness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stream_app.core.audit.checkpoints import SignedCheckpoint
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.witness_client import WitnessClient
from stream_app.edges.kafka.checkpoint_topic import CheckpointTopic
from stream_app.errors import ConfigError, FairStreamError
from stream_app.programs.audit.places import copy_to_folder, cosigned_file, witness_key
from stream_app.programs.audit.prove import prove_growth
from stream_app.settings import Settings


@dataclass(frozen=True)
class Anchored:
    """Where a checkpoint is now.

    Attributes:
        signed: The checkpoint, with the cosignature of the witness if there is one.
        places: Where it was put.
        failures: Why it could not be put elsewhere.
    """

    signed: SignedCheckpoint
    places: list[str] = field(default_factory=list)
    failures: list[FairStreamError] = field(default_factory=list)


def anchor(settings: Settings, log: AuditLog, *, to_kafka: bool) -> Anchored | None:
    """Sign a checkpoint of all entries and put it into every place that is configured.

    Args:
        settings: The places.
        log: The log.
        to_kafka: Whether the topic ``audit-checkpoints`` is one of them.

    Returns:
        What was done; None for an empty log.

    Raises:
        FairStreamError: no checkpoint can be signed.
    """
    signed = log.checkpoint()
    if signed is None:
        return None
    done = Anchored(signed)
    checkpoint = signed
    _try(done, settings.audit_anchor_dir, lambda: copy_to_folder(settings, checkpoint))
    if settings.audit_witness_url is not None:
        cosigned = _try(done, f"witness {settings.audit_witness_url}", lambda: _to_witness(settings, checkpoint))
        done = Anchored(cosigned or signed, done.places, done.failures)
    if to_kafka:
        _try(done, "topic audit-checkpoints", lambda: _to_topic(settings, done.signed))
    return done


def _try(done: Anchored, place: str | None, put: Callable[[], SignedCheckpoint | None]) -> SignedCheckpoint | None:
    if place is None:
        return None
    try:
        result = put()
    except FairStreamError as error:
        done.failures.append(error)
        return None
    done.places.append(place)
    return result


def _to_witness(settings: Settings, signed: SignedCheckpoint) -> SignedCheckpoint:
    if settings.audit_witness_url is None or settings.audit_witness_key is None:
        raise ConfigError("audit_witness_url is set without audit_witness_key", action="The witness prints its key")
    file = cosigned_file(settings)
    last = file.newest()
    client = WitnessClient(settings.audit_witness_url, witness_key(settings.audit_witness_key))

    note = client.cosign(
        signed, last.checkpoint.size if last else 0, lambda size: prove_growth(settings, size, signed.checkpoint)
    )
    cosigned = SignedCheckpoint(signed.checkpoint, note)
    file.append(cosigned)
    return cosigned


def _to_topic(settings: Settings, signed: SignedCheckpoint) -> None:
    with CheckpointTopic(settings.connection) as topic:
        topic.append(signed)
