"""Results that count nobody."""

from __future__ import annotations

from stream_app.core.groups.comparison import State
from stream_app.pipeline.records.results import Result


def empty_result(window: str, end_s: int, revision: int = 0, model: str = "m") -> Result:
    """Return the result of a window of a model by sex, without a group."""
    return Result(
        schema=1,
        model=model,
        attribute="sex",
        window=window,
        size_s=60,
        start_s=end_s - 60,
        end_s=end_s,
        revision=revision,
        reference="male",
        n=0,
        state=State.OK,
        groups=(),
        offsets={},
        policy_hash="h",
        code_version="0",
    )
