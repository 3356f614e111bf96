"""Which user a person at the provider is."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import User
from django.db import models

NAME_LENGTH = 255


class Person(models.Model):
    """Someone who has logged in by a provider.

    Attributes:
        user: The user that was created at the first login.
        issuer: The provider.
        subject: What the provider calls the person, for good.
    """

    user: models.OneToOneField[User, User] = models.OneToOneField(User, on_delete=models.CASCADE)
    issuer: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    subject: models.CharField[str, str] = models.CharField(max_length=NAME_LENGTH)
    objects: ClassVar[models.Manager[Person]] = models.Manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_person")]
