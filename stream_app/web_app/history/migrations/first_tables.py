"""Creates the tables of stored models and of the rule that was applied, and notes the models that are stored."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def fill(apps: Any, _editor: object) -> None:
    """Note every stored model with its smallest k."""
    smallest: dict[str, int] = {}
    for name in ("WindowRow", "AlertRow"):
        rows: models.QuerySet[Any] = models.QuerySet(apps.get_model("projection", name))
        for model, k in rows.values_list("model").annotate(k=models.Min("k")).order_by():
            smallest[model] = min(k, smallest.get(model, k))
    table = apps.get_model("history", "ShownModel")
    table.objects.bulk_create([table(model=model, k=k) for model, k in smallest.items()])


class Migration(migrations.Migration):
    """As Django wrote it from the models, and a step of ours."""

    initial = True

    dependencies: ClassVar = [("projection", "newest_rows")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ShownModel",
            fields=[
                ("model", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("k", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="AppliedKeeping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("every_days", models.IntegerField()),
                ("hourly_days", models.IntegerField()),
                ("daily_days", models.IntegerField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
