"""The roles of users: each is a group of Django. A user without one may open no page."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """What a user may do."""

    VIEWER = "viewer"  # reads verdicts
    ANALYST = "analyst"  # reads verdicts, to work on them
    AUDITOR = "auditor"  # reads verdicts, to check them
    ADMINISTRATOR = "administrator"  # reads verdicts, and is the first user


EVERY_ROLE = frozenset(Role)
