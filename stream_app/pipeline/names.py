"""The name under which a model's outcomes are counted, judged and published, beside the name of the model.

Every record, journal entry and state entry has one of the two names. A model name never contains a slash, so the two
cannot collide.
"""

from __future__ import annotations

_SUFFIX = "/outcomes"


def outcomes_name(model: str) -> str:
    """Return the name under which the outcomes of a model are counted.

    >>> outcomes_name("credit")
    'credit/outcomes'
    """
    return model + _SUFFIX


def is_of_outcomes(name: str) -> bool:
    """Return whether a name in state, journal, alerts or results is that of a model's outcomes.

    >>> is_of_outcomes("credit/outcomes"), is_of_outcomes("credit")
    (True, False)
    """
    return name.endswith(_SUFFIX)


def model_of(name: str) -> str:
    """Return the name of the model for its own name or that of its outcomes.

    >>> model_of("credit/outcomes"), model_of("credit")
    ('credit', 'credit')
    """
    return name.removesuffix(_SUFFIX)
