"""The registry of policies: what all workers of a deployment agree on, whatever files they were started with.

Each worker registers the policies of its file before it opens a lane, and reads the registry again each time that a
lane loads. So a policy by which anything was counted is always known to the lane that reads the counts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced

from stream_app.connection.failures import lost
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.host.tasks import finish
from stream_app.edges.lanes.changelog import read_state
from stream_app.edges.lanes.transaction_writer import TransactionWriter
from stream_app.errors import StateError
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.policy_change import mapping_between
from stream_app.pipeline.records.policies import PolicyRecord, encode_policy, policy_record, registered_policy
from stream_app.pipeline.seals import RecordSeals, take_seal
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_POLICIES

_RETRY_S = 0.3

log = logging.getLogger(__name__)


class PolicyRegistry:
    """The registered policies of one deployment.

    Args:
        kafka: The connection.
        app_id: The deployment.
        seals: Seals and checks the records; None for a deployment without a key.
        now: Processing time in seconds since the epoch.

    Attributes:
        book: What was registered as of the last call of ``refresh`` or ``register``.
    """

    def __init__(
        self, kafka: AnyKafka, app_id: str, seals: RecordSeals | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.book = PolicyBook()
        self._seals = seals
        self._unsealed: list[PolicyRecord] = []
        self._kafka = kafka
        self._app_id = app_id
        self._now = now
        self._reading = asyncio.Lock()
        self._read_at_s = float("-inf")

    async def refresh(self) -> None:
        """Read the registry; calls that wait for the same moment share one reading.

        Raises:
            KafkaTimeoutError: no broker answers.
            StateError: the newest policy of a model is not readable by this version.
        """
        wanted_s = time.monotonic()
        async with self._reading:
            if self._read_at_s < wanted_s:
                started_s = time.monotonic()
                self.book = book_of(await self._read(), self._app_id)
                self._read_at_s = started_s

    async def register(
        self, models: Iterable[ModelPolicy], *, is_activation: bool = False, is_recount: bool = False
    ) -> None:
        """Register the policies that are not registered yet.

        Nothing is registered when stored counts of any model could not be continued under its policy: a policy that
        is registered is followed by all workers.

        Args:
            models: The policies.
            is_activation: Register them again where they are known, so that they are the newest.
            is_recount: Count the retained records again under them.

        Raises:
            BrokerUnavailableError: the broker was lost.
            StateError: the counts of a model cannot be continued under a policy.
        """
        wanted = list(models)
        while True:
            writer = TransactionWriter(self._kafka, f"{self._app_id}-policies", self._seals)
            try:
                await writer.start()  # from here on no other worker of the deployment can register
                await self.refresh()
                missing = self._missing(wanted, is_activation=is_activation, is_recount=is_recount)
                if records := [*self._unsealed, *missing]:
                    await writer.send([_outputs(records)])
                    await writer.commit()
                    await self.refresh()
            except (ProducerFenced, InvalidProducerEpoch):
                await asyncio.sleep(_RETRY_S)  # another worker registers at the same time
            except (KafkaError, OSError) as error:
                raise lost(f"reading {FAIRNESS_POLICIES}", error, rights=_rights(self._app_id, error)) from None
            else:
                return
            finally:
                await finish(writer.close())

    def _missing(self, models: Iterable[ModelPolicy], *, is_activation: bool, is_recount: bool) -> list[PolicyRecord]:
        number = max(self.book.last_number, int(self._now() * 1000))
        missing = []
        for model in models:
            newest, policy_hash = self.book.newest(model.name), model.hash()
            is_newest = newest is not None and newest.hash == policy_hash
            if is_newest or (not is_activation and self.book.get(model.name, policy_hash) is not None):
                continue
            if newest is not None:
                mapping_between(newest.model, model)
            number += 1
            missing.append(policy_record(model, self._app_id, number, is_recount=is_recount))
        return missing

    async def _read(self) -> list[PolicyRecord]:
        """Read what was registered; nothing that a worker cannot have written stops one."""
        place = FAIRNESS_POLICIES, 0
        seals = self._seals
        entries = await read_state(self._kafka, *place, is_passed_over=self._is_passed_over)
        records, self._unsealed = [], []
        for key, value in entries.items():
            stored, tag = take_seal(value)
            record = registered_policy(key, stored, now_s=self._now())
            if record is None:
                log.error("Record rejected, no worker registers such a policy: topic=%s partition=%d", *place)
                continue
            records.append(record)
            if seals is None or record.app_id != self._app_id:
                continue
            if tag is None or seals.sealer_of(*place, key, stored, tag) is not seals:
                self._unsealed.append(record)
        return records

    def _is_passed_over(self, record: Any) -> bool:
        """Return whether no worker of this deployment wrote a record, where only they can write its key."""
        seals = self._seals
        if seals is None or not (record.key or b"").endswith(b"|" + self._app_id.encode()):
            return False
        if record.value is None:
            is_valid = seals.is_removal(FAIRNESS_POLICIES, 0, record.key, record.headers)
        else:
            _, is_valid = seals.open(FAIRNESS_POLICIES, 0, record.key, record.value)
        if not is_valid:
            where = FAIRNESS_POLICIES, record.offset
            log.error("Record rejected, no worker writes such: topic=%s offset=%d fault=seal", *where)
        return not is_valid


def _rights(app_id: str, denial: Exception) -> str:
    """Return what was denied, if anything was: the kind of resource is in the name of the error."""
    if "TransactionalId" in type(denial).__name__:
        return f"WRITE on transactional id {app_id}-policies"
    return f"READ or WRITE on topic {FAIRNESS_POLICIES}"


def book_of(records: Iterable[PolicyRecord], app_id: str) -> PolicyBook:
    """Return the policies that a deployment has registered.

    Raises:
        StateError: the newest policy of a model was registered by a version with fields that this one does not know.
    """
    policies: dict[str, RegisteredPolicy] = {}
    unreadable: dict[str, PolicyRecord] = {}
    ordered = sorted((record for record in records if record.app_id == app_id), key=lambda record: record.registered_ms)
    for record in ordered:
        unreadable.pop(record.model, None)
        try:
            model = record.model_policy()
            policies[record.key] = RegisteredPolicy(model, record.hash, record.registered_ms, record.is_recount)
        except msgspec.ValidationError:
            unreadable[record.model] = record
    for record in unreadable.values():
        raise StateError(
            f"The newest policy of model {record.model!r} was registered by version {record.code_version} and has "
            "fields that this version does not know",
            action=f"Run version {record.code_version} or later",
        )
    return PolicyBook(policies.values())


def _outputs(records: list[PolicyRecord]) -> Outputs:
    keys: list[bytes | None] = [record.key.encode() for record in records]
    return Outputs(FAIRNESS_POLICIES, 0, keys, [encode_policy(record) for record in records])
