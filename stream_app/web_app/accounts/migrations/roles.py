"""Creates a group for each role."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations

_ROLES = ("viewer", "analyst", "auditor", "administrator")


def create(apps: Any, _editor: object) -> None:
    """Create the groups that are missing."""
    for name in _ROLES:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """The groups stay when it is reversed: users may be in them."""

    dependencies: ClassVar = [("accounts", "first_tables"), ("auth", "0012_alter_user_first_name_max_length")]
    operations: ClassVar = [migrations.RunPython(create, migrations.RunPython.noop)]
