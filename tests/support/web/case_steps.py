"""Steps of cases, as people make them in the web application, and their audit entries."""

from __future__ import annotations

from typing import Any

from stream_app.edges.audit.reading import read_entries
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from tests.support.web.pages import person

NAME = "ada.lovelace"


def entries(log: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Return action and facts of each entry about a case."""
    found = (entry for _, entry in read_entries(log_folder(log)))
    return [(entry.data["action"], entry.data) for entry in found if entry.type == "case-event"]


def send(client: Any, action: str, **form: str) -> Any:
    """Send a form of the only case, or of the one that is given."""
    from stream_app.web_app.cases.models import Case  # noqa: PLC0415  # needs Django's settings

    number = form.pop("case", "") or Case.objects.get().pk
    return client.post(f"/cases/{number}/change", {"action": action, **form})


def close_by_two() -> None:
    """Let one person conclude the only case and another one close it."""
    first, _ = person("first")
    second, _ = person("second")
    for client, action, form in (
        (first, "acknowledge", {}),
        (first, "conclude", {"conclusion": "confirmed", "text": "The new score rejects them."}),
        (second, "close", {}),
    ):
        assert send(client, action, **form).status_code == 302, action
