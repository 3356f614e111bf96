"""The hash of passwords in tests: the algorithm of the product, without the cost that makes guesses slow."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """One iteration instead of a million; each test makes several users."""

    iterations = 1
