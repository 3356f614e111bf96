"""Fills in the form that starts a replay: of a case the time of its newest breach, of a draft the last day."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from stream_app.policy import ModelPolicy
from stream_app.web_app.cases.models import Case, CaseAlert
from stream_app.web_app.pages.alerts.replay import replay_period
from stream_app.web_app.pages.watched import model_in_alert, names_with_rates, watched_model
from stream_app.web_app.policies.drafts import DraftError, read_draft
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.projection.alert_bodies import SealedNotice, decode_alert
from stream_app.web_app.projection.models import AlertRow
from stream_app.web_app.replays.periods import Period, ReplayError, reject_draft, reject_sealed

_DAY_S = 86_400


def case_start(case: Case) -> dict[str, Any] | None:
    """Return what the form of a case shows; None where its model cannot be replayed."""
    model = model_in_alert(case.model)
    if model is None or not _can_show(model):
        return None
    return {"models": [model.name], **_times(_period_of(case))}


def draft_start(draft: PolicyDraft) -> dict[str, Any]:
    """Return what the form of a draft shows: the models that can be compared, and why others cannot."""
    possible, faults = [], []
    for name in _names_in(draft):
        model = watched_model(name)
        if model is not None:
            try:
                reject_sealed(model)
                reject_draft(draft, model)
                possible.append(name)
            except ReplayError as error:
                faults.append(str(error))
    now_s = int(time.time()) // 60 * 60
    return {"models": possible, "faults": faults, **_times(Period(now_s - _DAY_S, now_s))}


def _can_show(model: ModelPolicy) -> bool:
    return model.sealing is None


def _names_in(draft: PolicyDraft) -> list[str]:
    try:
        drafted = {model.name for model in read_draft(draft.text).models}
    except DraftError:
        return []
    return [name for name in names_with_rates() if name in drafted]


def _period_of(case: Case) -> Period:
    """Return the period of the newest breach of a case."""
    joined = CaseAlert.objects.filter(case=case, change="breach").order_by("-at_s").first()
    at_s = case.first_alert_s if joined is None else joined.at_s
    row = None if joined is None else AlertRow.objects.filter(id=joined.alert_id).first()
    alert = None if row is None else decode_alert(row.body, is_sealed=False)
    onset_s = None if alert is None or isinstance(alert, SealedNotice) else alert.onset_s
    return Period(*replay_period(onset_s, at_s))


def _times(period: Period) -> dict[str, str]:
    texts = [datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S") for time_s in period]
    return {"from": texts[0], "to": texts[1]}
