"""The tables: which models are stored, and by which rule history was thinned."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

NAME_LENGTH = 300


class ShownModel(models.Model):
    """A model of which something is stored.

    Attributes:
        model: Its name, as results and alerts have it.
        k: Fewest decisions that any of its stored rows may show of a group.
    """

    model: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    k: models.IntegerField[int, int] = models.IntegerField()
    objects: ClassVar[models.Manager[ShownModel]] = models.Manager()


class AppliedKeeping(models.Model):
    """The rule by which everything that is stored was thinned; one row at most.

    Attributes:
        every_days: Days for which every result is kept.
        hourly_days: Days for which the worst of each hour is kept.
        daily_days: Days for which the worst of each day is kept.
    """

    every_days: models.IntegerField[int, int] = models.IntegerField()
    hourly_days: models.IntegerField[int, int] = models.IntegerField()
    daily_days: models.IntegerField[int, int] = models.IntegerField()
    objects: ClassVar[models.Manager[AppliedKeeping]] = models.Manager()
