"""Sets the web application up in this process, once; each test sees an empty database.

It is on SQLite, or on the PostgreSQL that ``WEB_TEST_DATABASE_URL`` names; then on one process of tests only.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from stream_app.policy import Policy
from stream_app.settings import Settings

HOST = "127.0.0.1"
PASSWORD = "correct horse battery"  # noqa: S105  # of users that exist for one test

_folder = tempfile.TemporaryDirectory(prefix="fairstream-web-")


def set_up() -> None:
    """Configure Django for this process, with a quick hash of passwords; later calls do nothing."""
    from stream_app.web_app.program import prepare  # noqa: PLC0415  # it configures Django for the process

    prepare(Settings(state_dir=_folder.name, database_url=os.environ.get("WEB_TEST_DATABASE_URL")))
    from django.conf import settings  # noqa: PLC0415  # needs Django's settings

    settings.PASSWORD_HASHERS = ["tests.support.web.quick_hasher.QuickHasher"]


@contextmanager
def empty_database(policy: Policy) -> Iterator[None]:
    """Watch a policy, and undo at the end whatever the block has stored."""
    from django.db import transaction  # noqa: PLC0415  # needs Django's settings

    from stream_app.web_app.api.running import start_api  # noqa: PLC0415  # the same
    from stream_app.web_app.pages.watched import watch  # noqa: PLC0415  # the same

    watch(policy)
    start_api(Settings(state_dir=_folder.name))
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def add_user(name: str, role: str | None) -> Any:
    """Create a user with one role, or none."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415  # needs Django's settings

    user = User.objects.create(username=name, password=_hashed_password())
    if role is not None:
        user.groups.add(Group.objects.get(name=role))
    return user


@cache
def _hashed_password() -> str:
    """Return the hash of the password: it takes as long as a hash of a password should."""
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415  # needs Django's settings

    return make_password(PASSWORD)


def browser(role: str | None = None, *, is_logged_in: bool = True, **options: Any) -> Any:
    """Return a client that is logged in with a role."""
    from django.test import Client  # noqa: PLC0415  # needs Django's settings

    client = Client(headers={"host": HOST}, raise_request_exception=False, **options)
    if is_logged_in:
        client.force_login(
            add_user(f"user-{uuid.uuid4().hex[:8]}", role), backend="django.contrib.auth.backends.ModelBackend"
        )
    return client


def person(name: str, role: str = "analyst") -> tuple[Any, Any]:
    """Return a client that is logged in, and its user."""
    user = add_user(name, role)
    client = browser(is_logged_in=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


def text_of(path: str) -> str:
    """Return what a viewer gets of a page, on one line."""
    answer = browser("viewer").get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())
