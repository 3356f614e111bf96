"""Writes the OpenAPI document of the web API; ``python -m tests.programs.api_document``."""

from __future__ import annotations

import json

from tests.support.paths import ROOT
from tests.support.web.pages import set_up

PAGE = ROOT / "docs" / "reference" / "openapi.json"


def api_document() -> str:
    """Return the document as it is committed."""
    set_up()
    from stream_app.web_app.api.document import openapi_document  # noqa: PLC0415  # needs Django's settings
    from stream_app.web_app.api.service import api  # noqa: PLC0415  # the same

    return json.dumps(json.loads(openapi_document(api)), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(api_document(), "utf-8")
