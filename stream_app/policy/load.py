"""From TOML to a checked policy."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from stream_app.errors import PolicyError
from stream_app.policy.check import check_policy
from stream_app.policy.former_names import with_current_names
from stream_app.policy.model import Policy
from stream_app.policy.parts import PATTERNS
from stream_app.policy.reference import describe_fields

SHIPPED = Path(__file__).parent.parent / "policies"


def shipped_names() -> list[str]:
    """List the names of the shipped policies.

    >>> "loans" in shipped_names()
    True
    """
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_policy(source: str) -> Policy:
    """Read and check a policy.

    Args:
        source: Name of a shipped policy (``loans``, ``loanapp``, ``camera``) or path of a TOML file.

    Raises:
        PolicyError: with the path of the field and what was expected.

    >>> load_policy("loans").models[0].attributes[0].reference
    'male'
    """
    return parse_policy(read_policy_text(source))


def read_policy_text(source: str) -> str:
    """Read the TOML text of a policy.

    Args:
        source: Name of a shipped policy or path of a file.

    Raises:
        PolicyError: there is no such policy, or it is not text.
    """
    try:
        return (SHIPPED / f"{source}.toml" if source in shipped_names() else Path(source)).read_text("utf-8")
    except UnicodeDecodeError:
        raise PolicyError(f"The policy {source!r} is not UTF-8") from None
    except (OSError, ValueError):  # a NUL in a path is a ValueError
        known = ", ".join(shipped_names())
        raise PolicyError(f"No policy {source!r}", action=f"Give a file, or one of: {known}") from None


def parse_policy(text: str) -> Policy:
    """Turn TOML text into a checked policy.

    Raises:
        PolicyError: with the path of the field and what was expected.
    """
    try:
        policy = msgspec.convert(with_current_names(tomllib.loads(text)), Policy)
    except PolicyError:
        raise
    except msgspec.ValidationError as error:
        raise PolicyError(f"The policy has a mistake: {_in_words(str(error))}") from None
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"The policy is no valid TOML: {error}") from None
    check_policy(policy)
    return policy


def _in_words(message: str) -> str:
    """Say what a pattern means instead of showing it, and which values a choice has."""
    for pattern, meaning in PATTERNS.items():
        message = message.replace(f"`str` matching regex {pattern!r}", meaning)
    if message.startswith("Invalid enum value"):
        got, _, where = message.removeprefix("Invalid enum value ").rpartition(" - at ")
        name = where.strip("`").rpartition(".")[2]
        choice = next(fact.expected for fact in describe_fields() if fact.name == name)
        message = f"Expected {choice}, got {got} - at {where}"
    return message
