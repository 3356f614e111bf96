"""Results about outcomes as records of ``fairness-results``, beside those about decisions.

Both lie under keys that begin with a name; that of outcomes ends in ``/outcomes``, which no model's can. A reader of
the one leaves out the other.
"""

from __future__ import annotations

import msgspec

from stream_app.pipeline.judge.outcome_verdicts import OutcomeResult
from stream_app.pipeline.judge.results import Result, decode_result
from stream_app.pipeline.outcomes.step import outcomes_name

_SUFFIX = outcomes_name("")


class _Head(msgspec.Struct):
    model: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(OutcomeResult)
_head = msgspec.json.Decoder(_Head)


def is_of_outcomes(name: str) -> bool:
    """Return whether a name in state, journal, alerts or results is that of outcomes.

    >>> is_of_outcomes("credit/outcomes"), is_of_outcomes("credit")
    (True, False)
    """
    return name.endswith(_SUFFIX)


def model_of(name: str) -> str:
    """Return the name of the model, also when it is told about its outcomes.

    >>> model_of("credit/outcomes"), model_of("credit")
    ('credit', 'credit')
    """
    return name.removesuffix(_SUFFIX)


def encode_outcome_result(result: OutcomeResult) -> bytes:
    """Encode as JSON."""
    return _encoder.encode(result)


def decode_any_result(data: bytes) -> Result | OutcomeResult:
    """Decode a record of ``fairness-results``, whatever it is about.

    Raises:
        msgspec.MsgspecError: the bytes are no result.
    """
    return _decoder.decode(data) if is_of_outcomes(_head.decode(data).model) else decode_result(data)


def decode_decision_result(data: bytes) -> Result | None:
    """Decode a result about decisions; None for one about outcomes.

    Raises:
        msgspec.MsgspecError: the bytes are no result.
    """
    found = decode_any_result(data)
    return found if isinstance(found, Result) else None
