"""Keeps the newest verdict on each attribute, and the time since which it has that state."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.wording import exceeded_limits
from stream_app.pipeline.records.results import CROSS, TOTAL_WINDOW
from stream_app.policy import Policy
from stream_app.web_app.projection.models import Verdict, WindowRow

_SEVERITY = {state: float(number) for number, state in enumerate(State)}
_BEYOND = 0.5  # a limit that is exceeded without proof is worse than the state alone


class VerdictKeeper:
    """Keeps verdicts current as results are stored.

    Args:
        policy: Names the windows and limits of its models.
    """

    def __init__(self, policy: Policy) -> None:
        self._smallest = {
            model.name: min(model.windows, key=lambda window: window.size_s).name
            for model in policy.models
            if model.windows
        }
        self._rules = {model.name: model.rules for model in policy.models}

    def note(self, result: DisclosedResult, body: bytes, *, received_s: int) -> None:
        """Take a stored result as the verdict if it is of the smallest window and not older than the present one."""
        if result.window == TOTAL_WINDOW:
            return
        key: dict[str, Any] = {"model": result.model, "attribute": result.attribute}
        former = Verdict.objects.filter(**key).first()
        if former is not None and not self._replaces(result, former):
            return
        rules = self._rules.get(result.model)
        is_beyond = any(exceeded_limits(group, rules) for group in result.groups if group.state is not None)
        values: dict[str, Any] = {
            "is_intersection": CROSS in result.attribute,
            "window": result.window,
            "size_s": result.size_s,
            "end_s": result.end_s,
            "since_s": _since(result, former),
            "state": str(result.state),
            "severity": _SEVERITY[result.state] + _BEYOND * is_beyond,
            "received_s": received_s,
            "body": body,
        }
        verdict = Verdict(pk=None if former is None else former.pk, **key, **values)
        verdict.save(force_insert=former is None, force_update=former is not None)

    def _replaces(self, result: DisclosedResult, former: Verdict) -> bool:
        if result.window == former.window:
            return result.end_s >= former.end_s
        smallest = self._smallest.get(result.model)
        if smallest in (result.window, former.window):
            return result.window == smallest
        return result.size_s < former.size_s


def _since(result: DisclosedResult, former: Verdict | None) -> int:
    """Return the end of the first window of the uninterrupted run of windows with the state of a result."""
    is_continued = former is not None and former.window == result.window and former.end_s < result.end_s
    if former is not None and is_continued and former.state == result.state:
        return former.since_s
    rows = WindowRow.objects.filter(
        model=result.model, attribute=result.attribute, window=result.window, end_s__lte=result.end_s
    )
    others = [state for state in State if state is not result.state]  # one by one, as they are indexed
    ends = [rows.filter(state=str(state)).aggregate(end_s=Max("end_s"))["end_s"] for state in others]
    last = max((end_s for end_s in ends if end_s is not None), default=-1)
    first = rows.filter(end_s__gt=last).order_by("end_s").values_list("end_s", flat=True).first()
    return result.end_s if first is None else first
