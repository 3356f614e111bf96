"""The addresses of the pages; a test opens each of them with every role and method."""

from __future__ import annotations

from django.urls import path

from stream_app.web_app.accounts.views import accept, log_in, log_out
from stream_app.web_app.pages.alerts.alert_list import show_alerts
from stream_app.web_app.pages.alerts.alert_page import show_alert
from stream_app.web_app.pages.assets import asset
from stream_app.web_app.pages.audit.proof import download_proof
from stream_app.web_app.pages.audit.search import show_audit
from stream_app.web_app.pages.audit.verify import verify_audit
from stream_app.web_app.pages.cameras.camera_page import show_cameras
from stream_app.web_app.pages.cases.case_form import change_case
from stream_app.web_app.pages.cases.case_list import show_cases
from stream_app.web_app.pages.cases.case_of_alert import find_case
from stream_app.web_app.pages.cases.case_page import show_case
from stream_app.web_app.pages.cases.export import export_case
from stream_app.web_app.pages.health import live, ready
from stream_app.web_app.pages.model_page import show_model
from stream_app.web_app.pages.overview import show_overview
from stream_app.web_app.pages.policies.draft_forms import decide_draft, send_draft
from stream_app.web_app.pages.policies.draft_page import download_draft, show_draft
from stream_app.web_app.pages.policies.policy_comparison import compare_policies
from stream_app.web_app.pages.policies.policy_list import show_policies
from stream_app.web_app.pages.policies.policy_page import download_policy, show_policy
from stream_app.web_app.pages.privacy.privacy_page import show_privacy
from stream_app.web_app.pages.quality.model_quality import show_model_quality
from stream_app.web_app.pages.quality.quality_list import show_quality
from stream_app.web_app.pages.replays.replay_forms import cancel_replay, compare_draft, repeat_replay, replay_case
from stream_app.web_app.pages.replays.replay_list import show_replays
from stream_app.web_app.pages.replays.replay_page import show_replay
from stream_app.web_app.pages.runbooks.runbook_pages import list_runbooks, show_runbook
from stream_app.web_app.pages.users.user_forms import change_user, invite_user
from stream_app.web_app.pages.users.user_list import show_users

urlpatterns = [
    path("", show_overview, name="overview"),
    path("models/<str:name>", show_model, name="model"),
    path("alerts", show_alerts, name="alerts"),
    path("alerts/<slug:alert_id>", show_alert, name="alert"),
    path("cases", show_cases, name="cases"),
    path("cases/about", find_case, name="case-about"),
    path("cases/<int:case_id>", show_case, name="case"),
    path("cases/<int:case_id>/change", change_case, name="case-change"),
    path("cases/<int:case_id>/replay", replay_case, name="case-replay"),
    path("cases/<int:case_id>/export", export_case, name="case-export"),
    path("audit", show_audit, name="audit"),
    path("audit/verify", verify_audit, name="audit-verify"),
    path("audit/<int:seq>/proof", download_proof, name="audit-proof"),
    path("cameras", show_cameras, name="cameras"),
    path("quality", show_quality, name="quality"),
    path("quality/<str:name>", show_model_quality, name="model-quality"),
    path("privacy", show_privacy, name="privacy"),
    path("runbooks", list_runbooks, name="runbooks"),
    path("runbooks/<str:name>", show_runbook, name="runbook"),
    path("policies", show_policies, name="policies"),
    path("policies/comparison", compare_policies, name="policy-comparison"),
    path("policies/in-use/<str:name>", show_policy, name="policy"),
    path("policies/in-use/<str:name>/download", download_policy, name="policy-download"),
    path("policies/send", send_draft, name="draft-send"),
    path("policies/drafts/<int:draft_id>", show_draft, name="draft"),
    path("policies/drafts/<int:draft_id>/decide", decide_draft, name="draft-decide"),
    path("policies/drafts/<int:draft_id>/download", download_draft, name="draft-download"),
    path("policies/drafts/<int:draft_id>/compare", compare_draft, name="draft-compare"),
    path("replays", show_replays, name="replays"),
    path("replays/<int:replay_id>", show_replay, name="replay"),
    path("replays/<int:replay_id>/cancel", cancel_replay, name="replay-cancel"),
    path("replays/<int:replay_id>/repeat", repeat_replay, name="replay-repeat"),
    path("users", show_users, name="users"),
    path("users/invite", invite_user, name="user-invite"),
    path("users/<int:user_id>/change", change_user, name="user-change"),
    path("livez", live, name="livez"),
    path("readyz", ready, name="readyz"),
    path("login", log_in, name="login"),
    path("logout", log_out, name="logout"),
    path("welcome/<str:token>", accept, name="welcome"),
    path("assets/<str:version>/<str:name>", asset, name="asset"),
]

handler400 = "stream_app.web_app.pages.errors.bad_request"
handler403 = "stream_app.web_app.pages.errors.forbidden"
handler404 = "stream_app.web_app.pages.errors.not_found"
handler500 = "stream_app.web_app.pages.errors.server_error"
