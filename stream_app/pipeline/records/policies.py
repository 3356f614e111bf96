"""The records of ``fairness-policies``: every policy under which a model was ever counted or judged, by its hash.

The topic is compacted and keeps the newest record of each key, so a verdict of years ago can be verified under the
policy of that time. Of the policies of a model that a deployment (``app_id``) registered, the last one is its present
one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream_app import __version__
from stream_app.pipeline.records.codec import JsonCodec
from stream_app.policy import ModelPolicy

SCHEMA = 1


class PolicyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of one model.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        hash: Hash of the policy, as results, alerts and journal entries carry it.
        app_id: Deployment that registered it; each deployment has an order of its own.
        policy: The policy of the model, every field by its name.
        registered_ms: When it was registered, milliseconds since the epoch; later than every one before it.
        code_version: Version of FairStream that registered it.
        is_recount: Whether retained records that were counted under the policy before are counted again under this one.
    """

    schema: int
    model: str
    hash: str
    app_id: str
    policy: dict[str, Any]
    registered_ms: int
    code_version: str
    is_recount: bool = False

    @property
    def key(self) -> str:
        """``model|hash|app_id``."""
        return f"{self.model}|{self.hash}|{self.app_id}"

    def model_policy(self) -> ModelPolicy:
        """Return the policy.

        Raises:
            msgspec.ValidationError: a later version registered it, with fields that this one does not know.
        """
        return msgspec.convert(self.policy, ModelPolicy)


def policy_record(model: ModelPolicy, app_id: str, registered_ms: int, *, is_recount: bool = False) -> PolicyRecord:
    """Return the record that registers a policy.

    >>> from stream_app.policy import load_policy
    >>> loans = load_policy("loans").models[0]
    >>> record = decode_policy(encode_policy(policy_record(loans, "fairstream", 1_700_000_000_000)))
    >>> record.key == f"loans|{loans.hash()}|fairstream", record.model_policy() == loans
    (True, True)
    """
    return PolicyRecord(
        schema=SCHEMA,
        model=model.name,
        hash=model.hash(),
        app_id=app_id,
        policy=msgspec.to_builtins(model),
        registered_ms=registered_ms,
        code_version=__version__,
        is_recount=is_recount,
    )


_codec = JsonCodec[PolicyRecord](PolicyRecord)
encode_policy, decode_policy = _codec.encode, _codec.decode

_MAX_AHEAD_S = 86_400.0  # of the clock of the worker that registers


def registered_policy(key: bytes | None, value: bytes, now_s: float) -> PolicyRecord | None:
    """Return a registered policy; None for a record that no worker writes.

    Such a record has another key, is a policy of another model or hash than it says, or was registered in the future.
    A policy with fields that this version does not know is left to the caller.

    Args:
        key: Key of the record; None where it is not known.
        value: Its value, without a seal.
        now_s: Processing time in seconds since the epoch.

    >>> from stream_app.policy import load_policy
    >>> record = policy_record(load_policy("loans").models[0], "fairstream", 1_700_000_000_000)
    >>> registered_policy(record.key.encode(), encode_policy(record), 1_700_000_000.0).hash == record.hash
    True
    >>> registered_policy(b"cameras", encode_policy(record), 1_700_000_000.0) is None
    True
    """
    try:
        record = decode_policy(value)
    except msgspec.MsgspecError:
        return None
    if key is not None and record.key.encode(errors="replace") != key:
        return None
    if record.registered_ms > (now_s + _MAX_AHEAD_S) * 1000:
        return None
    try:
        model = record.model_policy()
    except msgspec.ValidationError:
        return record
    return record if (model.name, model.hash()) == (record.model, record.hash) else None
