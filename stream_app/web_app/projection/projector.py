"""Reads the topics into the database, each in a thread of its own, for as long as the process runs."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack, suppress

from django.db import DatabaseError, close_old_connections, connection

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.readers.resumed_records import Position, ResumedReader
from stream_app.errors import FairStreamError
from stream_app.policy import Policy
from stream_app.topics import FAIRNESS_ALERTS
from stream_app.web_app.cases.trail import append_pending
from stream_app.web_app.history.keeping import Keeping
from stream_app.web_app.host.audit_trail import AuditRejectedError
from stream_app.web_app.host.database_faults import fault_of
from stream_app.web_app.projection.freshness import note_fault
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import PositionMovedError, Store, stored_positions, topics_of
from stream_app.web_app.projection.thinned import thin_everything
from stream_app.web_app.projection.turns import turn

_RETRY_S = 1.0
_STOP_S = 5.0  # of all together; a run that is not stored by then is rolled back
_CHECK_S = 2.0  # between two questions whether everything was read
_MAX_FAULT = 500

log = logging.getLogger(__name__)


class Projector:
    """Reads the topics side by side.

    Args:
        kafka: The connection.
        policy: Applied to what is stored.
        keeping: What is kept of old results.
    """

    def __init__(self, kafka: AnyKafka, policy: Policy, keeping: Keeping) -> None:
        self._kafka, self._keeping = kafka, keeping
        self._store = Store(policy, keeping)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(topic,), name=f"projection of {topic}", daemon=True)
            for topic in topics_of(policy)
        ]
        self._threads.append(threading.Thread(target=self._thin, name="thinning", daemon=True))

    def start(self) -> None:
        """Begin to read."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the present runs are stored; a reader that waits for a broker ends with the process."""
        self._stopping.set()
        deadline_s = time.monotonic() + _STOP_S
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def _thin(self) -> None:
        """Apply the rule of what is kept to everything that is stored, if it is another one than before."""
        while not self._stopping.is_set():
            with suppress(DatabaseError):  # which the readers report
                thin_everything(self._keeping, int(time.time()), self._stopping.is_set, turn)
                break
            close_old_connections()
            self._stopping.wait(_RETRY_S)
        connection.close()

    def _run(self, topic: str) -> None:
        reported = ""
        while not self._stopping.is_set():
            fault = ""
            try:
                self._follow(topic)
            except PositionMovedError:
                pass
            except FairStreamError as error:
                fault = error.message
            except DatabaseError as error:
                fault = fault_of(error)
            if fault:
                if fault != reported:
                    log.warning("topic not read topic=%s fault=%s", topic, fault)
                _note_fault(topic, fault)
                self._stopping.wait(_RETRY_S)
            reported = fault
        connection.close()

    def _follow(self, topic: str) -> None:
        """Read on from the stored positions until something fails."""
        stored = stored_positions(topic)
        with ExitStack() as stack:
            reader = stack.enter_context(ResumedReader(self._kafka, topic, stored))
            _note_missed(topic, reader.n_missed)
            checked_s = 0.0
            while not self._stopping.is_set():
                for run in reader.poll():
                    with turn():
                        self._store.apply(topic, stored.get(run.partition), run)
                    stored[run.partition] = run.after
                read_until_s = reader.read_until()
                if read_until_s is not None:
                    self._note_current(topic, stored, read_until_s)
                if time.monotonic() - checked_s >= _CHECK_S:
                    reader.ask_end()
                    if topic == FAIRNESS_ALERTS:
                        with suppress(AuditRejectedError):  # it delays neither alerts nor cases
                            append_pending()
                    checked_s = time.monotonic()

    @staticmethod
    def _note_current(topic: str, stored: dict[int, Position], time_s: float) -> None:
        if stored_positions(topic) != stored:
            raise PositionMovedError
        Reading.objects.update_or_create(topic=topic, defaults={"current_at_s": time_s, "fault": ""})
        note_fault(topic, "")


def _note_missed(topic: str, n_missed: int) -> None:
    if n_missed:
        reading, _ = Reading.objects.get_or_create(topic=topic)
        reading.n_missed += n_missed
        reading.save(update_fields=["n_missed"])


def _note_fault(topic: str, fault: str) -> None:
    note_fault(topic, fault)
    with suppress(DatabaseError):
        Reading.objects.update_or_create(topic=topic, defaults={"fault": fault[:_MAX_FAULT]})
    with suppress(DatabaseError):
        close_old_connections()
