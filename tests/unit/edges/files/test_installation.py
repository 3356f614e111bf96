"""What of FairStream is in a state folder: everything that it writes there is listed, and nothing else."""

from __future__ import annotations

from pathlib import Path

from stream_app.edges.files.fernet_key import init_key
from stream_app.edges.files.installation import WEB_REPLAYS, owned_paths
from stream_app.settings import Settings
from stream_app.web_app.host.database import database_of
from stream_app.web_app.host.secret_key import secret_key


def test_the_files_of_the_web_application_and_the_key_of_alert_texts_are_listed(tmp_path: Path) -> None:
    database_of(Settings(state_dir=str(tmp_path)))
    secret_key(tmp_path)
    init_key(tmp_path / "secret.key")
    (tmp_path / WEB_REPLAYS).mkdir()
    (tmp_path / "somebody-else").write_text("", "utf-8")
    found = {owned.path.name: owned.kind for owned in owned_paths(tmp_path)}
    assert found == {"web.sqlite3": "web", "web-secret-key": "web", "web-replays": "web", "secret.key": "keys"}
