"""Creates the tables of positions, results, verdicts and alerts."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """As Django wrote it from the models."""

    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="Reading",
            fields=[
                ("topic", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("current_at_s", models.FloatField(null=True)),
                ("fault", models.CharField(blank=True, max_length=500)),
                ("n_unreadable", models.BigIntegerField(default=0)),
                ("n_missed", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="AlertRow",
            fields=[
                ("id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("model", models.CharField(max_length=300)),
                ("at_s", models.BigIntegerField()),
                ("k", models.IntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["model", "-at_s"], name="newest_alerts")],
            },
        ),
        migrations.CreateModel(
            name="TopicPartition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=300)),
                ("partition", models.IntegerField()),
                ("topic_id", models.CharField(max_length=64)),
                ("next_offset", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("topic", "partition"), name="one_position")],
            },
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("attribute", models.CharField(max_length=300)),
                ("is_intersection", models.BooleanField()),
                ("window", models.CharField(max_length=20)),
                ("size_s", models.BigIntegerField()),
                ("end_s", models.BigIntegerField()),
                ("since_s", models.BigIntegerField()),
                ("state", models.CharField(max_length=20)),
                ("severity", models.FloatField()),
                ("received_s", models.BigIntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["is_intersection", "-severity", "model", "attribute"], name="worst_first")
                ],
                "constraints": [models.UniqueConstraint(fields=("model", "attribute"), name="one_verdict")],
            },
        ),
        migrations.CreateModel(
            name="WindowRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=300)),
                ("attribute", models.CharField(max_length=300)),
                ("window", models.CharField(max_length=20)),
                ("end_s", models.BigIntegerField()),
                ("order_s", models.BigIntegerField()),
                ("revision", models.IntegerField()),
                ("state", models.CharField(max_length=20)),
                ("k", models.IntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "indexes": [models.Index(fields=["model", "attribute", "window", "state", "end_s"], name="by_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("model", "attribute", "window", "end_s"), name="one_result")
                ],
            },
        ),
    ]
