"""From TOML to a checked policy."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from stream_app.errors import PolicyError
from stream_app.policy.check import check_policy
from stream_app.policy.model import Policy

SHIPPED = Path(__file__).parent.parent / "policies"


def load_policy(source: str) -> Policy:
    """Read and check a policy.

    Args:
        source: Name of a shipped policy (``loans``, ``loanapp``, ``camera``) or path of a TOML file.

    Raises:
        PolicyError: with the path of the field and what was expected.

    >>> load_policy("loans").models[0].attributes[0].reference
    'male'
    """
    path = SHIPPED / f"{source}.toml"
    if not path.is_file():
        path = Path(source)
    try:
        text = path.read_text("utf-8")
    except OSError:
        names = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.toml")))
        raise PolicyError(f"No policy {source!r}", action=f"Give a file, or one of: {names}") from None
    return parse_policy(text)


def parse_policy(text: str) -> Policy:
    """Turn TOML text into a checked policy.

    Raises:
        PolicyError: with the path of the field and what was expected.
    """
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"The policy is no valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise PolicyError(f"The policy has a mistake: {error}") from None
    check_policy(policy)
    return policy
