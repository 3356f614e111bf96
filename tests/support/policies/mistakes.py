"""Every mistake in the policy, by what it is."""

from __future__ import annotations

from tests.support.policies import forms, labels, names, options, values
from tests.support.policies.plain import Mistake

MISTAKES: dict[str, Mistake] = {
    name: mistake for part in (forms, values, labels, names, options) for name, mistake in part.MISTAKES.items()
}
