"""A draft of a policy is checked, compared, proposed by one person and approved by another."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from stream_app.edges.audit.reading import read_entries
from stream_app.policy import ModelPolicy, Policy, read_policy_text
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.host import audit_trail
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.policies.models import PolicyDraft
from tests.support.audit_logs import reject_entry
from tests.support.web.pages import browser, person
from tests.support.web.window_results import MODEL

TEXT = read_policy_text("loanapp")
CHANGED = TEXT.replace("out_of_orderness_s = 5", "out_of_orderness_s = 9")


def send(client: Any, action: str, text: str = CHANGED, reason: str = "Late uploads.") -> Any:
    return client.post("/policies/send", {"action": action, "text": text, "reason": reason})


def decide(client: Any, action: str, remark: str = "") -> Any:
    return client.post(f"/policies/drafts/{PolicyDraft.objects.get().pk}/decide", {"action": action, "remark": remark})


def test_the_policy_in_use_is_shown_with_its_hash() -> None:
    text = browser(Role.VIEWER).get("/policies").content.decode()
    assert MODEL.hash() in text
    assert "ratio 0.8, gap 0.2" in text
    assert "Nobody has proposed a draft yet." in text


def test_every_field_of_the_policy_in_use_is_shown_and_downloaded() -> None:
    client = browser(Role.VIEWER)
    text = client.get(f"/policies/in-use/{MODEL.name}").content.decode()
    assert "rules.min_disparate_impact_ratio" in text
    assert f"attributes[{MODEL.attributes[0].name}].reference" in text
    answer = client.get(f"/policies/in-use/{MODEL.name}/download")
    assert msgspec.json.decode(answer.content, type=ModelPolicy).hash() == MODEL.hash()
    assert answer["Content-Disposition"] == f'attachment; filename="policy-{MODEL.hash()}.json"'
    for path in ("/policies/in-use/none", "/policies/in-use/none/download", "/policies/in-use/%00"):
        assert client.get(path).status_code == 404


def test_the_fields_of_a_policy_are_text_and_nothing_else() -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e{{ 7|add:7 }}"
    watch(Policy(schema=1, models=(msgspec.structs.replace(MODEL, topic=hostile),)))
    text = browser(Role.VIEWER).get(f"/policies/in-use/{MODEL.name}").content.decode()
    assert "<img" not in text
    assert "\u202e" not in text
    assert "{{ 7|add:7 }}" in text


def test_a_draft_is_checked_and_compared_before_anything_is_stored() -> None:
    client, _ = person("ada")
    text = send(client, "check").content.decode()
    assert "event_time.out_of_orderness_s" in text
    assert "valid</span>" in text
    assert "It is the policy in use, value for value." in send(client, "check", TEXT).content.decode()
    assert not PolicyDraft.objects.exists()


def test_one_person_proposes_and_another_approves_and_both_are_in_the_log(log: Settings) -> None:
    first, ada = person("ada")
    second, grace = person("grace")
    assert send(first, "propose").status_code == 302
    answer = decide(first, "approve")
    assert (answer.status_code, b"somebody else decides" in answer.content) == (409, True)
    assert decide(second, "approve", "Checked.").status_code == 302
    draft = PolicyDraft.objects.get()
    assert (draft.status, draft.author, draft.decided_by, draft.remark) == ("approved", ada, grace, "Checked.")
    assert decide(second, "reject", "No.").status_code == 409
    found = [entry.data for _, entry in read_entries(log_folder(log)) if entry.type == "policy-event"]
    found = [{name: value for name, value in data.items() if name != "code_version"} for data in found]
    digest = hashlib.sha256(CHANGED.encode()).hexdigest()
    assert found == [
        {"action": "proposed", "draft": draft.pk, "sha256": digest, "by_user": ada.pk},
        {"action": "approved", "draft": draft.pk, "sha256": digest, "by_user": grace.pk},
    ]
    viewer = browser(Role.VIEWER)
    answer = viewer.get(f"/policies/drafts/{draft.pk}/download")
    assert answer.content == CHANGED.encode()
    assert answer["Content-Disposition"].startswith("attachment;")
    text = viewer.get(f"/policies/drafts/{draft.pk}").content.decode()
    assert "event_time.out_of_orderness_s" in text
    assert "fairstream policy activate" in text
    assert "/decide" not in text


def test_a_rejection_has_a_reason() -> None:
    first, _ = person("ada")
    second, _ = person("grace")
    send(first, "propose")
    assert decide(second, "reject", " ").status_code == 409
    assert decide(second, "forget").status_code == 409
    assert decide(second, "reject", "Too late.").status_code == 302
    assert PolicyDraft.objects.get().status == "rejected"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "not toml",
        "schema = 1",
        TEXT.replace("0.8", "1.8") + "[[models]]",
        TEXT.replace('reference = "white"', 'reference = "<script>alert(1)</script>"'),
        "x" * 50_001,
        "a\0b",
        "[" * 5000,
        TEXT.replace("schema = 1", "schema = 1\nunknown_field = '<img src=x>'"),
    ],
)
@pytest.mark.parametrize("action", ["check", "propose"])
def test_an_invalid_draft_is_neither_stored_nor_markup(text: str, action: str) -> None:
    client, _ = person("ada")
    answer = send(client, action, text)
    assert answer.status_code == 409
    assert b"The draft is not accepted." in answer.content
    for markup in (b"<script>", b"<img"):
        assert markup not in answer.content
    assert not PolicyDraft.objects.exists()


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001, "a\0"])
def test_a_proposal_has_a_reason(reason: str) -> None:
    client, _ = person("ada")
    assert send(client, "propose", CHANGED, reason).status_code == 409
    assert not PolicyDraft.objects.exists()


def test_hostile_reasons_and_comments_are_text() -> None:
    client, _ = person("ada")
    hostile = "</pre><script>alert(1)</script>{{ 8000|add:777 }}"
    assert send(client, "propose", f"# {hostile}\n{CHANGED}", hostile).status_code == 302
    for path in ("/policies", f"/policies/drafts/{PolicyDraft.objects.get().pk}"):
        text = browser(Role.VIEWER).get(path).content.decode()
        assert "<script>" not in text
        assert "8777" not in text


def test_without_an_audit_entry_nothing_is_proposed_or_decided(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = person("ada")
    second, _ = person("grace")
    send(first, "propose")
    monkeypatch.setattr(audit_trail, "append_event", reject_entry)
    assert send(first, "propose").status_code == 503
    assert decide(second, "approve").status_code == 503
    assert PolicyDraft.objects.get().status == "proposed"
    assert len([*read_entries(log_folder(log))]) == 2  # the segment, and the draft


@pytest.mark.parametrize("number", [0, 99, 2**63, 10**40])
def test_what_is_no_draft_is_not_found(number: int) -> None:
    client, _ = person("ada")
    for path in ("", "/download"):
        assert client.get(f"/policies/drafts/{number}{path}").status_code == 404
    assert client.post(f"/policies/drafts/{number}/decide", {"action": "approve"}).status_code == 404
