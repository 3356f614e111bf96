"""Models whose decisions are amounts, in pages and API: means and their differences, and never an approval rate."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import jsonschema
import msgspec
import pytest

from stream_app.core.groups.comparison import Reason, State
from stream_app.pipeline.disclosure.amounts.words import shown_amount
from stream_app.pipeline.records.amounts.amount_results import AmountResult, encode_amount_result
from stream_app.pipeline.records.amounts.values import AmountValues, Measured
from stream_app.pipeline.records.results import GroupResult
from stream_app.policy import Policy, read_policy_text
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.policies.drafts import propose
from stream_app.web_app.projection.models import AlertRow, WindowRow
from stream_app.web_app.projection.store import Store, stored_positions
from stream_app.web_app.replays.periods import ReplayError, reject_draft
from tests.support.web import window_results
from tests.support.web.amount_windows import (
    MODEL,
    RATES,
    alert_records,
    amount_results,
    change_group,
    gender_result,
)
from tests.support.web.pages import add_user, browser
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.window_results import run_of

PAGE = f"/models/{MODEL.name}"
BOTH = Policy(schema=1, models=(MODEL, window_results.MODEL))


@pytest.fixture(autouse=True)
def policy() -> None:
    watch(BOTH)


def store(results: Sequence[AmountResult], own: Policy = BOTH) -> None:
    before = stored_positions(FAIRNESS_RESULTS).get(0)
    start = 0 if before is None else before.next_offset
    values = [encode_amount_result(result) for result in results]
    Store(own).apply(FAIRNESS_RESULTS, before, run_of(values, start, at_s=int(time.time())))


def store_alerts() -> None:
    Store(BOTH).apply(FAIRNESS_ALERTS, None, run_of(alert_records()))


def text_of(path: str) -> str:
    answer = browser(Role.VIEWER).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def row_of(text: str, group: str) -> str:
    """Return the row of a table, whose heading is a group."""
    [row] = re.findall(rf'<tr>\s*<th scope="row" data-name="Group">{group}</th>(.*?)</tr>', text)
    return str(row)


def cells_of(row: str) -> dict[str, str]:
    cells = re.findall(r'data-name="(.*?)"[^>]*>(.*?)</td>', row)
    return {name: " ".join(re.sub("<.*?>", "", cell).split()) for name, cell in cells}


def amounts_of(group: GroupResult) -> AmountValues:
    assert isinstance(group.amounts, AmountValues)
    return group.amounts


def said(measured: Measured | None, *, is_signed: bool = False) -> str:
    assert measured is not None
    assert measured.lower is not None
    assert measured.upper is not None
    value, lower, upper = (
        shown_amount(each or 0.0, 0.25, is_signed=is_signed)
        for each in (measured.value, measured.lower, measured.upper)
    )
    return f"{value} ({lower} to {upper})"


def test_the_overview_has_state_difference_and_limit() -> None:
    store(amount_results())
    text = text_of("/")
    [female, _] = gender_result().groups
    assert f"{said(amounts_of(female).difference, is_signed=True)}, limit ±0.25" in text
    assert '<span class="state breach">breach</span>' in text
    assert f'href="{PAGE}?attribute=gender"' in text
    assert text.index("attribute=gender") < text.index("attribute=age")  # the worst first
    assert "0.1 per million decisions" in text


def test_a_model_page_has_what_the_result_has_and_no_rate() -> None:
    store(amount_results())
    text = text_of(f"{PAGE}?attribute=gender&window=1m")
    for group in gender_result().groups:
        values, cells = amounts_of(group), cells_of(row_of(text, group.group))
        assert cells["Decisions"] == f"{group.n:,}"
        assert cells["Mean (95% interval)"] == said(values.mean)
        assert cells["Median (95% interval)"] == said(values.quantiles[0].value)
        assert cells["90% are below (95% interval)"] == said(values.quantiles[1].value)
        is_reference = group.group == "male"
        difference = "–" if is_reference else said(values.difference, is_signed=True)
        assert cells["Difference (95% interval)"] == difference
        assert cells["State"] == ("reference group" if is_reference else "breach: difference")
    assert "limit ±0.25. A low rate is good for people." in text
    assert "gender: mean rate by window of 1m, with 95% intervals" in text
    assert "gender: mean rate less that of male, with 95% intervals" in text
    assert "limit +0.25" in text
    assert "limit -0.25" in text
    assert "State by window of 1m" in text
    assert not re.search("approval|impact ratio|0.0%", text, re.IGNORECASE)


def test_intersections_are_tables_of_amounts_too() -> None:
    store(amount_results())
    text = text_of(f"{PAGE}?attribute=gender")
    assert "<h3>gender+race</h3>" in text
    assert row_of(text, "female &amp; black")


def test_groups_of_fewer_than_k_have_no_amount_anywhere() -> None:
    small = change_group(gender_result(), "female", lambda group: msgspec.structs.replace(group, n=3))
    store([small])
    mean = shown_amount(amounts_of(small.groups[0]).mean.value or 0.0, 0.25)
    for text in (text_of(f"{PAGE}?attribute=gender"), str(bodies())):
        assert mean not in text
    cells = cells_of(row_of(text_of(f"{PAGE}?attribute=gender"), "female"))
    assert cells.pop("State") == "suppressed: fewer than 10 decisions"
    assert set(cells.values()) == {"–"}


def bodies() -> list[bytes]:
    return [bytes(row.body) for row in WindowRow.objects.all()]


def test_beside_a_hidden_reference_no_difference_is_shown() -> None:
    result = gender_result()
    store([change_group(result, "male", lambda group: msgspec.structs.replace(group, n=3))])
    cells = cells_of(row_of(text_of(f"{PAGE}?attribute=gender"), "male"))
    assert cells["Mean (95% interval)"] == "–"
    assert shown_amount(amounts_of(result.groups[1]).mean.value or 0.0, 0.25) not in str(bodies())
    assert '"difference":{' not in str(bodies())
    assert "breach: difference" not in text_of(f"{PAGE}?attribute=gender")


def test_too_few_decisions_are_said() -> None:
    def few(group: GroupResult) -> GroupResult:
        values = msgspec.structs.replace(amounts_of(group), is_over=False)
        return msgspec.structs.replace(group, n=20, reason=Reason.BELOW_MIN_N, state=State.INSUFFICIENT, amounts=values)

    store([msgspec.structs.replace(change_group(gender_result(), "female", few), state=State.INSUFFICIENT)])
    cells = cells_of(row_of(text_of(f"{PAGE}?attribute=gender"), "female"))
    assert cells["State"] == "insufficient data below min n"
    assert '<span class="state insufficient">insufficient data</span>' in text_of("/")


def test_a_difference_beyond_the_limit_without_proof_is_not_called_fine() -> None:
    def unproven(group: GroupResult) -> GroupResult:
        return msgspec.structs.replace(
            group, state=State.OK, amounts=msgspec.structs.replace(amounts_of(group), is_over=True)
        )

    store([msgspec.structs.replace(change_group(gender_result(), "female", unproven), state=State.OK)])
    assert '<span class="state beyond">limit exceeded, not proven</span>' in text_of("/")
    cells = cells_of(row_of(text_of(f"{PAGE}?attribute=gender"), "female"))
    assert cells["State"] == "limit exceeded, not proven: difference"


def test_an_alert_leads_to_the_page_and_shows_where_the_difference_comes_from() -> None:
    store(amount_results())
    store_alerts()
    row = next(row for row in AlertRow.objects.order_by("at_s") if row.attribute == "gender")
    text = text_of(f"/alerts/{row.id}")
    assert f'href="{PAGE}?attribute=gender"' in text
    assert "Mean rate of female is 0." in text
    assert "Contribution to the difference by segment" in text
    assert "within segments</span>" in text
    assert "product=" in text
    assert "percentage points" not in text
    assert f'href="/alerts/{row.id}"' in text_of(PAGE)


def test_running_totals_get_no_sequence_of_rates() -> None:
    store(amount_results())
    answer = Program(make_token("viewer")).get(f"/api/results?model={MODEL.name}&attribute=gender&window=total").json()
    [total] = answer["items"]
    for group in total["groups"]:
        names = ("favorable", "rate", "rate_bounds", "disparate_impact_ratio", "ratio_bounds", "gap", "gap_bounds")
        assert [group[name] for name in names] == [None] * 7
        assert group["amounts"]["mean"]["lower"] < group["amounts"]["mean"]["value"]


def test_answers_of_the_api_are_as_its_document_says_and_those_of_the_record() -> None:
    store(amount_results())
    store_alerts()
    program, document = Program(make_token("viewer")), Program().get("/api/openapi.json").json()
    answers = {
        "/api/results": f"?model={MODEL.name}&attribute=gender&window=1m",
        "/api/explanation": f"?model={MODEL.name}&attribute=gender",
        "/api/alerts": f"?model={MODEL.name}&attribute=gender",
        "/api/policies": "",
        "/api/quality": f"?model={MODEL.name}",
    }
    found: dict[str, Any] = {}
    for path, query in answers.items():
        answer = program.get(path + query)
        assert answer.status_code == 200, answer.content
        found[path] = answer.json()
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        text = msgspec.json.encode(content["schema"] | {"$defs": document["components"]["schemas"]})
        jsonschema.validate(found[path], msgspec.json.decode(text.replace(b"#/components/schemas/", b"#/$defs/")))
    [female, _] = gender_result().groups
    difference = msgspec.to_builtins(amounts_of(female).difference)
    assert found["/api/results"]["items"][0]["groups"][0]["amounts"]["difference"] == difference
    [pair] = found["/api/explanation"]["pairs"]
    assert (pair["words"], pair["gap"], pair["disparate_impact_ratio"]) == ("breach: difference", None, None)
    assert (pair["amounts"]["difference"], pair["sentence"]) == (difference, female.sentence)
    assert found["/api/alerts"]["items"][0]["amounts"]["name"] == "rate"
    rates, loans = found["/api/policies"]["items"]
    assert (rates["kind"], rates["max_mean_difference"], rates["favorable"]) == ("amounts", 0.25, "low")
    assert (rates["max_gap"], rates["min_disparate_impact_ratio"]) == (None, None)
    assert (loans["kind"], loans["max_gap"], loans["favorable"]) == ("decisions", 0.2, None)


def test_scenarios_of_approval_rates_take_no_model_of_amounts() -> None:
    watch(RATES)
    store(amount_results())
    answer = Program(make_token("viewer")).get(f"/api/monitor_fairness?source=live&model={MODEL.name}")
    assert answer.status_code == 404
    assert error_of(answer)["message"] == "No model compares women with men."


@pytest.mark.parametrize("query", ["attribute=nothing", "window=total", "window=%00", "attribute=gender%27--"])
def test_an_unknown_choice_is_not_found(query: str) -> None:
    assert browser(Role.VIEWER).get(f"{PAGE}?{query}").status_code == 404


def test_a_model_that_became_one_of_amounts_or_of_labels_shows_no_wrong_number() -> None:
    """Rows are of the policy that was applied; the pages know the present one."""
    shape = {"name": MODEL.name, "attributes": MODEL.attributes, "windows": MODEL.windows}
    labels = msgspec.structs.replace(window_results.MODEL, **shape)
    store(amount_results())
    watch(Policy(schema=1, models=(labels,)))
    cells = cells_of(row_of(text_of(f"{PAGE}?attribute=gender&window=1m"), "female"))
    assert cells["Approval rate (95% interval)"] == "–"
    assert "approval rate" not in text_of("/")
    watch(Policy(schema=1, models=(msgspec.structs.replace(MODEL, name=window_results.MODEL.name),)))
    Store(BOTH).apply(
        FAIRNESS_RESULTS,
        stored_positions(FAIRNESS_RESULTS)[0],
        run_of([window_results.race_result(1_800_000_000)], len(amount_results())),
    )
    assert "100s" in text_of("/")
    assert browser(Role.VIEWER).get(f"/models/{window_results.MODEL.name}?attribute=race").status_code == 200


def test_the_share_of_unknown_groups_is_known_of_amounts_too() -> None:
    store(amount_results())
    assert "fewer than 10 (fewer than 10)" in text_of(f"/quality/{MODEL.name}")


def test_a_draft_is_compared_unless_it_counts_other_amounts(log: Settings) -> None:
    del log
    analyst, author, text = browser(Role.ANALYST), add_user("other", None), read_policy_text("rates")
    times = {"model": MODEL.name, "from": "2026-01-01T00:00", "to": "2026-01-02T00:00"}
    page = f"/policies/drafts/{propose(author, text, 'x').pk}"
    assert f'value="{MODEL.name}"' in analyst.get(page).content.decode()
    assert analyst.post(f"{page}/compare", times).status_code == 302
    draft = propose(author, text.replace("maximum = 36", "maximum = 40"), "x")
    page, fault = f"/policies/drafts/{draft.pk}", "A scenario cannot change path, minimum, maximum or bins"
    assert fault in analyst.get(page).content.decode()
    assert f'value="{MODEL.name}"' not in analyst.get(page).content.decode()
    answer = analyst.post(f"{page}/compare", times)
    assert (answer.status_code, fault in answer.content.decode()) == (409, True)
    with pytest.raises(ReplayError, match="counts other amounts"):
        reject_draft(draft, MODEL)
