"""An alert opens a case, once, and repeated ones join it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from stream_app.pipeline.records.alerts import Alert, SealedAlert
from stream_app.topics import FAIRNESS_ALERTS
from stream_app.web_app.cases.models import Case, CaseAlert, CaseEvent
from stream_app.web_app.projection.models import AlertRow
from stream_app.web_app.projection.store import Store, empty
from tests.support.web.case_steps import close_by_two
from tests.support.web.stored_alerts import SEALED, breach, store_alerts
from tests.support.web.window_results import MODEL, POLICY, run_of


def test_the_tables_are_those_of_the_migrations() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_breach_opens_a_case_and_repeated_ones_join_it() -> None:
    store_alerts(breach(), breach(pane_s=10, group="hispan"), breach(pane_s=20, change="recovery"))
    (case,) = Case.objects.all()
    assert (case.model, case.subject, case.status, case.owner) == (MODEL.name, "race", "open", None)
    assert CaseAlert.objects.filter(case=case).count() == 3
    assert [event.kind for event in CaseEvent.objects.all()] == ["opened"]


def test_attributes_intersections_outcomes_and_sealed_alerts_have_cases_of_their_own() -> None:
    store_alerts(
        breach(),
        breach(attribute="sex"),
        breach(attribute="race+sex"),
        breach(attribute="race+sex", pane_s=10),
        breach(model=f"{MODEL.name}/outcomes"),
        SEALED,
    )
    found = sorted((case.model, case.subject) for case in Case.objects.all())
    name = MODEL.name
    assert found == [
        (name, "intersections"),
        (name, "race"),
        (name, "sealed alerts"),
        (name, "sex"),
        (f"{name}/outcomes", "race"),
    ]


def test_a_recovery_opens_no_case_and_does_not_join_a_later_one() -> None:
    store_alerts(breach(change="recovery", pane_s=0, at_s=60), breach(pane_s=100, at_s=160))
    store_alerts(breach(change="recovery", pane_s=0, at_s=60))
    assert [alert.change for alert in CaseAlert.objects.all()] == ["breach"]


def test_records_that_are_read_again_and_a_rebuild_open_nothing_twice() -> None:
    alerts: list[Alert | SealedAlert] = [breach(), breach(attribute="sex"), SEALED]
    store_alerts(*alerts)
    before = [*Case.objects.order_by("pk").values_list("pk", "opened_s")]
    store_alerts(*alerts)
    empty()
    assert AlertRow.every_alert.count() == 0
    store_alerts(*alerts)
    assert [*Case.objects.order_by("pk").values_list("pk", "opened_s")] == before
    assert (CaseAlert.objects.count(), CaseEvent.objects.count()) == (3, 3)


def test_a_run_that_fails_opens_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(POLICY)
    write = store._write[FAIRNESS_ALERTS]

    def fail_at_the_second(record: Any) -> bool:
        if record.offset:
            raise KeyboardInterrupt
        return write(record)

    monkeypatch.setitem(store._write, FAIRNESS_ALERTS, fail_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        store.apply(FAIRNESS_ALERTS, None, run_of([breach(), breach(pane_s=10)]))
    assert (Case.objects.count(), AlertRow.every_alert.count()) == (0, 0)


def test_after_it_is_closed_the_next_breach_opens_another() -> None:
    store_alerts(breach())
    close_by_two()
    store_alerts(breach(pane_s=100, at_s=160), breach())
    assert [case.status for case in Case.objects.order_by("pk")] == ["closed", "open"]
    assert CaseAlert.objects.count() == 2
