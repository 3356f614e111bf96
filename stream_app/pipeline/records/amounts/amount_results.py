"""The verdict on the amounts of one attribute in one window: results of a model of kind ``amounts``.

A record of ``fairness-results`` like those about decisions, without rates: its groups have ``amounts`` instead, and
``kind`` is ``amounts``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.pipeline.records.codec import JsonCodec
from stream_app.pipeline.records.results import Result

SCHEMA = 1
AMOUNTS = "amounts"  # the kind that such a record names


class AmountResult(Result, frozen=True, kw_only=True):
    """One attribute of one model of kind ``amounts`` in one window; the other fields are those of ``Result``.

    Attributes:
        kind: ``amounts``.
        favorable: Which amounts are good for the person, ``low`` or ``high``.
        max_mean_difference: Widest difference of means that is permitted.
        min_mean_ratio: Lowest ratio of means, or inverse of it, that is permitted; only where the policy has one.
    """

    kind: Literal["amounts"] = "amounts"
    favorable: Literal["low", "high"]
    max_mean_difference: float
    min_mean_ratio: float | msgspec.UnsetType = msgspec.UNSET


_codec = JsonCodec[AmountResult](AmountResult)
encode_amount_result, decode_amount_result = _codec.encode, _codec.decode
