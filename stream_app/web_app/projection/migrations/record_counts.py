"""Creates the tables of rejected and late records by hour, and of the published counts of cameras."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    dependencies: ClassVar = [("projection", "newest_rows")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CameraWindow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("window", models.CharField(max_length=20)),
                ("start_s", models.BigIntegerField()),
                ("end_s", models.BigIntegerField()),
                ("policy_hash", models.CharField(max_length=300)),
                ("epsilon", models.CharField(blank=True, max_length=50)),
                ("is_over_budget", models.BooleanField()),
                ("body", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["model", "start_s"], name="camera_days"),
                    models.Index(fields=["model", "-end_s", "-id"], name="newest_counts"),
                ],
                "constraints": [models.UniqueConstraint(fields=("model", "window", "end_s"), name="one_camera_window")],
            },
        ),
        migrations.CreateModel(
            name="RecordCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("hour_s", models.BigIntegerField()),
                ("what", models.CharField(max_length=20)),
                ("n", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("model", "hour_s", "what"), name="one_count")],
            },
        ),
    ]
