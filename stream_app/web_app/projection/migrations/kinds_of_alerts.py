"""Adds attribute, change and seal of an alert as columns, and fills them for the alerts that are stored."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.db import migrations, models

_TEXT, _NO_DEFAULT = models.CharField, False


def fill(apps: Any, _editor: object) -> None:
    """Take the columns of stored alerts from their bodies; none of them is sealed."""
    table = apps.get_model("projection", "AlertRow")
    for row in table.objects.iterator():
        alert = json.loads(bytes(row.body))
        row.attribute, row.change = alert["attribute"], alert["change"]
        row.save(update_fields=["attribute", "change"])


class Migration(migrations.Migration):
    """The columns are dropped when it is reversed."""

    dependencies: ClassVar = [("projection", "first_tables")]
    operations: ClassVar = [
        migrations.AddField("AlertRow", "attribute", _TEXT(blank=True, default="", max_length=300), _NO_DEFAULT),
        migrations.AddField("AlertRow", "change", _TEXT(default="", max_length=10), _NO_DEFAULT),
        migrations.AddField("AlertRow", "is_sealed", models.BooleanField(default=False)),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterModelManagers("AlertRow", [("every_alert", models.Manager())]),
    ]
